"""What a configuration file holds. A field that is left out has the default that stands here; for a fact about a model
and for a key that is "nothing said".

The same structs are made from what is stored, so that file and database are compared as values, and written with
defaults left out: what is not in the file is what an empty instance would have anyway.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from model_lineup.access.shapes import Limits
from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.rollouts import Sticky
from model_lineup.catalog.shapes import NetworkScope, Task

FORMAT = 1
_LINE = r"\A[^\x00-\x1f\x7f]*\Z"
_NO_NUL = r"\A[^\x00]*\Z"
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Reference = Annotated[
    str, Meta(max_length=1_024, pattern=r"\A(env:[A-Za-z_][A-Za-z0-9_]{0,199}|file:/[!-~]{1,1000})\Z")
]
"""Where a key is: `env:NAME`, or `file:/path`."""
Description = Annotated[str, Meta(max_length=2_000, pattern=_NO_NUL)]
Tokens = Annotated[int, Meta(ge=1, le=10_000_000_000)]
Dollars = Annotated[float, Meta(ge=0, le=1_000_000)]
Share = Annotated[float, Meta(ge=0.01, le=100)]
Moment = Annotated[datetime, Meta(tz=True)]
Target = Annotated[str, Meta(min_length=3, max_length=600, pattern=r"\A[a-z0-9-]{1,40}/")]
"""A model as `slug/model_id`."""


class RulesEntry(FetchRules, frozen=True, forbid_unknown_fields=True):
    """Which entries of the provider's list are looked at: ids and globs."""


class FetchingEntry(FetchSchedule, frozen=True, forbid_unknown_fields=True):
    """How often the list is read, and which outcomes are applied without being looked at."""


class CheckingEntry(CheckSchedule, frozen=True, forbid_unknown_fields=True):
    """How often the visible models are tested, and what that may cost in a day."""


class ProviderEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[providers.<slug>]`. `api_key` says where the key is; without it the key that is stored is left alone."""

    name: Name
    type: Annotated[str, Meta(max_length=40)]
    base_url: Annotated[str, Meta(min_length=1, max_length=2_048, pattern=_LINE)]
    api_key: Reference | None = None
    enabled: bool = True
    network_scope: NetworkScope = "public"
    headers: Annotated[dict[str, str], Meta(max_length=16)] = {}
    api_version: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")] | None = None
    proxy: Annotated[str, Meta(max_length=2_048, pattern=_LINE)] | None = None
    timeouts: Annotated[dict[str, float], Meta(max_length=16)] = {}
    fetch_rules: RulesEntry = RulesEntry()
    fetch_schedule: FetchingEntry | None = None
    check_schedule: CheckingEntry | None = None
    ca_bundle: Annotated[str, Meta(max_length=65_536, pattern=_NO_NUL)] | None = None


class PricingEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per million tokens."""

    input_per_million: Dollars
    output_per_million: Dollars
    cached_input_per_million: Dollars | None = None


class LifecycleEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model's end. `successor`: who gets its aliases then, as `slug/model_id`."""

    message: Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)] | None = None
    deprecated_at: Moment | None = None
    sunset_at: Moment | None = None
    successor: Target | None = None


Count = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class LimitsEntry(Limits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all who belong to a group use up together. Money in US dollars."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    tokens_per_month: Count | None = None
    cost_per_month: Annotated[float, Meta(gt=0, le=10**9)] | None = None


class GroupEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[groups.<name>]`. Who belongs to it is not in the file."""

    description: Description | None = None
    limits: LimitsEntry = LimitsEntry()


Groups = Annotated[tuple[Name, ...], Meta(max_length=100)]
"""Names of the groups that a row is limited to; left out: nothing said, so that no file opens a row by silence."""


class ModelEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[models.<slug>.<model_id>]`. A fact that stands here is pinned; one that does not is inherited."""

    visible: bool = False
    listed: bool = True
    agents_enabled: bool = False
    display_name: Name | None = None
    description: Description | None = None
    task: Task | None = None
    context_length: Tokens | None = None
    max_output_tokens: Tokens | None = None
    supports_tools: bool | None = None
    supports_vision: bool | None = None
    supports_streaming: bool | None = None
    pricing: PricingEntry | None = None
    lifecycle: LifecycleEntry | None = None
    groups: Groups | None = None


class RolloutEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model that a share of an alias's keys gets, or of its requests; `share` in percent."""

    model: Target
    share: Share
    sticky: Sticky = "key"


class AliasEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[aliases.<alias>]`. `model` and `fallbacks` are `slug/model_id`."""

    model: Target
    fallbacks: Annotated[tuple[Target, ...], Meta(max_length=8)] = ()
    description: Description | None = None
    groups: Groups | None = None
    rollout: RolloutEntry | None = None


class Configuration(Struct, frozen=True, kw_only=True):
    """A whole file, checked as far as it can be without the database. Models by slug and `model_id`."""

    format: Literal[1] = 1
    provider_order: tuple[str, ...] | None = None
    groups: dict[str, GroupEntry] = {}
    providers: dict[str, ProviderEntry] = {}
    models: dict[tuple[str, str], ModelEntry] = {}
    aliases: dict[str, AliasEntry] = {}


def plain(entry: Struct) -> dict[str, Any]:
    """What an entry says, defaults left out; moments stay moments."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(entry)}
    factories = {field.name: field.default_factory for field in msgspec.structs.fields(entry)}
    said = {}
    for name in entry.__struct_fields__:
        value, made = getattr(entry, name), factories[name]
        if value != (defaults[name] if made is msgspec.NODEFAULT else made()):
            said[name] = plain(value) if isinstance(value, Struct) else value
    return said
