"""From a name to the models that may answer it, for this caller; the one resolver is `catalog.names`."""

from typing import NamedTuple

from model_lineup.access.callers import Caller, CallerKind, GroupSet
from model_lineup.catalog import names
from model_lineup.gateway import notices
from model_lineup.gateway.failures import not_for_agents, not_found
from model_lineup.routing.coming import as_told
from model_lineup.routing.listing import fallbacks, meaning
from model_lineup.routing.snapshot import ModelState, Snapshot

_LONGEST_NAME = names.SLUG_LENGTH + 1 + names.MODEL_ID_LENGTH
_REMEMBERED = 4096


class Route(NamedTuple):
    """`models`: the one that the name means, then its alias's fallbacks as far as this caller may use them. `told`: the
    first of them, with the notice that this caller gets."""

    name: str
    models: tuple[ModelState, ...]
    snapshot: Snapshot
    told: ModelState


class Routes:
    """Where names lead in the snapshot that was asked last: each is looked up once in it. One per event loop."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._found: dict[tuple[str, CallerKind, GroupSet | None], Route] = {}

    def of(self, snapshot: Snapshot, name: str, caller: Caller) -> Route:
        """As `route_of`; what it finds depends on nothing of the caller but his kind and groups. Raises Refused."""
        if snapshot is not self._snapshot:
            self._snapshot, self._found = snapshot, {}
        route = self._found.get((name, caller.kind, caller.groups))
        if route is None:
            route = route_of(snapshot, name, caller)
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[name, caller.kind, caller.groups] = route
        return route


def route_of(snapshot: Snapshot, name: str, caller: Caller) -> Route:
    """Raises Refused: 404 (retired ones say so to those who might have used them), or 403 for an agent. What is limited
    to groups that the caller does not belong to is not there for him, whatever else could be said of it."""
    meant = meaning(snapshot, name) if len(name) <= _LONGEST_NAME else None
    audience = caller.audience
    if meant is None or not meant.is_for(audience):
        raise not_found(name)
    model = meant.model
    if caller.kind == "agent" and not model.agents_enabled:
        raise not_for_agents(name)
    if model.notice is not None and model.notice.retired:
        raise notices.retired(snapshot, name, model, audience)
    told = as_told(snapshot, model, caller.kind)
    return Route(name, (model, *fallbacks(snapshot, meant, audience)), snapshot, told)
