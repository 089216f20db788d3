"""SQL of webhooks and their deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.database.upsert import insert_once
from model_lineup.notices.tables import notices
from model_lineup.webhooks.shapes import Delivery, Webhook
from model_lineup.webhooks.tables import webhook_deliveries as deliveries
from model_lineup.webhooks.tables import webhooks


@dataclass(frozen=True, slots=True)
class Sealed:
    url: str
    secret: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried, and how often it was."""

    id: int
    webhook_id: int
    notice_id: int
    attempts: int


def page(connection: Connection, *, limit: int, offset: int) -> tuple[list[Webhook], int]:
    """In the order in which they were made, and how many there are."""
    total = connection.execute(select(func.count()).select_from(webhooks)).scalar_one()
    query = select(webhooks).order_by(webhooks.c.id).limit(limit).offset(offset)
    return [_webhook(row) for row in connection.execute(query)], int(total)


def one(connection: Connection, webhook_id: int) -> Webhook | None:
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
    return None if row is None else _webhook(row)


def sealed(connection: Connection, webhook_id: int) -> Sealed | None:
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
    return None if row is None else Sealed(row.sealed_url, row.sealed_secret, row.origin)


def add(connection: Connection, values: Mapping[str, Any], now: int) -> int:
    row = {**values, "version": 1, "created_at": now, "updated_at": now}
    return int(connection.execute(insert(webhooks).values(row).returning(webhooks.c.id)).scalar_one())


def change(connection: Connection, webhook_id: int, values: Mapping[str, Any], now: int | None = None) -> None:
    """Without `now` it is no new version: what belongs to a row that was just made."""
    more = {} if now is None else {"version": webhooks.c.version + 1, "updated_at": now}
    connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values, **more))


def remove(connection: Connection, webhook_id: int) -> None:
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


def waits(connection: Connection, now: int) -> bool:
    """Whether there is anything to queue or to send."""
    unspread = select(notices.c.id).where(notices.c.spread == 0).limit(1)
    due = select(deliveries.c.id).where(deliveries.c.status == "waiting", deliveries.c.due_at <= now).limit(1)
    return connection.execute(unspread).first() is not None or connection.execute(due).first() is not None


def wanted_by(connection: Connection) -> list[Webhook]:
    """Those that are on."""
    found = connection.execute(select(webhooks).where(webhooks.c.enabled == 1).order_by(webhooks.c.id))
    return [_webhook(row) for row in found]


def spread(connection: Connection, hooks: Sequence[Webhook], now: int) -> None:
    """Put what is new into the queue of everybody who wants it; on the activity tables."""
    new = connection.execute(select(notices.c.id, notices.c.kind).where(notices.c.spread == 0)).all()
    for row in new:
        for hook in hooks:
            if not hook.events or row.kind in hook.events:
                queue(connection, hook.id, row.id, now)
    if new:
        connection.execute(update(notices).where(notices.c.id.in_([row.id for row in new])).values(spread=1))


def queue(connection: Connection, webhook_id: int, notice_id: int, now: int) -> None:
    values = {"webhook_id": webhook_id, "notice_id": notice_id, "at": now, "due_at": now}
    insert_once(connection, deliveries, {**values, "status": "waiting", "attempts": 0})


def due(connection: Connection, now: int, limit: int) -> list[Due]:
    wanted = (deliveries.c.status == "waiting", deliveries.c.due_at <= now)
    found = connection.execute(select(deliveries).where(*wanted).order_by(deliveries.c.id).limit(limit))
    return [Due(row.id, row.webhook_id, row.notice_id, row.attempts) for row in found]


def keep(connection: Connection, delivery_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def notice(connection: Connection, notice_id: int) -> Row[Any] | None:
    return connection.execute(select(notices).where(notices.c.id == notice_id)).one_or_none()


def delivery_page(connection: Connection, webhook_id: int, *, limit: int, offset: int) -> tuple[list[Delivery], int]:
    """Newest first, and how many there are."""
    of_it = deliveries.c.webhook_id == webhook_id
    total = connection.execute(select(func.count()).select_from(deliveries).where(of_it)).scalar_one()
    joined = deliveries.outerjoin(notices, notices.c.id == deliveries.c.notice_id)
    query = select(deliveries, notices.c.kind, notices.c.text).select_from(joined).where(of_it)
    rows = connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit).offset(offset))
    return [_delivery(row) for row in rows], int(total)


def newest(connection: Connection, webhook_ids: Sequence[int]) -> dict[int, Delivery]:
    """The newest delivery to each of these that has one."""
    last = select(func.max(deliveries.c.id)).where(deliveries.c.webhook_id.in_(webhook_ids))
    joined = deliveries.outerjoin(notices, notices.c.id == deliveries.c.notice_id)
    query = select(deliveries, notices.c.kind, notices.c.text).select_from(joined)
    rows = connection.execute(query.where(deliveries.c.id.in_(last.group_by(deliveries.c.webhook_id))))
    return {row.webhook_id: _delivery(row) for row in rows}


def prune(connection: Connection, before: int) -> None:
    connection.execute(delete(deliveries).where(deliveries.c.at < before))


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        origin=row.origin,
        secret_set=row.sealed_secret is not None,
        format=row.format,
        events=msgspec.json.decode(row.events),
        network_scope=row.network_scope,
        enabled=bool(row.enabled),
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        notice_id=row.notice_id,
        kind=row.kind,
        text=row.text,
        at=moment(row.at),
        status=row.status,
        attempts=row.attempts,
        due_at=moment_or_none(row.due_at),
        http_status=row.http_status,
        message=row.message,
    )
