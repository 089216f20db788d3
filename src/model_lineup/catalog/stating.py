"""What is known of a model and who says so; and a source's word as a change of its own.

`writing` has the same for who is inside a change already.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from model_lineup.catalog import facts
from model_lineup.catalog.facts import FIELDS, FURTHER
from model_lineup.catalog.models import living
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.catalog.writing import restate
from model_lineup.database.engines import Database
from model_lineup.journal.record import Author, Journal
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


def _field(field: str, known: Fact | None, said: list[Fact]) -> FieldFacts:
    return FieldFacts(field, known, said, any(one.value != said[0].value for one in said[1:]))
