"""Two databases by their addresses: a data folder with SQLite's files, or a PostgreSQL; each held alone."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from model_lineup.database import engines, holding
from model_lineup.errors import OperationRefused, StartRefused
from model_lineup.operations import store, swap
from model_lineup.operations.archive import DATABASES

_BUSY_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One of the two is None. `name` can be shown: it holds no password."""

    folder: Path | None
    url: str | None
    name: str

    @property
    def kind(self) -> str:
        return "SQLite" if self.url is None else "PostgreSQL"


def place_of(said: str) -> Place:
    """`postgresql://…`, `sqlite:FOLDER` or a folder; `env:NAME`: what that variable says, for arguments can be seen by
    others. Raises OperationRefused.
    """
    if said.startswith("env:"):
        name = said.removeprefix("env:")
        found = os.environ.get(name, "")
        if not found or found.startswith("env:"):
            raise OperationRefused(f"The environment variable {name} holds no address.")
        return place_of(found)
    if said.startswith(("postgresql:", "postgresql+", "postgres:")):
        return Place(None, said, _without_password(said))
    folder = said.removeprefix("sqlite:")
    if folder.startswith("//"):  # sqlite:///one/folder, as addresses of databases are written
        folder = folder.removeprefix("//") if folder.startswith("///") else ""
    if not folder or "://" in folder:
        raise OperationRefused(
            "That is no address of a database: name a data folder (`sqlite:FOLDER`), or postgresql://user@host/db."
        )
    return Place(Path(folder), None, str(Path(folder)))


@contextlib.contextmanager
def source_of(place: Place) -> Iterator[Connection]:
    """A read of one moment, with nobody else there. Raises OperationRefused, StartRefused."""
    if place.url is not None:
        with _postgres(place.url, place.name) as connection:
            yield connection
        return
    folder = place.folder or Path()
    if missing := [name for name in DATABASES if not (folder / name).is_file()]:
        raise OperationRefused(f"There is no {' and no '.join(missing)} in {folder}, so nothing to copy.")
    swap.finish_interrupted(folder)
    with holding.alone(folder):
        opened = engines.open_sqlite(folder, busy_s=_BUSY_S, queue=1, readers=1)
        with contextlib.closing(opened), opened.read() as connection:
            yield connection


@contextlib.contextmanager
def _postgres(url: str, name: str) -> Iterator[Connection]:
    """A transaction that is committed when the block ends, with no other Lineup there. Raises StartRefused."""
    engine = engines.postgres_engine(url, pool=1, held=False).execution_options(isolation_level="REPEATABLE READ")
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        try:
            connection = stack.enter_context(engine.connect())
        except DBAPIError as error:
            raise StartRefused(f"{name} cannot be reached: {str(error.orig).partition(chr(10))[0]}.") from None
        with connection.begin():  # a transaction of its own: the next one sees what the last to leave has written
            if not store.lock_out_others(connection, until_closed=True):
                raise StartRefused(f"A Lineup is running on {name}. Stop every one of them, then repeat.")
        with connection.begin():
            yield connection


target_in_postgres = _postgres


def _without_password(url: str) -> str:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "that PostgreSQL"
    return f"{parsed.host or 'PostgreSQL'}/{parsed.database or ''}"
