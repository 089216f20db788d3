"""SQL of claims."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from model_lineup.database.upsert import insert_once
from model_lineup.repeats.tables import claims

PRUNED_AT_ONCE = 200


def take(connection: Connection, values: Mapping[str, Any], now: int) -> Row[Any]:
    """The claim on this scope: the one in `values`, unless there is one already. Old ones go, few at a time."""
    old = select(claims.c.scope).where(claims.c.expires_at < now).limit(PRUNED_AT_ONCE)
    connection.execute(delete(claims).where(claims.c.scope.in_(old)))
    connection.execute(delete(claims).where(claims.c.scope == values["scope"], claims.c.expires_at < now))
    insert_once(connection, claims, values)
    return connection.execute(select(claims).where(claims.c.scope == values["scope"])).one()


def take_over(connection: Connection, claim: str, lease_before: int, lease_until: int) -> bool:
    """Whether this one is the first to go on with a request that broke off."""
    broken = (claims.c.claim == claim, claims.c.state == "running", claims.c.lease_until == lease_before)
    return connection.execute(update(claims).where(*broken).values(lease_until=lease_until)).rowcount == 1


def change(connection: Connection, claim: str, values: Mapping[str, Any]) -> None:
    """Of a claim that is still running."""
    connection.execute(update(claims).where(claims.c.claim == claim, claims.c.state == "running").values(**values))


def forget(connection: Connection, claim: str) -> None:
    connection.execute(delete(claims).where(claims.c.claim == claim, claims.c.state == "running"))
