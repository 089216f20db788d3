"""From a name to the models that may answer it, for this caller; the one resolver is `catalog.names`."""

from typing import NamedTuple

from model_lineup.access.callers import Caller
from model_lineup.catalog import names
from model_lineup.gateway import notices
from model_lineup.gateway.failures import not_for_agents, not_found
from model_lineup.routing.listing import may_use
from model_lineup.routing.snapshot import ModelState, Snapshot

_LONGEST_NAME = names.SLUG_LENGTH + 1 + names.MODEL_ID_LENGTH


class Route(NamedTuple):
    """`models`: the one that the name means, then its alias's fallbacks as far as this caller may use them."""

    name: str
    models: tuple[ModelState, ...]
    snapshot: Snapshot


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
