"""SQL over whole tables, whichever there are: counting, copying, and what a restore takes away."""

from sqlalchemy import Connection, column, func, insert, inspect, select, table
from sqlalchemy.sql.expression import TableClause

from model_lineup.database.tables import instance
from model_lineup.operations import sealed
from model_lineup.vault import key_id

SCHEMAS: tuple[str | None, ...] = (None, "activity")
VERSIONS = "alembic_version"
_AT_ONCE = 2_000


def tables(connection: Connection) -> list[TableClause]:
    """All tables of both schemas with their columns, those that others refer to first."""
    look = inspect(connection)
    return [
        table(name, *(column(str(found["name"])) for found in look.get_columns(name, schema)), schema=schema)
        for schema in SCHEMAS
        for name, _ in look.get_sorted_table_and_fkc_names(schema)
        if name is not None
    ]


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        found.fullname: int(connection.execute(select(func.count()).select_from(found)).scalar_one())
        for found in tables(connection)
        if found.name != VERSIONS
    }


def revision(connection: Connection) -> int:
    """0 for an instance that never started."""
    return int(connection.execute(select(instance.c.revision)).scalar() or 0)


def keys_in_use(connection: Connection) -> list[str]:
    """The ids of the key ring's keys that stored secrets refer to."""
    here = {(found.fullname, each.name) for found in tables(connection) for each in found.columns}
    found = set()
    for each in sealed.COLUMNS:
        if (each.table.fullname, each.column.name) in here:
            stored = connection.execute(select(each.column).where(each.column.is_not(None))).scalars()
            found |= {key_id(text) for text in stored}
    return sorted(found)


def copy(source: Connection, target: Connection) -> None:
    """All rows of all tables of `source` into the same tables of `target`, which are empty, and the next row ids."""
    for each in tables(source):
        if each.name == VERSIONS:
            continue
        found = source.execution_options(yield_per=_AT_ONCE).execute(select(each)).mappings()
        for some in found.partitions(_AT_ONCE):
            target.execute(insert(each), [dict(row) for row in some])
        _copy_last_id(source, target, each)


def _copy_last_id(source: Connection, target: Connection, each: TableClause) -> None:
    """Ids of rows that are gone must not be given again."""
    last = _last_id(source, each)
    if last is None:
        return
    if target.dialect.name == "sqlite":
        schema = each.schema or "main"
        sequences = table("sqlite_sequence", column("name"), column("seq"), schema=schema)
        target.execute(sequences.delete().where(sequences.c.name == each.name))
        target.execute(insert(sequences).values(name=each.name, seq=last))
    else:
        sequence = func.pg_get_serial_sequence(each.fullname, "id")
        target.execute(select(func.setval(sequence, last)))


def _last_id(source: Connection, each: TableClause) -> int | None:
    """The highest row id that was ever given; None where ids are not given, or none was."""
    if "id" not in each.c:
        return None
    if source.dialect.name == "sqlite":
        sequences = table("sqlite_sequence", column("name"), column("seq"), schema=each.schema or "main")
        found = source.execute(select(sequences.c.seq).where(sequences.c.name == each.name)).scalar_one_or_none()
        return None if found is None else int(found)
    name = source.execute(select(func.pg_get_serial_sequence(each.fullname, "id"))).scalar_one()
    if name is None:
        return None
    schema, _, sequence = str(name).partition(".")
    state = table(sequence, column("last_value"), column("is_called"), schema=schema)
    last, called = source.execute(select(state.c.last_value, state.c.is_called)).one()
    return int(last) if called else None
