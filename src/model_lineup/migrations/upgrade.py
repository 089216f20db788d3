"""Brings the tables to this version's shape, at start, under a lock that several starting processes share."""

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from model_lineup.errors import StartRefused

HERE = Path(__file__).parent
ADVISORY_LOCK = 0x6C696E65  # "line"
_FOLLOWS = re.compile(r'^revision = "(.+)"\n^down_revision = "?(.+?)"?$', re.MULTILINE)
_NOT_OURS = "The database holds tables that are not Lineup's. Give Lineup a database of its own."


@dataclass(frozen=True, slots=True)
class Branch:
    """One set of tables with its own versions: its folder, and its schema (None: the main one)."""

    name: str
    schema: str | None

    @property
    def versions(self) -> list[str]:
        """Their names, oldest first: each file says which one it follows. Read as text, for Alembic is slow to import.

        Raises ValueError when they are no single chain: two follow the same one, or one follows none.
        """
        texts = [file.read_text("utf-8") for file in (HERE / self.name / "versions").glob("2*.py")]
        following = {follows: name for text in texts for name, follows in _FOLLOWS.findall(text)}
        names = []
        last = "None"
        while last in following:
            last = following[last]
            names.append(last)
        if len(names) != len(texts):
            raise ValueError(f"The versions of {self.name} are no single chain; it ends after {last}.")
        return names

    @property
    def head(self) -> str:
        return self.versions[-1]


BRANCHES = (Branch("configuration", None), Branch("activity", "activity"))


Versions = dict[str, str | None]
"""The version at which each branch's tables are, by its name; None: there are none."""


def migrate(engine: Engine, *, before: Callable[[Versions], None] | None = None) -> list[str]:
    """Apply what is due in one transaction and return the names of the branches that moved.

    `before` is called once the lock is held, when tables that hold something are about to be changed; what it raises
    ends the migration before it began. `engine.begin()` must lock on SQLite (BEGIN IMMEDIATE). Raises StartRefused for
    tables that this version does not know, and for a database that cannot be opened.
    """
    with _begun(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        return apply(connection, before=before)


def apply(connection: Connection, *, before: Callable[[Versions], None] | None = None) -> list[str]:
    """The same in a transaction of the caller's, who holds the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS activity"))
    versions = stored_versions(connection)
    due = [branch for branch in BRANCHES if versions[branch.name] != branch.head]
    if before and due and any(versions.values()):
        before(versions)
    for branch in due:
        _upgrade(connection, branch, "head")
    return [branch.name for branch in due]


def stored_versions(connection: Connection) -> Versions:
    """Raises StartRefused for tables that this version does not know."""
    return {branch.name: _stored_version(connection, branch) for branch in BRANCHES}


def make_as_of(connection: Connection, versions: Versions) -> None:
    """Make the tables of an older version in an empty database."""
    for branch in BRANCHES:
        if version := versions[branch.name]:
            _upgrade(connection, branch, version)


@contextlib.contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    """A transaction. Raises StartRefused where none can be begun."""
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(engine.connect())
            stack.enter_context(connection.begin())
        except DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            what = "lineup.db or activity.db in the data directory cannot be opened"
            if engine.dialect.name == "postgresql":
                what = "The database of LINEUP_DATABASE_URL cannot be reached"
            raise StartRefused(f"{what}: {reason}.") from None
        yield connection


def pending(connection: Connection) -> list[str]:
    """The names of the branches that `migrate` would move; changes nothing. Raises StartRefused as it does."""
    return [branch.name for branch in BRANCHES if _stored_version(connection, branch) != branch.head]


def _stored_version(connection: Connection, branch: Branch) -> str | None:
    if not inspect(connection).has_table("alembic_version", schema=branch.schema):
        if inspect(connection).get_table_names(schema=branch.schema):
            raise StartRefused(_NOT_OURS)
        return None
    where = f"{branch.schema}.alembic_version" if branch.schema else "alembic_version"
    stored = connection.execute(text(f"SELECT version_num FROM {where}")).scalars().all()  # noqa: S608  # nosec B608
    unknown = sorted(set(stored) - set(branch.versions))
    if unknown and not inspect(connection).has_table("instance"):
        raise StartRefused(_NOT_OURS)
    if unknown:
        raise StartRefused(
            f"The database is at version {unknown[0]} ({branch.name}), which this Lineup does not know. "
            "It was written by a newer Lineup: install that one, or restore the backup made before the upgrade."
        )
    return stored[0] if stored else None


def _upgrade(connection: Connection, branch: Branch, version: str) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection, branch), version)


def alembic_config(connection: Connection, branch: Branch, **attributes: Any) -> Any:
    """What Alembic's commands need to work on this connection and branch."""
    from alembic.config import Config

    config = Config(stdout=sys.stdout)  # its own default is what that was when Alembic was imported
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / branch.name / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, schema=branch.schema, **attributes)
    return config
