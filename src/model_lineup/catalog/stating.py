"""Writing what a source says of models, whatever the source: its words, and the values that count from then on.

`replace` and `restate` work inside somebody's change; `Facts` is for who has none of his own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from model_lineup.catalog import facts
from model_lineup.catalog.facts import FIELDS, FURTHER, StatedFact
from model_lineup.catalog.models import living
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.database.engines import Database
from model_lineup.database.metadata import moment
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt


class FieldFacts(msgspec.Struct, frozen=True):
    """One field of a model: the value that counts (`null`: unknown), and what each source says, strongest first.

    `differs`: two sources that say something say different things.
    """

    field: str
    effective: Fact | None
    said: list[Fact]
    differs: bool


class ModelFacts(msgspec.Struct, frozen=True):
    """All that is said of one model. Fields that nobody has a word on have an empty `said`."""

    id: int
    model_id: str
    provider_id: int
    version: int
    fields: list[FieldFacts]


class Facts:
    """What is known of models and from whom."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def of(self, row_id: int) -> ModelFacts:
        """Raises ModelNotFound."""
        with self._database.read() as connection:
            model = living(model_store.one(connection, row_id), row_id)
            stated = fact_store.stated(connection, [row_id])[row_id]
        known = facts.effective(model.model_id, stated, model.created_at)
        said = facts.by_field(stated)
        fields = [_field(field, known.get(field), said.get(field, [])) for field in (*FIELDS, *FURTHER)]
        return ModelFacts(model.id, model.model_id, model.provider_id, model.version, fields)

    def state(
        self,
        source: str,
        said: Mapping[int, Mapping[str, Any]],
        author: Author,
        operation: str,
        *,
        by: str | None = None,
    ) -> Receipt:
        """`restate` as one change set of its own; none where no value that counts has changed."""
        with self._journal.change(author, operation) as change:
            restate(change, source, said, by=by)
        return change.receipt


def restate(change: Change, source: str, said: Mapping[int, Mapping[str, Any]], *, by: str | None = None) -> int:
    """`source` says this of these model rows (row → field → value); None takes a word back, other words stay.

    Rows that are gone are left out. Returns how many models count something else than before.
    """
    stated = fact_store.stated(change.connection, list(said))
    at = moment(change.now)
    after = {row: facts.restated(stated[row], source, words, at, by=by) for row, words in said.items()}
    return _write(change, [source], stated, after)


def replace(change: Change, sources: Sequence[str], said: Mapping[int, Sequence[StatedFact]]) -> int:
    """These sources say this of these model rows, instead of all that they said before. Returns as `restate` does."""
    stated = fact_store.stated(change.connection, list(said))
    after = {row: [*(one for one in stated[row] if one.source not in sources), *words] for row, words in said.items()}
    return _write(change, sources, stated, after)


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
    columns = {}
    for row, (model_id, created_at) in subjects.items():
        known = facts.effective(model_id, after[row], created_at)
        old, new = _differing(facts.effective(model_id, before[row], created_at), known)
        if new:
            columns[row] = fact_store.columns(known)
            change.touched("model", row, model_id, before=old, after=new)
    model_store.change_each(change.connection, columns, now=change.now, revision=change.revision)
    return len(columns)


def _differing(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of the fields whose value or source differ, each `{value, source}`; None: unknown."""
    before, after = _origins(old), _origins(new)
    return differing(before, {field: after.get(field) for field in {**before, **after}})


def _origins(known: Mapping[str, Fact]) -> dict[str, Any]:
    return {field: {"value": fact.value, "source": fact.source} for field, fact in known.items()}


def _field(field: str, known: Fact | None, said: list[Fact]) -> FieldFacts:
    return FieldFacts(field, known, said, any(one.value != said[0].value for one in said[1:]))
