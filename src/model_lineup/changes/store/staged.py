"""SQL of staged changes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from model_lineup.catalog.tables import models, providers
from model_lineup.catalog.tables import staged_changes as staged
from model_lineup.database.values import in_numbers
from model_lineup.journal.tables import change_sets

NAMED = 100
"""Models of a staged change that are named; all are counted."""


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(staged).values(values).returning(staged.c.id)).scalar_one())


def one(connection: Connection, staged_id: int) -> Row[Any] | None:
    return connection.execute(select(staged).where(staged.c.id == staged_id)).one_or_none()


def page(connection: Connection, *, limit: int, offset: int, state: str | None) -> tuple[Sequence[Row[Any]], int]:
    """Waiting ones first, soonest first; then the others, newest first; and how many there are."""
    wanted = [] if state is None else [staged.c.state == state]
    total = connection.execute(select(func.count()).select_from(staged).where(*wanted)).scalar_one()
    waits = staged.c.state == "waiting"
    soonest = (case((waits, staged.c.due_at), else_=None), case((waits, staged.c.id), else_=None))
    order = (case((waits, 0), else_=1), *soonest, staged.c.ended_at.desc(), staged.c.id.desc())
    query = select(staged).where(*wanted).order_by(*order).limit(limit).offset(offset)
    return connection.execute(query).all(), int(total)


def waiting(connection: Connection) -> int:
    query = select(func.count()).select_from(staged).where(staged.c.state == "waiting")
    return int(connection.execute(query).scalar_one())


def change(connection: Connection, staged_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(staged).where(staged.c.id == staged_id).values(values))


def forget(connection: Connection, *, kept: int) -> None:
    """Remove all but the newest of those that ended."""
    ended = staged.c.state != "waiting"
    newest = select(staged.c.id).where(ended).order_by(staged.c.id.desc()).offset(kept).limit(1)
    last = connection.execute(newest).scalar_one_or_none()
    if last is not None:
        connection.execute(delete(staged).where(ended, staged.c.id <= last))


def named(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """`model_id` and slug of these models, deleted ones too."""
    query = select(models.c.id, models.c.model_id, providers.c.slug).select_from(models.join(providers))
    found = connection.execute(query.where(in_numbers(connection, models.c.id, ids)))
    return {row_id: (model_id, slug) for row_id, model_id, slug in found}


def change_set_of(connection: Connection, revision: int) -> int | None:
    """The change set that made this revision."""
    found: int | None = connection.execute(
        select(change_sets.c.id).where(change_sets.c.revision == revision)
    ).scalar_one_or_none()
    return found


def authors(connection: Connection, change_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Actor and operation of these change sets."""
    query = select(change_sets.c.id, change_sets.c.actor, change_sets.c.operation)
    found = connection.execute(query.where(in_numbers(connection, change_sets.c.id, change_ids)))
    return {change_id: (actor, operation) for change_id, actor, operation in found}


def decoded(text: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(text)
    return found
