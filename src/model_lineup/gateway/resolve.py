"""From a name to the models that may answer it, for this caller; the one resolver is `catalog.names`."""

from typing import NamedTuple

from model_lineup.access.callers import Caller, CallerKind
from model_lineup.catalog import names
from model_lineup.gateway import notices
from model_lineup.gateway.failures import not_for_agents, not_found
from model_lineup.routing.listing import may_use
from model_lineup.routing.snapshot import ModelState, Snapshot

_LONGEST_NAME = names.SLUG_LENGTH + 1 + names.MODEL_ID_LENGTH
_REMEMBERED = 4096


class Route(NamedTuple):
    """`models`: the one that the name means, then its alias's fallbacks as far as this caller may use them."""

    name: str
    models: tuple[ModelState, ...]
    snapshot: Snapshot


class Routes:
    """Where names lead in the snapshot that was asked last: each is looked up once in it. One per event loop."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._found: dict[tuple[str, CallerKind], Route] = {}

    def of(self, snapshot: Snapshot, name: str, caller: Caller) -> Route:
        """As `route_of`; what it finds depends on nothing of the caller but his kind. Raises Refused."""
        if snapshot is not self._snapshot:
            self._snapshot, self._found = snapshot, {}
        route = self._found.get((name, caller.kind))
        if route is None:
            route = route_of(snapshot, name, caller)
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[name, caller.kind] = route
        return route


def route_of(snapshot: Snapshot, name: str, caller: Caller) -> Route:
    """Raises Refused: 404 (retired ones say so to those who might have used them), or 403 for an agent."""
    hit = names.resolve(snapshot, name) if len(name) <= _LONGEST_NAME else None
    if hit is None or not hit.available:
        raise not_found(name)
    model = snapshot.models[hit.row]
    if caller.kind == "agent" and not model.agents_enabled:
        raise not_for_agents(name)
    if model.notice is not None and model.notice.retired:
        raise notices.retired(snapshot, name, model, caller)
    return Route(name, (model, *_fallbacks(snapshot, name, hit.rule, caller)), snapshot)


def _fallbacks(snapshot: Snapshot, name: str, rule: str, caller: Caller) -> tuple[ModelState, ...]:
    if rule == "alias":
        alias = snapshot.aliases.get(name)
    elif rule == "alias_without_case":
        alias = snapshot.folded.get(names.fold(name))
    else:
        return ()
    if alias is None or not alias.fallbacks:
        return ()
    models = (snapshot.models.get(row) for row in alias.fallbacks)
    return tuple(model for model in models if model is not None and may_use(snapshot, model, caller.kind))
