"""Catalogues in the database: kept, listed, taken into use, and read as one index."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from model_lineup.catalogues.matching import Index
from model_lineup.catalogues.shapes import Contents, Entry, Skip
from model_lineup.catalogues.tables import catalogues
from model_lineup.database.metadata import dump, micros, moment

KEPT = 5
"""So many stay, so that an earlier one can be taken into use again."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """One catalogue that was brought. `dated`: of the file's contents; `skips`: the first hundred that were skipped."""

    id: int
    name: str
    format: str
    digest: str
    dated: datetime
    taken: int
    skipped: int
    skips: list[Skip]
    added_at: datetime
    added_by: str
    in_use: bool


class Loaded(msgspec.Struct, frozen=True):
    """The catalogue in use, ready to be asked. `by` is its name in facts."""

    by: str
    dated: datetime
    index: Index
    hosts: dict[str, str]


_COLUMNS = tuple(catalogues.c[name] for name in Catalogue.__struct_fields__)
_entries = msgspec.json.Decoder(list[Entry]).decode


class Made(NamedTuple):
    """What is noted of a catalogue beside its contents; `at` in microseconds."""

    name: str
    digest: str
    dated: datetime
    at: int
    by: str


def add(connection: Connection, contents: Contents, made: Made) -> int:
    """Store it, not in use yet."""
    values = {
        "name": made.name,
        "format": contents.format,
        "digest": made.digest,
        "dated": micros(made.dated),
        "taken": len(contents.entries),
        "skipped": contents.skipped,
        "skips": dump(contents.skips),
        "hosts": dump(contents.hosts),
        "entries": dump(contents.entries),
        "added_at": made.at,
        "added_by": made.by,
        "in_use": 0,
    }
    return int(connection.execute(insert(catalogues).values(values).returning(catalogues.c.id)).scalar_one())


def use(connection: Connection, catalogue_id: int | None) -> None:
    """This one is in use from now on, or none; of the others the newest are kept."""
    connection.execute(update(catalogues).values(in_use=0).where(catalogues.c.in_use == 1))
    connection.execute(update(catalogues).values(in_use=1).where(catalogues.c.id == catalogue_id))
    newest = select(catalogues.c.id).order_by(catalogues.c.id.desc()).limit(KEPT)
    connection.execute(delete(catalogues).where(catalogues.c.id.not_in(newest), catalogues.c.in_use == 0))


def listed(connection: Connection) -> list[Catalogue]:
    """Newest first."""
    rows = connection.execute(select(*_COLUMNS).order_by(catalogues.c.id.desc())).mappings()
    return [_catalogue(row) for row in rows]


def in_use(connection: Connection) -> Catalogue | None:
    row = connection.execute(select(*_COLUMNS).where(catalogues.c.in_use == 1)).mappings().one_or_none()
    return None if row is None else _catalogue(row)


def one(connection: Connection, catalogue_id: int) -> Catalogue | None:
    row = connection.execute(select(*_COLUMNS).where(catalogues.c.id == catalogue_id)).mappings().one_or_none()
    return None if row is None else _catalogue(row)


def loaded(connection: Connection) -> Loaded | None:
    """The one in use; what was made of it is kept, because its contents never change."""
    columns = (catalogues.c.id, catalogues.c.digest, catalogues.c.name, catalogues.c.dated)
    row = connection.execute(select(*columns).where(catalogues.c.in_use == 1)).one_or_none()
    if row is None:
        return None
    index, hosts = _made(connection, row.id, row.digest)
    return Loaded(row.name, moment(row.dated), index, hosts)


@lru_cache(maxsize=1)
def _kept(digest: str) -> "list[tuple[Index, dict[str, str]]]":
    """A place for what is made of the catalogue of this digest; empty until somebody makes it."""
    return []


def _made(connection: Connection, catalogue_id: int, digest: str) -> tuple[Index, dict[str, str]]:
    place = _kept(digest)
    if not place:
        columns = (catalogues.c.entries, catalogues.c.hosts)
        row = connection.execute(select(*columns).where(catalogues.c.id == catalogue_id)).one()
        place.append((Index(_entries(row.entries)), msgspec.json.decode(row.hosts, type=dict[str, str])))
    return place[0]


def _catalogue(row: Any) -> Catalogue:
    return Catalogue(
        **{
            **row,
            "dated": moment(row["dated"]),
            "added_at": moment(row["added_at"]),
            "skips": msgspec.json.decode(row["skips"], type=list[Skip]),
            "in_use": row["in_use"] == 1,
        }
    )
