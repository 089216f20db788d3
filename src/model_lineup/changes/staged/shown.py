"""Staged changes as answers show them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from model_lineup.changes.staged.operations import rows_of
from model_lineup.changes.staged.shapes import Announcement, Refusal, StagedChange, StagedModel
from model_lineup.changes.store import staged as store
from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.journal.shapes import Impact

LATE_S = 60
"""From here on it is said that a change was carried out late."""


def shown(connection: Connection, rows: Sequence[Row[Any]]) -> list[StagedChange]:
    wanted = {row.id: store.decoded(row.wanted) for row in rows}
    first = {row_id: rows_of(stored).get("model", [])[: store.NAMED] for row_id, stored in wanted.items()}
    names = store.named(connection, sorted({one for ids in first.values() for one in ids}))
    return [_one(row, wanted[row.id], [_model(one, names) for one in first[row.id]]) for row in rows]


def _model(row_id: int, names: dict[int, tuple[str, str]]) -> StagedModel:
    model_id, slug = names.get(row_id, (None, None))
    return StagedModel(row_id, model_id, slug)


def _one(row: Row[Any], wanted: dict[str, Any], models: list[StagedModel]) -> StagedChange:
    return StagedChange(
        id=row.id,
        operation=row.operation,
        title=row.title,
        at=moment(row.due_at),
        state=row.state,
        announce=_announcement(row),
        wanted=wanted,
        models=models,
        models_total=len(rows_of(wanted).get("model", [])),
        confirmed=row.confirmed == 1,
        impact_when_staged=msgspec.json.decode(row.impact, type=Impact),
        made_at=moment(row.made_at),
        made_by=row.made_by,
        ended_at=moment_or_none(row.ended_at),
        ended_by=row.ended_by,
        late_s=late(row.ended_at, row.due_at) if row.state in ("done", "refused") else None,
        refusal=None if row.refusal is None else msgspec.json.decode(row.refusal, type=Refusal),
    )


def _announcement(row: Row[Any]) -> Announcement | None:
    starts_at = moment_or_none(row.announced_at)
    if starts_at is None:
        return None
    return Announcement(starts_at=starts_at, message=row.message, successor_id=row.successor)


def late(ended_at: int, due_at: int) -> int | None:
    """Seconds after its moment, where they are worth telling. Both in microseconds."""
    late_s = (ended_at - due_at) // 1_000_000
    return late_s if late_s > LATE_S else None
