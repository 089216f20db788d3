"""The names that a caller may use, each once, with the model that it means: what every list of models is made from."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from model_lineup.catalog import names
from model_lineup.routing.snapshot import ModelState, Snapshot

CallerKind = Literal["user", "agent"]


class Listed(NamedTuple):
    """`alias` says that the name is one."""

    name: str
    model: ModelState
    alias: bool


def may_use(snapshot: Snapshot, model: ModelState, kind: CallerKind) -> bool:
    if model.notice is not None and model.notice.retired:
        return False
    return snapshot.available(model.id) and (kind == "user" or model.agents_enabled)


def listed(snapshot: Snapshot, kind: CallerKind) -> list[Listed]:
    """Callable, listed names in their order: an id for the model that it means, `slug/id` for others of the same id,
    and aliases. 10 000 names take some 50 ms: not for an event loop."""
    return sorted(_names(snapshot, kind), key=lambda one: one.name)


def _names(snapshot: Snapshot, kind: CallerKind) -> Iterator[Listed]:
    for model in snapshot.models.values():
        if not model.listed or not may_use(snapshot, model, kind):
            continue
        name = name_of(snapshot, model)
        if name is not None:
            yield Listed(name, model, False)
    for alias in snapshot.aliases.values():
        model = snapshot.models[alias.row]
        if model.listed and may_use(snapshot, model, kind):
            yield Listed(alias.alias, model, True)


def name_of(snapshot: Snapshot, model: ModelState) -> str | None:
    """By which callers reach it itself: its id, or `slug/id` where another model wins. None where aliases have taken
    both."""
    slug = snapshot.providers[model.provider_id].slug
    for name in (model.model_id, f"{slug}/{model.model_id}"):
        if name not in snapshot.aliases and _means(snapshot, name, model):
            return name
    return None


def _means(snapshot: Snapshot, name: str, model: ModelState) -> bool:
    hit = names.resolve(snapshot, name)
    return hit is not None and hit.row == model.id
