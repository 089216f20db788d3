"""SQL over the sums of days: grouped, filtered, and the percentiles of first contents."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Label,
    Row,
    Select,
    Table,
    case,
    func,
    select,
)

from model_lineup.catalog.tables import models
from model_lineup.database.values import in_numbers
from model_lineup.ledger.entry import DAY, OUTCOMES, OWN_WORK
from model_lineup.ledger.shapes import Dimension, Wanted
from model_lineup.ledger.store import belonging
from model_lineup.ledger.sums import SUMS
from model_lineup.ledger.tables import usage_days, usage_ttft

_EPOCH_ORDINAL = 719_163
"""`date.toordinal()` of 1 January 1970."""
_COLUMNS: dict[Dimension, str] = {
    "day": "day",
    "model": "model_row",
    "key": "key_id",
    "person": "person_id",
    "provider": "provider_id",
    "outcome": "outcome",
    "name": "name",
    "on_behalf_of": "on_behalf_of",
}
HAVE_PERCENTILES: frozenset[Dimension] = frozenset({"day", "model", "provider"})


def grouped(
    connection: Connection, wanted: Wanted, by: Sequence[Dimension], *, limit: int, offset: int
) -> tuple[Sequence[Row[Any]], int]:
    """A page of groups and how many there are: days newest first, else those with most requests first."""
    dimensions, sources = _dimensions(by)
    made = func.sum(usage_days.c.requests)
    query = _summed(connection, wanted, dimensions).select_from(sources).group_by(*dimensions)
    order = [usage_days.c.day.desc()] if "day" in by else []
    page = query.add_columns(func.count().over().label("groups")).order_by(*order, made.desc(), *dimensions)
    rows = connection.execute(page.limit(limit).offset(offset)).all()
    if rows or not offset:
        return rows, int(rows[0].groups) if rows else 0
    return rows, int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def together(connection: Connection, wanted: Wanted) -> Row[Any]:
    """One row; sums are None where there is nothing."""
    return connection.execute(_summed(connection, wanted, [])).one()


def of_groups(rows: Sequence[Row[Any]]) -> SimpleNamespace:
    """The same of all groups that there are, without reading them again."""
    names = [*SUMS, *(outcome + "_" for outcome in OUTCOMES)]
    sums = {name: sum(int(getattr(row, name) or 0) for row in rows) for name in names}
    return SimpleNamespace(**sums, last_at=max((row.last_at for row in rows), default=None))


def first_contents(
    connection: Connection, wanted: Wanted, by: Sequence[Dimension], rows: Sequence[Row[Any]]
) -> dict[tuple[Any, ...], dict[int, int]]:
    """Requests by bucket for each of these groups, of which only `HAVE_PERCENTILES` are told apart."""
    dimensions = [usage_ttft.c[_COLUMNS[dimension]] for dimension in by]
    query = select(*dimensions, usage_ttft.c.bucket, func.sum(usage_ttft.c.requests))
    query = query.where(*_days(usage_ttft, wanted), *_models(connection, usage_ttft, wanted))
    if "model" in by:
        query = query.where(in_numbers(connection, usage_ttft.c.model_row, {row.model for row in rows}))
    found: dict[tuple[Any, ...], dict[int, int]] = {}
    for *key, bucket, requests in connection.execute(query.group_by(*dimensions, usage_ttft.c.bucket)):
        found.setdefault(tuple(key), {})[bucket] = int(requests)
    return found


def has_percentiles(wanted: Wanted, by: Sequence[Dimension]) -> bool:
    narrowed = (wanted.key_id, wanted.person_id, wanted.group_id, wanted.outcome, wanted.name, wanted.on_behalf_of)
    return HAVE_PERCENTILES.issuperset(by) and not wanted.own_work and all(one is None for one in narrowed)


def day_of(ordinal: int) -> int:
    """Days since 1970 of `date.toordinal()`, and with a minus back."""
    return ordinal - _EPOCH_ORDINAL


def ordinal_of(day: int) -> int:
    return day + _EPOCH_ORDINAL


def narrowed(
    connection: Connection, each: Table, wanted: Wanted, span: Sequence[ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    """The conditions for `usage_days` or `usage_entries`; `span`: those of the days."""
    said: Mapping[str, Any] = {
        "key_id": wanted.key_id,
        "person_id": wanted.person_id,
        "outcome": wanted.outcome,
        "name": wanted.name,
        "on_behalf_of": wanted.on_behalf_of,
    }
    exactly = [each.c[name] == value for name, value in said.items() if value is not None]
    own = [each.c.key_id == 0, each.c.on_behalf_of.in_(OWN_WORK)] if wanted.own_work else []
    group = [] if wanted.group_id is None else [belonging.of_group(each, wanted.group_id)]
    return [*span, *_models(connection, each, wanted), *exactly, *group, *own]


def span_us(wanted: Wanted) -> tuple[int, int]:
    """The first microsecond of the span, and the first one after it."""
    return day_of(wanted.first.toordinal()) * DAY, (day_of(wanted.last.toordinal()) + 1) * DAY


def _dimensions(by: Sequence[Dimension]) -> tuple[list[Label[Any]], FromClause]:
    """What is grouped by, and where it stands. What a key of two groups used is there twice, once for each."""
    columns: dict[Dimension, ColumnElement[Any]] = {one: usage_days.c[name] for one, name in _COLUMNS.items()}
    sources: FromClause = usage_days
    if "group" in by:
        groups = belonging.of_keys()
        sources = usage_days.outerjoin(groups, groups.c.key_id == usage_days.c.key_id)
        columns["group"] = func.coalesce(groups.c.group_id, 0)
    return [columns[dimension].label(dimension) for dimension in by], sources


def _summed(connection: Connection, wanted: Wanted, dimensions: Sequence[Any]) -> Select[Any]:
    endings = [
        func.sum(case((usage_days.c.outcome == outcome, usage_days.c.requests), else_=0)).label(outcome + "_")
        for outcome in OUTCOMES
    ]
    sums = [func.sum(usage_days.c[name]).label(name) for name in SUMS]
    last = func.max(usage_days.c.last_at).label("last_at")
    query = select(*dimensions, *sums, *endings, last)
    return query.where(*narrowed(connection, usage_days, wanted, _days(usage_days, wanted)))


def _days(each: Table, wanted: Wanted) -> list[ColumnElement[bool]]:
    day: Column[int] = each.c.day
    return [day >= day_of(wanted.first.toordinal()), day <= day_of(wanted.last.toordinal())]


def _models(connection: Connection, each: Table, wanted: Wanted) -> list[ColumnElement[bool]]:
    said = [] if wanted.provider_id is None else [each.c.provider_id == wanted.provider_id]
    if wanted.model_id is not None:
        rows = connection.execute(select(models.c.id).where(models.c.model_id == wanted.model_id)).scalars()
        said.append(in_numbers(connection, each.c.model_row, rows))
    return said
