"""Models as they were: flags, facts, missing or not, there or not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from model_lineup.catalog import facts, writing
from model_lineup.catalog.facts import FIELDS, FURTHER, PRECEDENCE, StatedFact
from model_lineup.catalog.inheriting import inherit
from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as store
from model_lineup.changes.store.undoing import ModelNow
from model_lineup.changes.undo.net import DELETED, Row
from model_lineup.database.metadata import moment
from model_lineup.journal.record import Change

_FLAGS = ("visible", "listed", "agents_enabled")
_FACTS = frozenset((*FIELDS, *FURTHER))


def write(change: Change, rows: Sequence[Row], now: Mapping[int, ModelNow]) -> None:
    """Bring these rows back to what they were; each is as it was left."""
    alike: dict[tuple[tuple[str, Any], ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(sorted(_differing(row, now[row.id].fields).items())), []).append(row)
    for values, of_these in alike.items():
        if values:
            _set(change, dict(values), of_these)
    _limit(change, [row for row in rows if not row.goes], now)
    _state(change, [row for group in alike.values() for row in group if not row.goes])


def _differing(row: Row, now: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as it was, but for facts; of a model that goes nothing else counts."""
    names = (DELETED,) if row.goes else (DELETED, "missing", "managed_by", *_FLAGS)
    return {name: row.back[name] for name in names if name in row.back and row.back[name] != now[name]}


def _set(change: Change, values: Mapping[str, Any], rows: Sequence[Row]) -> None:
    columns = dict(_column(name, value, change.now) for name, value in values.items())
    ids = [row.id for row in rows]
    store.change(change.connection, ids, columns, now=change.now, revision=change.revision)
    for row in rows:
        before = {name: row.left[name] for name in values}
        change.touched("model", row.id, row.label, before=before, after=values)


def _limit(change: Change, rows: Iterable[Row], now: Mapping[int, ModelNow]) -> None:
    """Limited to the groups that they were limited to."""
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Row]] = {}
    for row in rows:
        is_now, back = now[row.id].fields["groups"], row.back.get("groups", now[row.id].fields["groups"])
        if is_now != (back or []):
            alike.setdefault((tuple(is_now), tuple(back or ())), []).append(row)
    for (is_now, back), of_these in alike.items():
        ids = [row.id for row in of_these]
        values = {"group_ids": stored(back)}
        store.change(change.connection, ids, values, now=change.now, revision=change.revision)
        labelled = ((row.id, row.label) for row in of_these)
        change.touched_alike("model", labelled, before={"groups": list(is_now)}, after={"groups": list(back)})


def _column(name: str, value: Any, now: int) -> tuple[str, Any]:
    if name == "managed_by":
        return name, value
    if name in _FLAGS:
        return name, int(value)
    return {DELETED: "deleted_at", "missing": "missing_since"}[name], now if value else None


def _state(change: Change, rows: Sequence[Row]) -> None:
    """What sources said before. Of a fetch the provider's next list says the new again."""
    of_facts = {row.id: row for row in rows if not _FACTS.isdisjoint(row.back)}
    if not of_facts:
        return
    stated = fact_store.stated(change.connection, list(of_facts))
    at = moment(change.now)
    after = {row_id: said_before(stated[row_id], row.left, row.back, at) for row_id, row in of_facts.items()}
    writing.settle(change, stated, after)
    inherit(change, [row.id for row in rows if "base_model" in row.back and not row.comes])


def said_before(
    stated: Sequence[StatedFact], left: Mapping[str, Any], back: Mapping[str, Any], at: datetime
) -> list[StatedFact]:
    """The facts with each field of `back` as it was, `{value, source}` or None, when it is as `left` says now.

    A source that was only hidden keeps what it says by now: taking a pin away shows the provider's newest word.
    """
    found = list(stated)
    for field in [name for name in back if name in _FACTS]:
        had, wanted = _source(left.get(field)), _source(back[field])
        if wanted == "probe" and _is_proven(found, field, back[field]["value"]):
            continue  # the provider is back where it was found, and its verdict counts again
        if had is not None and had != wanted:
            found = facts.restated(found, had, {field: None}, at)
        hidden = had is not None and wanted is not None and PRECEDENCE.index(had) < PRECEDENCE.index(wanted)
        still_said = any((one.field, one.source) == (field, wanted) for one in found)
        if wanted is not None and not (hidden and still_said):
            found = facts.restated(found, wanted, {field: back[field]["value"]}, at)
    return found


def _is_proven(stated: Sequence[StatedFact], field: str, value: Any) -> bool:
    return any((one.field, one.source, one.value) == (field, "probe", value) for one in stated)


def _source(fact: Mapping[str, Any] | None) -> str | None:
    """Who said it; nobody says a default."""
    return None if fact is None or fact["source"] == "default" else str(fact["source"])


def without_sources(row: Row) -> list[str]:
    """Facts of change sets from before the journal noted sources: nobody knows whose words to take back."""
    return [name for name in row.back if name in _FACTS and not _has_source(row.back[name], row.left[name])]


def _has_source(*facts_of: Any) -> bool:
    return all(fact is None or (isinstance(fact, dict) and {"value", "source"} <= fact.keys()) for fact in facts_of)
