"""What was decided about a provider's list, written into the catalog inside somebody's transaction."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.fetch_plan import Arrival, Decision, PlanItem, Update
from model_lineup.catalog.inheriting import inherit
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.store import affected, fetching
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.database.many import let_go
from model_lineup.journal.record import Change


def write(change: Change, provider_id: int, decision: Decision, *, confirm: bool) -> list[PlanItem]:
    """New rows hidden, others changed or marked; nothing is removed. Returns the new rows. Raises NameWouldMove."""
    arriving = [one.model_id for one in decision.arrivals]
    candidates = affected.by_arrival(change.connection, provider_id, arriving)
    guard = NameGuard(change.connection, candidates, confirmed=confirm)
    added = _add(change, provider_id, decision.arrivals)
    _update(change, decision.updates, decision.told)
    _mark_vanished(change, decision.gone)
    guard.check()
    return added


def shadowed(connection: Connection, model_ids: Sequence[str]) -> list[str]:
    """A warning for each alias that has the name of one of these new models."""
    taken = fetching.aliases_named(connection, model_ids)
    return [f"The alias {alias!r} has the name of a new model; the alias keeps winning." for alias in taken]


def _add(change: Change, provider_id: int, arrivals: Sequence[Arrival]) -> list[PlanItem]:
    """New rows: hidden, not for agents."""
    if not arrivals:
        return []
    flags = {"visible": 0, "listed": 1, "agents_enabled": 0}
    common = {"provider_id": provider_id, "source": "discovered", **flags}
    rows = [{**common, "model_id": one.model_id, **fact_store.columns(one.known)} for one in arrivals]
    ids = model_store.add(change.connection, rows, now=change.now, revision=change.revision)
    let_go(rows)
    stated = {row_id: one.stated for row_id, one in zip(ids, arrivals, strict=True)}
    fact_store.state(change.connection, "provider", stated, new_rows=True)
    for row_id, one in zip(ids, arrivals, strict=True):
        after = {field: fact.value for field, fact in one.known.items()}
        change.touched("model", row_id, one.model_id, before={}, after={**after, "source": "discovered"})
    inherit(change, ids)
    return [PlanItem(one.model_id, row_id) for row_id, one in zip(ids, arrivals, strict=True)]


def _update(change: Change, updates: Sequence[Update], told: Mapping[int, Sequence[StatedFact]]) -> None:
    """Rows that are there; also what the list says of a field that a pin keeps as it is."""
    fact_store.state(change.connection, "provider", told)
    columns = {one.id: {**fact_store.columns(one.known), "missing_since": None} for one in updates}
    model_store.change_each(change.connection, columns, now=change.now, revision=change.revision)
    for one in updates:
        change.touched("model", one.id, one.model_id, before=one.before, after=one.after)


def _mark_vanished(change: Change, gone: Mapping[int, str]) -> None:
    if not gone:
        return
    values = {"missing_since": change.now}
    model_store.change(change.connection, gone, values, now=change.now, revision=change.revision)
    for row_id, model_id in gone.items():
        change.touched("model", row_id, model_id, before={"missing": False}, after={"missing": True})
