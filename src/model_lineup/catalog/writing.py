"""Writing what a source says of models, inside somebody's change: its words, and the values that count from then on.

The rows' own versions rise, the journal is told field by field; where no value that counts has changed, neither.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from model_lineup.catalog import facts
from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.database.metadata import moment
from model_lineup.journal.record import Change, differing
from model_lineup.journal.shapes import Entry


def restate(change: Change, source: str, said: Mapping[int, Mapping[str, Any]], *, by: str | None = None) -> int:
    """`source` says this of these model rows (row → field → value); None takes a word back, other words stay.

    Rows that are gone are left out. Returns how many models count something else than before.
    """
    stated = fact_store.stated(change.connection, list(said))
    at = moment(change.now)
    after = {row: facts.restated(stated[row], source, words, at, by=by) for row, words in said.items()}
    return _write(change, [source], stated, after)


def replace(change: Change, sources: Sequence[str], said: Mapping[int, Sequence[StatedFact]]) -> int:
    """These sources say this of these model rows, instead of all that they said before. Returns as `restate` does.

    What is said again keeps the date, and the name, of the first time.
    """
    stated = fact_store.stated(change.connection, list(said))
    after = {row: replaced(stated[row], sources, words) for row, words in said.items()}
    return _write(change, sources, stated, after)


def settle(
    change: Change, before: Mapping[int, Sequence[StatedFact]], after: Mapping[int, Sequence[StatedFact]]
) -> int:
    """All that is said of these model rows is from now on what `after` has. Returns as `restate` does."""
    return _write(change, [source for source in facts.PRECEDENCE if source != "default"], before, after)


def replaced(stated: Sequence[StatedFact], sources: Sequence[str], words: Sequence[StatedFact]) -> Sequence[StatedFact]:
    """What is said once these sources say this instead of all that they said before; the very same where they say so
    already. What is said again keeps the date, and the name, of the first time."""
    before = {(one.source, one.field): one for one in stated if one.source in sources}
    now = [_unless_new(before.get((one.source, one.field)), one) for one in words]
    if len(now) == len(before) and all(before.get((one.source, one.field)) is one for one in now):
        return stated
    return [*(one for one in stated if one.source not in sources), *now]


def _unless_new(old: StatedFact | None, new: StatedFact) -> StatedFact:
    same = old is not None and old.value == new.value and type(old.value) is type(new.value)
    return old if old is not None and same else new


def _write(
    change: Change,
    sources: Sequence[str],
    before: Mapping[int, Sequence[StatedFact]],
    after: Mapping[int, Sequence[StatedFact]],
) -> int:
    subjects = fact_store.subjects(change.connection, [row for row in after if after[row] != before[row]])
    for source in sources:
        told = {row: [one for one in after[row] if one.source == source] for row in subjects}
        fact_store.state(change.connection, source, told)
    columns: dict[int, dict[str, Any]] = {}
    arriving = _arriving(change)
    for row, (model_id, created_at) in subjects.items():
        known = facts.effective(model_id, after[row], created_at)
        old, new = _differing(facts.effective(model_id, before[row], created_at), known)
        if new:
            columns[row] = fact_store.columns(known)
            _note(change, arriving.get(row), row, model_id, old, new)
    model_store.fill(change.connection, {row: columns[row] for row in columns if row in arriving})
    rest = {row: columns[row] for row in columns if row not in arriving}
    model_store.change_each(change.connection, rest, now=change.now, revision=change.revision)
    return len(columns)


def _arriving(change: Change) -> dict[int, int]:
    """Models that this very change makes: row → number of its entry."""
    return {
        one.entity_id: number
        for number, one in enumerate(change.entries)
        if one.entity == "model" and not one.before and "source" in one.after
    }


def _note(
    change: Change, entry: int | None, row: int, model_id: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """A row that is new in this change has one entry, with what it begins with."""
    if entry is None:
        change.touched("model", row, model_id, before=old, after=new)
        return
    begins = change.entries[entry].after | {field: pair and pair["value"] for field, pair in new.items()}
    change.entries[entry] = Entry("model", row, model_id, {}, begins)


def _differing(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of the fields whose value or source differ, each `{value, source}`; None: unknown."""
    before, after = _origins(old), _origins(new)
    return differing(before, {field: after.get(field) for field in {**before, **after}})


def _origins(known: Mapping[str, Fact]) -> dict[str, Any]:
    return {field: facts.origin(fact) for field, fact in known.items()}
