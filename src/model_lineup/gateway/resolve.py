"""From a name to the models that may answer it, for this caller; the one resolver is `catalog.names`."""

from typing import NamedTuple, TypeVar

from model_lineup.access.callers import Caller, CallerKind, GroupSet
from model_lineup.catalog import names
from model_lineup.catalog.rollouts import Rollout, of_caller
from model_lineup.gateway import notices
from model_lineup.gateway.failures import not_for_agents, not_found
from model_lineup.routing.branching import fallbacks_behind, rolled_out
from model_lineup.routing.coming import as_told
from model_lineup.routing.listing import fallbacks, meaning
from model_lineup.routing.snapshot import ModelState, Snapshot

_LONGEST_NAME = names.SLUG_LENGTH + 1 + names.MODEL_ID_LENGTH
_REMEMBERED = 4096
_Asked = tuple[str, CallerKind, GroupSet | None]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Route(NamedTuple):
    """`models`: the one that answers, then its alias's fallbacks as far as this caller may use them. `told`: the first
    of them, with the notice that this caller gets."""

    name: str
    models: tuple[ModelState, ...]
    snapshot: Snapshot
    told: ModelState


class Ways(NamedTuple):
    """`standing`: to the model that the name means. `moved`: to the one that its rollout gives some; None where nobody
    who may ask like this is moved. `folded`: the alias."""

    standing: Route
    moved: Route | None = None
    rollout: Rollout | None = None
    folded: str = ""

    def of(self, caller: Caller, request_id: str) -> Route:
        if self.moved is None or self.rollout is None:
            return self.standing
        by_key = self.rollout.sticky == "key"
        who = of_caller(caller.key_id, caller.person_id) if by_key else request_id
        return self.moved if self.rollout.moves(self.folded, who) else self.standing


class Routes:
    """Where names lead in the snapshot that was asked last: each is looked up once in it, and one that is being rolled
    out once for each key. One per event loop."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._found: dict[_Asked, Route] = {}
        self._rolling: dict[_Asked, Ways] = {}
        self._placed: dict[tuple[_Asked, int, int | None], Route] = {}

    def of(self, snapshot: Snapshot, name: str, caller: Caller, request_id: str) -> Route:
        """As `route_of`; what it finds depends on nothing of the caller but his kind and groups, unless the name is
        being rolled out. Raises Refused."""
        if snapshot is not self._snapshot:
            self._snapshot, self._found, self._rolling, self._placed = snapshot, {}, {}, {}
        route = self._found.get((name, caller.kind, caller.groups))
        return route if route is not None else self._looked_up(snapshot, name, caller, request_id)

    def _looked_up(self, snapshot: Snapshot, name: str, caller: Caller, request_id: str) -> Route:
        asked = name, caller.kind, caller.groups
        ways = self._rolling.get(asked)
        if ways is None:
            ways = ways_of(snapshot, name, caller)
            if ways.moved is None:
                _remember(self._found, asked, ways.standing)
                return ways.standing
            _remember(self._rolling, asked, ways)
        assert ways.rollout is not None  # nosec B101
        if ways.rollout.sticky == "request":
            return ways.of(caller, request_id)
        whose = asked, caller.key_id, caller.person_id
        route = self._placed.get(whose)
        if route is None:
            route = ways.of(caller, request_id)
            _remember(self._placed, whose, route)
        return route


def _remember(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(kept) >= _REMEMBERED:
        kept.clear()
    kept[key] = value


def route_of(snapshot: Snapshot, name: str, caller: Caller, request_id: str) -> Route:
    """The way of this request. Raises Refused as `ways_of` does."""
    return ways_of(snapshot, name, caller).of(caller, request_id)


def ways_of(snapshot: Snapshot, name: str, caller: Caller) -> Ways:
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
    standing = Route(name, (model, *fallbacks(snapshot, meant, audience)), snapshot, told)
    found = rolled_out(snapshot, meant, audience)
    if found is None or meant.alias is None:
        return Ways(standing)
    rollout, other = found
    behind = fallbacks_behind(snapshot, meant, other, audience)
    moved = Route(name, (other, *behind), snapshot, as_told(snapshot, other, caller.kind))
    return Ways(standing, moved, rollout, meant.alias.folded)
