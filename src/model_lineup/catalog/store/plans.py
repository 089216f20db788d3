"""SQL of stored plans and their items."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from model_lineup.catalog.plan_outcomes import DOABLE, Outcome
from model_lineup.catalog.plan_shapes import OPEN, OutcomeCounts, StoredItem, StoredPlan
from model_lineup.catalog.shapes import ProviderRef
from model_lineup.catalog.tables import fetch_plan_items as items
from model_lineup.catalog.tables import fetch_plans as plans
from model_lineup.catalog.tables import providers
from model_lineup.database.many import insert_many, let_go
from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.database.values import in_numbers, in_words


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with all that is needed to carry it out."""

    number: int
    outcome: Outcome
    model_id: str
    model_row: int | None
    reason: str
    changes: dict[str, Any]
    listed: dict[str, Any] | None
    applied: bool


def add(connection: Connection, values: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> int:
    """Store a plan and its items, numbered from 1; returns its id."""
    plan_id = int(connection.execute(insert(plans).values(values).returning(plans.c.id)).scalar_one())
    stored = [{"plan_id": plan_id, "number": number, **row} for number, row in enumerate(rows, start=1)]
    insert_many(connection, items, stored)
    let_go(stored)
    return plan_id


def overtake(connection: Connection, provider_id: int, *, by: str, at: int, but: int = 0) -> None:
    """Open plans of this provider, all but one, count no more."""
    is_open = plans.c.status.in_(OPEN)
    values = {"status": "overtaken", "ended_at": at, "ended_by": by}
    connection.execute(
        update(plans).where(plans.c.provider_id == provider_id, is_open, plans.c.id != but).values(values)
    )


def forget(connection: Connection, provider_id: int, *, kept: int) -> None:
    """Remove all but the newest plans of this provider."""
    newest = select(plans.c.id).where(plans.c.provider_id == provider_id).order_by(plans.c.id.desc())
    last = connection.execute(newest.offset(kept).limit(1)).scalar_one_or_none()
    if last is not None:
        old = select(plans.c.id).where(plans.c.provider_id == provider_id, plans.c.id <= last)
        connection.execute(delete(items).where(items.c.plan_id.in_(old)))
        connection.execute(delete(plans).where(plans.c.provider_id == provider_id, plans.c.id <= last))


def end(connection: Connection, plan_id: int, *, status: str, by: str, at: int) -> None:
    connection.execute(update(plans).where(plans.c.id == plan_id).values(status=status, ended_at=at, ended_by=by))


def one(connection: Connection, plan_id: int) -> StoredPlan | None:
    row = connection.execute(_query().where(plans.c.id == plan_id)).one_or_none()
    return None if row is None else _plans(connection, [row])[0]


def lock(connection: Connection, plan_id: int) -> None:
    """Until this transaction ends nobody else changes this plan."""
    connection.execute(select(plans.c.id).where(plans.c.id == plan_id).with_for_update())


def address(connection: Connection, plan_id: int) -> dict[str, Any]:
    """Where the list of this plan came from."""
    found = connection.execute(select(plans.c.address).where(plans.c.id == plan_id)).scalar_one()
    decoded: dict[str, Any] = msgspec.json.decode(found)
    return decoded


def list_reading(connection: Connection, plan_id: int) -> int:
    """Which reading of its kind's lists made this plan."""
    return int(connection.execute(select(plans.c.list_reading).where(plans.c.id == plan_id)).scalar_one())


def newest_open(connection: Connection, provider_id: int) -> StoredPlan | None:
    wanted = _query().where(plans.c.provider_id == provider_id, plans.c.status.in_(OPEN))
    row = connection.execute(wanted.order_by(plans.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _plans(connection, [row])[0]


def page(
    connection: Connection, *, limit: int, offset: int, provider_id: int | None, statuses: Collection[str]
) -> tuple[list[StoredPlan], int]:
    """Newest first, and how many there are; no `statuses`: all of them."""
    wanted = [] if provider_id is None else [plans.c.provider_id == provider_id]
    if statuses:
        wanted.append(plans.c.status.in_(statuses))
    total = connection.execute(select(func.count()).select_from(plans).where(*wanted)).scalar_one()
    rows = connection.execute(_query().where(*wanted).order_by(plans.c.id.desc()).limit(limit).offset(offset)).all()
    return _plans(connection, rows), int(total)


def item_page(
    connection: Connection,
    plan_id: int,
    *,
    limit: int,
    offset: int,
    outcome: str | None = None,
    applied: bool | None = None,
    q: str | None = None,
) -> tuple[list[StoredItem], int]:
    """In their order, and how many there are; `q`: a part of the id, without regard to case."""
    wanted = [items.c.plan_id == plan_id]
    if outcome is not None:
        wanted.append(items.c.outcome == outcome)
    if applied is not None:
        at = items.c.applied_at_revision
        wanted.append(at.is_not(None) if applied else at.is_(None) & items.c.outcome.in_(DOABLE))
    if q is not None:
        wanted.append(func.lower(items.c.model_id).contains(q.lower(), autoescape=True))
    total = connection.execute(select(func.count()).select_from(items).where(*wanted)).scalar_one()
    query = select(items).where(*wanted).order_by(items.c.number).limit(limit).offset(offset)
    return [_item(row) for row in connection.execute(query)], int(total)


def chosen(
    connection: Connection,
    plan_id: int,
    *,
    numbers: Iterable[int] | None = None,
    outcomes: Iterable[str] | None = None,
) -> list[ItemRow]:
    """Items with all that is needed to carry them out, by their numbers or their outcomes."""
    wanted = [items.c.plan_id == plan_id]
    if numbers is not None:
        wanted.append(in_numbers(connection, items.c.number, numbers))
    if outcomes is not None:
        wanted.append(in_words(connection, items.c.outcome, outcomes))
    return [_row(row) for row in connection.execute(select(items).where(*wanted).order_by(items.c.number))]


def mark_applied(connection: Connection, plan_id: int, numbers: Iterable[int], *, revision: int) -> None:
    these = in_numbers(connection, items.c.number, numbers)
    connection.execute(update(items).where(items.c.plan_id == plan_id, these).values(applied_at_revision=revision))


def ids_of_newest(connection: Connection, provider_id: int) -> list[str]:
    """All that the provider's list had when its newest plan was made, and the rows that were there."""
    newest = select(func.max(plans.c.id)).where(plans.c.provider_id == provider_id).scalar_subquery()
    return list(connection.execute(select(items.c.model_id).where(items.c.plan_id == newest)).scalars())


def left(connection: Connection, plan_id: int) -> int:
    """How many items are still to be applied."""
    still = items.c.applied_at_revision.is_(None) & items.c.outcome.in_(DOABLE)
    query = select(func.count()).select_from(items).where(items.c.plan_id == plan_id, still)
    return int(connection.execute(query).scalar_one())


def _query() -> Select[Any]:
    provider = (providers.c.name, providers.c.slug, providers.c.kind, providers.c.enabled)
    return select(plans, *provider).select_from(plans.join(providers, providers.c.id == plans.c.provider_id))


def _plans(connection: Connection, rows: Sequence[Row[Any]]) -> list[StoredPlan]:
    """Whole, with their counts: one query for all of them."""
    counts: dict[int, dict[str, int]] = {row.id: {} for row in rows}
    still = dict.fromkeys(counts, 0)
    applied = func.count(items.c.applied_at_revision)
    query = select(items.c.plan_id, items.c.outcome, func.count(), applied)
    of_these = in_numbers(connection, items.c.plan_id, counts)
    for plan_id, outcome, total, done in connection.execute(
        query.where(of_these).group_by(items.c.plan_id, items.c.outcome)
    ):
        counts[plan_id][outcome] = total
        still[plan_id] += total - done if outcome in DOABLE else 0
    return [_plan(row, counts[row.id], still[row.id]) for row in rows]


def _plan(row: Row[Any], counts: Mapping[str, int], still: int) -> StoredPlan:
    return StoredPlan(
        id=row.id,
        provider=ProviderRef(row.provider_id, row.name, row.slug, row.kind, bool(row.enabled)),
        status=row.status,
        made_at=moment(row.made_at),
        made_by=row.made_by,
        revision=row.revision,
        list_digest=row.list_digest,
        pages=row.pages,
        listed=row.listed,
        counts=OutcomeCounts(**counts),
        newly_read=row.newly_read,
        left=still if row.status in OPEN else 0,
        candidates=msgspec.json.decode(row.candidates),
        ended_at=moment_or_none(row.ended_at),
        ended_by=row.ended_by,
    )


def _item(row: Row[Any]) -> StoredItem:
    return StoredItem(
        item=row.number,
        outcome=row.outcome,
        model_id=row.model_id,
        id=row.model_row,
        reason=row.reason,
        changes=msgspec.json.decode(row.changes),
        applied=row.applied_at_revision is not None,
        applied_at_revision=row.applied_at_revision,
    )


def _row(row: Row[Any]) -> ItemRow:
    return ItemRow(
        number=row.number,
        outcome=row.outcome,
        model_id=row.model_id,
        model_row=row.model_row,
        reason=row.reason,
        changes=msgspec.json.decode(row.changes),
        listed=None if row.listed is None else msgspec.json.decode(row.listed),
        applied=row.applied_at_revision is not None,
    )
