"""Who used models and names: sums of the ledger since a day."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, not_, or_, select

from model_lineup.access.tables import keys as key_rows
from model_lineup.database.values import in_numbers, in_words
from model_lineup.ledger.entry import OWN_WORK
from model_lineup.ledger.tables import usage_days

_ASKED = not_(and_(usage_days.c.key_id == 0, usage_days.c.on_behalf_of.in_(OWN_WORK)))
"""By somebody: what Lineup asks a model to test or measure it is nobody's use."""


def totals(
    connection: Connection, *, models: Collection[int], names: Collection[str], since_day: int
) -> tuple[int, int, int]:
    """Keys that used any of these models or names, how many of them are agents', and all requests; those of the local
    command line have no key. A key that was deleted since counts too."""
    if not models and not names:
        return 0, 0, 0
    of_models = [in_numbers(connection, usage_days.c.model_row, models)] if models else []
    of_names = [in_words(connection, usage_days.c.name, names)] if names else []
    agents = select(key_rows.c.id).where(key_rows.c.kind == "agent")
    query = select(
        func.count(func.nullif(usage_days.c.key_id, 0).distinct()),
        func.count(case((usage_days.c.key_id.in_(agents), usage_days.c.key_id)).distinct()),
        func.coalesce(func.sum(usage_days.c.requests), 0),
    )
    keys, agent_keys, requests = connection.execute(
        query.where(usage_days.c.day >= since_day, _ASKED, or_(*of_models, *of_names))
    ).one()
    return int(keys), int(agent_keys), int(requests)


def by(
    connection: Connection, column: str, model_row: int, *, since_day: int, most: int
) -> tuple[Sequence[Row[Any]], int]:
    """`what`, requests and last_at of one model for each value of a column, most used first; and how many there are.
    Where there is no key, at the local command line, none is told."""
    what = usage_days.c[column].label("what")
    told = [usage_days.c.key_id != 0] if column == "key_id" else []
    requests = func.sum(usage_days.c.requests).label("requests")
    query = (
        select(what, requests, func.max(usage_days.c.last_at).label("last_at"), func.count().over().label("found"))
        .where(*_of(model_row, since_day), *told)
        .group_by(what)
        .order_by(requests.desc(), what)
        .limit(most)
    )
    rows = connection.execute(query).all()
    return rows, int(rows[0].found) if rows else 0


def last_used(connection: Connection, model_row: int) -> int | None:
    """Whenever that was, as far as sums are kept."""
    query = select(func.max(usage_days.c.last_at)).where(usage_days.c.model_row == model_row, _ASKED)
    found: int | None = connection.execute(query).scalar_one()
    return found


def requests(connection: Connection, model_row: int, *, since_day: int) -> int:
    query = select(func.coalesce(func.sum(usage_days.c.requests), 0)).where(*_of(model_row, since_day))
    return int(connection.execute(query).scalar_one())


def _of(model_row: int, since_day: int) -> list[ColumnElement[bool]]:
    return [usage_days.c.model_row == model_row, usage_days.c.day >= since_day, _ASKED]
