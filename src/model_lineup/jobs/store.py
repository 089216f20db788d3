"""SQL of leases."""

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from model_lineup.jobs.tables import leases


def take(connection: Connection, name: str, holder: str, *, now: int, until: int) -> bool:
    """One statement, so that of several who try at once one has it. Whether it is the holder's until then."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    wanted = insert(leases).values(name=name, holder=holder, until=until)
    free = or_(leases.c.until <= now, leases.c.holder == holder)
    taken = wanted.on_conflict_do_update(index_elements=["name"], set_={"holder": holder, "until": until}, where=free)
    return connection.execute(taken.returning(leases.c.name)).one_or_none() is not None


def give_back(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def held(connection: Connection, name: str, *, now: int) -> bool:
    query = select(leases.c.name).where(leases.c.name == name, leases.c.until > now)
    return connection.execute(query).one_or_none() is not None


def forget_ended(connection: Connection, *, before: int) -> None:
    connection.execute(delete(leases).where(leases.c.until < before))
