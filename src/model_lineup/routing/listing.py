"""The names that a caller may use, each once, with the model that it means: what every list of models is made from.

A name means the same for everybody; what differs is who may use it. Whoever may not is told what he would be told if
there were no such name.
"""

from collections.abc import Iterator
from typing import NamedTuple

from model_lineup.access.callers import Audience, GroupSet
from model_lineup.catalog import names
from model_lineup.routing.snapshot import AliasState, ModelState, Snapshot


class Meaning(NamedTuple):
    """The available model that a name means; by which alias, and by which rule of `catalog.names`."""

    model: ModelState
    alias: AliasState | None
    rule: str

    def is_for(self, audience: Audience) -> bool:
        """Whether these groups may know of it: both the alias and its target must be for them."""
        alias = self.alias
        return audience.admitted(self.model.groups) and (alias is None or audience.admitted(alias.groups))


class Listed(NamedTuple):
    """`alias` is by which the name leads there; None where it is the model's own."""

    name: str
    model: ModelState
    alias: AliasState | None

    @property
    def is_limited(self) -> bool:
        return self.model.groups is not None or (self.alias is not None and self.alias.groups is not None)

    def limits(self) -> Iterator[GroupSet]:
        """The groups of each limit; one of each must be the caller's."""
        if self.model.groups is not None:
            yield self.model.groups
        if self.alias is not None and self.alias.groups is not None:
            yield self.alias.groups

    def is_for(self, audience: Audience) -> bool:
        return all(audience.admitted(limited) for limited in self.limits())


def meaning(snapshot: Snapshot, name: str) -> Meaning | None:
    """None where no available model answers to it. It asks nothing about who calls."""
    hit = names.resolve(snapshot, name)
    if hit is None or not hit.available:
        return None
    return Meaning(snapshot.models[hit.row], snapshot.alias_used(hit.rule, name), hit.rule)


def may_use(snapshot: Snapshot, model: ModelState, audience: Audience) -> bool:
    return _serves(snapshot, model, audience) and audience.admitted(model.groups)


def fallbacks(snapshot: Snapshot, meant: Meaning, audience: Audience) -> Iterator[ModelState]:
    """Those that the alias declares, as far as they may be used."""
    for row in () if meant.alias is None else meant.alias.fallbacks:
        model = snapshot.models.get(row)
        if model is not None and may_use(snapshot, model, audience):
            yield model


def listed(snapshot: Snapshot, audience: Audience) -> list[Listed]:
    """Callable, listed names in their order: an id for the model that it means, `slug/id` for others of the same id,
    and aliases. 10 000 names take some 50 ms: not for an event loop."""
    return sorted(_names(snapshot, audience), key=lambda one: one.name)


def _names(snapshot: Snapshot, audience: Audience) -> Iterator[Listed]:
    for model in snapshot.models.values():
        if not model.listed or not may_use(snapshot, model, audience):
            continue
        name = name_of(snapshot, model)
        if name is not None:
            yield Listed(name, model, None)
    for alias in snapshot.aliases.values():
        model = snapshot.models[alias.row]
        if model.listed and may_use(snapshot, model, audience) and audience.admitted(alias.groups):
            yield Listed(alias.alias, model, alias)


def name_of(snapshot: Snapshot, model: ModelState) -> str | None:
    """By which callers reach it itself: its id, or `slug/id` where another model wins. None where aliases have taken
    both."""
    slug = snapshot.providers[model.provider_id].slug
    for name in (model.model_id, f"{slug}/{model.model_id}"):
        if name not in snapshot.aliases and _means(snapshot, name, model):
            return name
    return None


def _serves(snapshot: Snapshot, model: ModelState, audience: Audience) -> bool:
    if model.notice is not None and model.notice.retired:
        return False
    return snapshot.available(model.id) and (audience.kind == "user" or model.agents_enabled)


def _means(snapshot: Snapshot, name: str, model: ModelState) -> bool:
    hit = names.resolve(snapshot, name)
    return hit is not None and hit.row == model.id
