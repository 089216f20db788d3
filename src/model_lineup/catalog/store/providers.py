"""Providers: rows, and the sealed key, which only `credential` reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select, update

from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import EVERYTHING, FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.tables import models, provider_fetches, providers
from model_lineup.database.metadata import dump, moment
from model_lineup.database.upsert import upsert

_NULL = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Credential:
    """What is stored of a key: sealed, and the origin that it belongs to."""

    sealed_key: str | None
    key_origin: str | None


def listed(connection: Connection, *, limit: int, offset: int) -> tuple[list[Provider], int]:
    """Providers in the admin's order, and how many there are."""
    total = select(func.count()).select_from(providers).where(providers.c.deleted_at.is_(None))
    rows = connection.execute(_query().order_by(providers.c.position, providers.c.id).limit(limit).offset(offset))
    return [_provider(row) for row in rows], int(connection.execute(total).scalar_one())


def one(connection: Connection, provider_id: int) -> Provider | None:
    row = connection.execute(_query().where(providers.c.id == provider_id)).one_or_none()
    return None if row is None else _provider(row)


def scheduled(connection: Connection) -> list[Provider]:
    """Those that are on and have a schedule."""
    wanted = _query().where(providers.c.enabled == 1, providers.c.fetch_schedule.is_not(None))
    return [_provider(row) for row in connection.execute(wanted.order_by(providers.c.id))]


def checked(connection: Connection) -> list[Provider]:
    """Those that are on and whose models are tested by the clock."""
    wanted = _query().where(providers.c.enabled == 1, providers.c.check_schedule.is_not(None))
    return [_provider(row) for row in connection.execute(wanted.order_by(providers.c.id))]


def slug_taken(connection: Connection, slug: str) -> bool:
    found = select(providers.c.id).where(providers.c.slug == slug, providers.c.deleted_at.is_(None))
    return connection.execute(found).first() is not None


def ids_in_order(connection: Connection) -> list[int]:
    query = select(providers.c.id).where(providers.c.deleted_at.is_(None))
    return list(connection.execute(query.order_by(providers.c.position, providers.c.id)).scalars())


def credential(connection: Connection, provider_id: int) -> Credential:
    row = connection.execute(
        select(providers.c.sealed_key, providers.c.key_origin).where(providers.c.id == provider_id)
    ).one()
    return Credential(row.sealed_key, row.key_origin)


def add(connection: Connection, values: Mapping[str, Any], *, now: int, revision: int) -> int:
    """Insert at the end of the order; returns the row id."""
    last = connection.execute(select(func.max(providers.c.position))).scalar_one()
    row = {**values, "position": (last or 0) + 1, "version": 1, "created_at": now, "updated_at": now}
    row["changed_at_revision"] = revision
    return int(connection.execute(insert(providers).values(row).returning(providers.c.id)).scalar_one())


def change(connection: Connection, provider_id: int, values: Mapping[str, Any], *, now: int, revision: int) -> None:
    connection.execute(
        update(providers)
        .where(providers.c.id == provider_id)
        .values(**values, version=providers.c.version + 1, updated_at=now, changed_at_revision=revision)
    )


def add_credential(connection: Connection, provider_id: int, values: Mapping[str, Any]) -> None:
    """Give a provider that was just added its sealed key, which is bound to the row id; its version stays 1."""
    connection.execute(update(providers).where(providers.c.id == provider_id).values(**values))


def list_reading(connection: Connection, provider_id: int) -> int | None:
    """Which reading of its list the models of this provider are from; None: it was never fetched."""
    query = select(providers.c.list_reading).where(providers.c.id == provider_id)
    found = connection.execute(query).scalar_one()
    return None if found is None else int(found)


def record_reading(connection: Connection, provider_id: int, reading: int) -> None:
    """Its models are from this reading of its list now. Nobody's decision, so its version stays."""
    another = providers.c.list_reading.is_distinct_from(reading)
    this = update(providers).where(providers.c.id == provider_id, another)
    connection.execute(this.values(list_reading=reading))


def record_fetch(connection: Connection, provider_id: int, *, at: int, outcome: Mapping[str, Any]) -> None:
    """Keep how the last fetch of this provider ended."""
    upsert(connection, provider_fetches, {"provider_id": provider_id}, {"at": at, "outcome": dump(outcome)})


def _query() -> Select[Any]:
    alive = models.c.deleted_at.is_(None)
    count = select(func.count()).where(models.c.provider_id == providers.c.id, alive).scalar_subquery()
    joined = providers.outerjoin(provider_fetches, provider_fetches.c.provider_id == providers.c.id)
    columns = (providers, count.label("models"), provider_fetches.c.outcome)
    return select(*columns).select_from(joined).where(providers.c.deleted_at.is_(None))


def _provider(row: Row[Any]) -> Provider:
    return Provider(
        id=row.id,
        name=row.name,
        slug=row.slug,
        type=row.kind,
        base_url=row.base_url,
        api_key_set=row.sealed_key is not None,
        api_key_last4=row.key_hint,
        enabled=bool(row.enabled),
        network_scope=row.network_scope,
        headers=msgspec.json.decode(row.headers),
        api_version=row.api_version,
        ca_bundle=row.ca_bundle,
        proxy=row.proxy,
        timeouts=msgspec.json.decode(row.timeouts),
        position=row.position,
        models=row.models,
        fetch_rules=msgspec.json.decode(row.fetch_rules, type=FetchRules) if row.fetch_rules else EVERYTHING,
        fetch_schedule=msgspec.json.decode(row.fetch_schedule, type=FetchSchedule) if row.fetch_schedule else None,
        check_schedule=msgspec.json.decode(row.check_schedule, type=CheckSchedule) if row.check_schedule else None,
        last_fetch=msgspec.Raw(row.outcome.encode()) if row.outcome else _NULL,
        api_key_reference=row.key_reference,
        managed_by=row.managed_by,
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


def names(connection: Connection) -> dict[int, str]:
    """Names of the living providers by id, in their order."""
    query = select(providers.c.id, providers.c.name).where(providers.c.deleted_at.is_(None))
    return {row.id: row.name for row in connection.execute(query.order_by(providers.c.position, providers.c.id))}
