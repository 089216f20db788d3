"""The frozen view of the catalog that names are resolved in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from model_lineup.access.callers import Caller, GroupSet
from model_lineup.catalog.lifecycle import Notice
from model_lineup.catalog.names import fold
from model_lineup.catalog.prices import Price
from model_lineup.catalog.rollouts import Rollout


class ProviderState(msgspec.Struct, frozen=True, gc=False):
    """What resolution needs to know of a provider. `position` orders those that have the same id; `changed_at` is the
    revision in which it was changed last, and tells whether what was kept of it is still true."""

    id: int
    slug: str
    enabled: bool
    position: int
    changed_at: int = 0


class ModelState(msgspec.Struct, frozen=True, gc=False):
    """What resolution needs to know of a model, and its own flags: what its provider adds is not in it, so that
    switching a provider changes one value and not thousands. `created_at`: Unix time, s. `groups`: those that it is
    limited to; None: everybody may use it."""

    id: int
    model_id: str
    provider_id: int
    display_name: str
    visible: bool
    listed: bool
    agents_enabled: bool
    task: str = "unknown"
    context_length: int | None = None
    max_output_tokens: int | None = None
    supports_tools: bool | None = None
    supports_vision: bool | None = None
    supports_streaming: bool | None = None
    created_at: int = 0
    price: Price | None = None
    notice: Notice | None = None
    groups: GroupSet | None = None


class AliasState(msgspec.Struct, frozen=True, gc=False):
    """`id` is the alias's own row, `row` the model's. `groups`: as a model's. `rollout`: the model that some get."""

    id: int
    alias: str
    folded: str
    row: int
    fallbacks: tuple[int, ...]
    groups: GroupSet | None = None
    rollout: Rollout | None = None


class StagedState(msgspec.Struct, frozen=True, gc=False):
    """A change that waits for its moment. `due_at`: microseconds since 1970; `takes`: what it takes from whom, nothing
    where it gives: a model from all, a model from agents, all models of a provider, or the target of an alias; `rows`:
    of these. `announced_at`: seconds since 1970 from which callers are told; `successor`: a model's row."""

    id: int
    due_at: int
    takes: str = ""
    rows: tuple[int, ...] = ()
    announced_at: int | None = None
    message: str | None = None
    successor: int | None = None


class RoutedModel(msgspec.Struct, frozen=True, gc=False):
    """A model and its provider, as answers show them; `available`: visible, and its provider enabled; `retired`: its
    end has come, and callers are told so. `groups`: ids of those that it is limited to; none: everybody may use it."""

    id: int
    model_id: str
    provider_id: int
    slug: str
    display_name: str
    available: bool
    listed: bool
    agents_enabled: bool
    retired: bool = False
    groups: list[int] = []


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Implements `catalog.names.NameIndex`, for every name. Nobody changes what is in it: snapshots share their parts.

    `stamp` is the moment at which the change set of `revision` was written, in microseconds: a database whose history
    was replaced has another one. `by_id` holds rows in the order of their ids, `slugs` a provider's id,
    `callers` the keys that may call by the hash of their token, `ending` the models that have an end by their row,
    `staged` the changes that wait by their id, `announced` those of them that callers are told of (`coming`).
    """

    revision: int = -1
    stamp: int | None = None
    providers: Mapping[int, ProviderState] = field(default_factory=dict)
    slugs: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[int, ModelState] = field(default_factory=dict)
    by_id: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    aliases: Mapping[str, AliasState] = field(default_factory=dict)
    folded: Mapping[str, AliasState] = field(default_factory=dict)
    callers: Mapping[str, Caller] = field(default_factory=dict)
    ending: Mapping[int, ModelState] = field(default_factory=dict)
    staged: Mapping[int, StagedState] = field(default_factory=dict)
    announced: Mapping[tuple[str, int], StagedState] = field(default_factory=dict)

    def alias(self, name: str) -> int | None:
        found = self.aliases.get(name)
        return None if found is None else found.row

    def alias_without_case(self, folded: str) -> int | None:
        found = self.folded.get(folded)
        return None if found is None else found.row

    def alias_used(self, rule: str, name: str) -> AliasState | None:
        """The alias by which this rule of `catalog.names` has found a model; None where it was none."""
        if rule == "alias":
            return self.aliases.get(name)
        return self.folded.get(fold(name)) if rule == "alias_without_case" else None

    def at_provider(self, slug: str, model_id: str) -> int | None:
        provider = self.slugs.get(slug)
        if provider is None:
            return None
        return next((row for row in self.by_id.get(model_id, ()) if self.models[row].provider_id == provider), None)

    def with_id(self, model_id: str) -> Sequence[int]:
        rows = self.by_id.get(model_id, ())
        return rows if len(rows) < 2 else sorted(rows, key=self._precedence)

    def available(self, row: int) -> bool:
        model = self.models.get(row)
        return model is not None and model.visible and self.providers[model.provider_id].enabled

    def routed(self, row: int) -> RoutedModel | None:
        """The model of this row as answers show it."""
        model = self.models.get(row)
        if model is None:
            return None
        provider = self.providers[model.provider_id]
        return RoutedModel(
            id=model.id,
            model_id=model.model_id,
            provider_id=provider.id,
            slug=provider.slug,
            display_name=model.display_name,
            available=model.visible and provider.enabled,
            listed=model.listed,
            agents_enabled=model.agents_enabled,
            retired=model.notice is not None and model.notice.retired,
            groups=sorted(model.groups or ()),
        )

    def _precedence(self, row: int) -> tuple[int, int]:
        return self.providers[self.models[row].provider_id].position, row


EMPTY = Snapshot()
"""Nothing, from before the first revision."""
