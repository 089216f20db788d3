"""What goes in and out of the catalog. Frozen; `UNSET` means "not said", None "back to the inherited value"."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import EVERYTHING, FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.rollouts import Rollout, Sticky
from model_lineup.journal.shapes import Impact

Task = Literal["chat", "embedding", "other", "unknown"]
Status = Literal["untested", "ok", "failing", "vanished", "retired"]
Source = Literal["manual", "discovered", "file"]
NetworkScope = Literal["public", "private", "loopback"]


class ProviderRef(msgspec.Struct, frozen=True):
    """The provider as it stands in a model."""

    id: int
    name: str
    slug: str
    kind: str
    enabled: bool


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One configured upstream account. Of its key only whether there is one, the last four characters, and where a
    configuration file said that it is; `managed_by`: the file that the row belongs to."""

    id: int
    name: str
    slug: str
    type: str
    base_url: str
    api_key_set: bool
    api_key_last4: str | None
    api_key_reference: str | None
    enabled: bool
    network_scope: NetworkScope
    headers: dict[str, str]
    api_version: str | None
    ca_bundle: str | None
    proxy: str | None
    timeouts: dict[str, float]
    position: int
    models: int
    last_fetch: msgspec.Raw
    fetch_rules: FetchRules
    fetch_schedule: FetchSchedule | None
    check_schedule: CheckSchedule | None
    managed_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class NewProvider(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str
    base_url: str
    slug: str | None = None
    api_key: str | None = None
    enabled: bool = True
    network_scope: NetworkScope = "public"
    headers: dict[str, str] = {}
    api_version: str | None = None
    ca_bundle: str | None = None
    proxy: str | None = None
    timeouts: dict[str, float] = {}
    fetch_rules: FetchRules = EVERYTHING
    fetch_schedule: FetchSchedule | None = None
    check_schedule: CheckSchedule | None = None
    api_key_reference: str | None = None
    managed_by: str | None = None


class ProviderChanges(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch. `api_key=None` removes the stored key; the kind and the slug of a provider stay."""

    name: str | UnsetType = UNSET
    base_url: str | UnsetType = UNSET
    api_key: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    network_scope: NetworkScope | UnsetType = UNSET
    headers: dict[str, str] | UnsetType | None = UNSET
    api_version: str | UnsetType | None = UNSET
    ca_bundle: str | UnsetType | None = UNSET
    proxy: str | UnsetType | None = UNSET
    timeouts: dict[str, float] | UnsetType | None = UNSET
    fetch_rules: FetchRules | UnsetType | None = UNSET
    fetch_schedule: FetchSchedule | UnsetType | None = UNSET
    check_schedule: CheckSchedule | UnsetType | None = UNSET
    api_key_reference: str | UnsetType | None = UNSET
    managed_by: str | UnsetType | None = UNSET


class Fact(msgspec.Struct, frozen=True, gc=False):
    """One value and where it comes from: pin, probe, provider, catalogue, guess or default.

    `by`: which catalogue or probe, where that is known. `contradicted_by`: sources that say otherwise, where a probe
    has found what is so; absent where none does.
    """

    value: Any
    source: str
    at: datetime
    by: str | UnsetType = UNSET
    contradicted_by: list[str] | UnsetType = UNSET


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One LLM at one provider. `facts`, `pricing`, `lifecycle`, `last_*` are JSON as stored.

    `groups`: ids of those that it is limited to; none: everybody may use it.
    """

    id: int
    provider_id: int
    provider: ProviderRef
    model_id: str
    display_name: str
    description: str | None
    task: Task
    context_length: int | None
    max_output_tokens: int | None
    supports_tools: bool | None
    supports_vision: bool | None
    supports_streaming: bool | None
    visible: bool
    listed: bool
    agents_enabled: bool
    groups: list[int] = []
    aliases: list[str]
    facts: msgspec.Raw
    pricing: msgspec.Raw
    lifecycle: msgspec.Raw
    source: Source
    status: Status
    last_test: msgspec.Raw
    last_benchmark: msgspec.Raw
    missing_since: datetime | None
    managed_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ModelPage(msgspec.Struct, frozen=True):
    """`total` is exact, but for searches with `q` it stops at 10 001."""

    models: list[Model]
    total: int
    limit: int
    offset: int
    revision: int


class NewModel(msgspec.Struct, frozen=True, kw_only=True):
    """Facts that are given are pinned; facts that are left out are inherited."""

    provider_id: int
    model_id: str
    visible: bool = False
    listed: bool = True
    agents_enabled: bool = False
    groups: list[int] = []
    pins: dict[str, Any] = {}


class ModelChanges(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch: `pins` holds the facts that were said (None: back to the inherited one)."""

    visible: bool | UnsetType = UNSET
    listed: bool | UnsetType = UNSET
    agents_enabled: bool | UnsetType = UNSET
    groups: list[int] | UnsetType = UNSET
    pins: dict[str, Any] = {}


class ModelFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list or a bulk change is narrowed to; everything that is said must hold.

    `limited`: to groups, whichever; `group_id`: to this one, alone or with others.
    """

    q: str | None = None
    provider_id: int | None = None
    visible: bool | None = None
    agents_enabled: bool | None = None
    supports_tools: bool | Literal["unknown"] | None = None
    supports_vision: bool | Literal["unknown"] | None = None
    supports_streaming: bool | Literal["unknown"] | None = None
    status: Status | None = None
    source: Source | None = None
    task: Task | None = None
    has_alias: bool | None = None
    limited: bool | None = None
    group_id: int | None = None


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The models of a bulk change: row ids, or a filter without some ids."""

    model_ids: list[int] | None = None
    filter: ModelFilter | None = None
    exclude: list[int] = []


class GroupsEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the groups that models are limited to: these and no others, or some more, or some less.

    A model that is left with none is open to everybody.
    """

    set: list[int] | UnsetType = UNSET
    add: list[int] = []
    remove: list[int] = []


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    matched: int
    changed: int
    unchanged: int
    revision: int
    change_id: int | None
    dry_run: bool
    impact: Impact | UnsetType = UNSET


class AliasTarget(msgspec.Struct, frozen=True):
    """The model that an alias points at; `available` says whether callers reach it now."""

    id: int
    model_id: str
    display_name: str
    provider_id: int
    provider: str
    available: bool


class AliasRollout(msgspec.Struct, frozen=True):
    """`model` answers a share of the alias's keys, or of its requests, in percent. `sticky`: whether a key's requests
    all stay with one model, or each request is placed by itself."""

    model: AliasTarget
    share: float
    sticky: Sticky


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """`rollout`: the model that a share gets instead, where one is being rolled out."""

    id: int
    alias: str
    model_id: str
    model: AliasTarget
    description: str | None
    fallbacks: list[AliasTarget]
    groups: list[int] = []
    rollout: AliasRollout | None = None
    warnings: list[str]
    managed_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class AliasPage(msgspec.Struct, frozen=True):
    aliases: list[Alias]
    total: int
    limit: int
    offset: int
    revision: int


class NewAlias(msgspec.Struct, frozen=True, kw_only=True):
    alias: str
    description: str | None = None
    fallbacks: list[int] = []
    groups: list[int] = []
    allow_shadow: bool = False
    managed_by: str | None = None
    rollout: Rollout | None = None


class AliasChanges(msgspec.Struct, frozen=True, kw_only=True):
    """`target` and `fallbacks` are row ids of models, `groups` those that it is limited to."""

    target: int | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    fallbacks: list[int] | UnsetType = UNSET
    groups: list[int] | UnsetType = UNSET


class ImportItem(msgspec.Struct, frozen=True, kw_only=True):
    model_id: str
    alias: str
    provider_id: int | None = None
    description: str | UnsetType | None = UNSET


class ImportedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item: created, updated, unchanged, or conflict with its reason."""

    index: int
    alias: str
    model_id: str
    outcome: Literal["created", "updated", "unchanged", "conflict"]
    code: str | None = None
    message: str | None = None


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    created: int
    updated: int
    unchanged: int
    items: list[ImportedItem]
    warnings: list[str]
    revision: int
    change_id: int | None
    dry_run: bool
    impact: Impact | UnsetType = UNSET
