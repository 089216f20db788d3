"""Models that come to their end: what happens at that moment, once for all workers."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from model_lineup.catalog import facts
from model_lineup.catalog.lifecycle import RETIRED, Notice
from model_lineup.catalog.rollouts import ended_by, noted, stored, without
from model_lineup.catalog.shapes import Alias, Model
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as store
from model_lineup.catalog.succession import chain, notice_in
from model_lineup.database.metadata import dump, moment
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Receipt

BY = Author("retirement")


class Retirement:
    """The system's own operation: nobody asks for it, the clock does."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def carry_out(self, rows: Iterable[int]) -> Receipt:
        """Retire those of these models whose end has come and whose aliases are still there: in one change set, once,
        however many workers see to it in the same moment."""
        with self._journal.change(BY, "models.retire") as change:
            for row in sorted(rows):
                model = store.one(change.connection, row)
                notice = None if model is None else notice_in(model)
                if model is not None and notice is not None and _is_due(notice, change.now):
                    _retire(change, model, notice)
        return change.receipt


def _is_due(notice: Notice, now: int) -> bool:
    return not notice.retired and notice.sunset_at is not None and notice.sunset_at * 1_000_000 <= now


def _retire(change: Change, model: Model, notice: Notice) -> None:
    """Pinned, so that no list can bring it back; and its aliases go to who follows."""
    connection = change.connection
    stated = fact_store.stated(connection, [model.id])[model.id]
    known = facts.effective(model.model_id, stated, model.created_at)
    ended = {**known["lifecycle"].value, "state": RETIRED}
    if notice.deprecated_at is not None and "deprecated_at" not in ended:
        ended["deprecated_at"] = notice.deprecated_at
    wanted = facts.pinned(stated, {"lifecycle": ended}, moment(change.now))
    fact_store.state(connection, "pin", {model.id: [fact for fact in wanted if fact.source == "pin"]})
    columns = fact_store.columns(facts.effective(model.model_id, wanted, model.created_at))
    store.change(connection, [model.id], columns, now=change.now, revision=change.revision)
    before = {"lifecycle": {"value": known["lifecycle"].value, "source": known["lifecycle"].source}}
    after = {"lifecycle": {"value": ended, "source": "pin"}}
    change.touched("model", model.id, model.model_id, before=before, after=after)
    successor = _living_successor(connection, model, change.now)
    if successor is not None:
        for alias in alias_store.of_model(connection, model.id):
            _move(change, alias, successor)


def _living_successor(connection: Connection, model: Model, now: int) -> int | None:
    """The first that follows and has not come to its own end."""
    for row in chain(connection, model.id)[1:]:
        following = store.one(connection, row)
        notice = None if following is None else notice_in(following)
        if following is not None and (notice is None or not (notice.retired or _is_due(notice, now))):
            return row
    return None


def _move(change: Change, alias: Alias, successor: int) -> None:
    fallbacks = alias_store.fallbacks_of(change.connection, alias.id)
    kept = without(fallbacks, successor)
    rollout = alias_store.rollout(change.connection, alias.id)
    left = ended_by(rollout, successor)
    columns: dict[str, Any] = {"model_row": successor, "fallbacks": dump(kept), "rollout": stored(left)}
    alias_store.change(change.connection, alias.id, columns, now=change.now, revision=change.revision)
    before: dict[str, Any] = {"model": alias.model.id}
    after: dict[str, Any] = {"model": successor}
    if kept != fallbacks:
        before["fallbacks"], after["fallbacks"] = fallbacks, kept
    if left != rollout:
        before["rollout"], after["rollout"] = noted(rollout), noted(left)
    change.touched("alias", alias.id, alias.alias, before=before, after=after)
