"""What commands refuse to open: the same as a server, with exit code 78 and one line, and nothing is changed."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_lineup.operations import mounts
from tests.cli.conftest import Lineup

COMMANDS = {
    "reads": ["models", "list"],
    "changes": ["providers", "add", "Local", "http://127.0.0.1:9/v1", "--network-scope", "loopback"],
    "calls": ["chat", "m", "Hello"],
    "rotates": ["rotate-keys"],
    "makes": ["create-admin", "bob@example.com", "--password-stdin"],
}


def damaged(lineup: Lineup) -> None:
    for number in range(6):
        lineup.ok("providers", "add", f"P{number}", "https://api.example.com/v1", "--header", f"X-Title={'x' * 500}")
    file = lineup.folder / "lineup.db"
    with sqlite3.connect(file) as database:
        [page] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'providers'").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : (page - 1) * 4096 + 300] = b"\xa5" * 300
    file.write_bytes(content)


def of_another(lineup: Lineup) -> None:
    there = Lineup(lineup.folder.with_name("another"))
    there.ok("create-admin", "eve@example.com", "--password-stdin", input="correct horse battery")
    shutil.copy(there.folder / "keyring.json", lineup.folder / "keyring.json")


def readable(lineup: Lineup) -> None:
    (lineup.folder / "keyring.json").chmod(0o644)


def newer(lineup: Lineup) -> None:
    with sqlite3.connect(lineup.folder / "lineup.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '2999_01_01_later'")
    database.close()


def foreign(lineup: Lineup) -> None:
    (lineup.folder / "lineup.db").unlink()
    with sqlite3.connect(lineup.folder / "lineup.db") as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()


REFUSALS: dict[str, tuple[Callable[[Lineup], None], str]] = {
    "damaged": (damaged, "is damaged: "),
    "another key ring": (of_another, "does not open this database"),
    "a ring that others read": (readable, "chmod 600"),
    "newer tables": (newer, "newer Lineup"),
    "tables of something else": (foreign, "not Lineup"),
}


def content(folder: Path) -> dict[str, Any]:
    """Of each file; of databases what is in them, as far as that can be read: their head says how they are opened."""
    return {file.name: rows(file) for file in folder.iterdir() if file.suffix in (".db", ".json")}


def rows(file: Path) -> Any:
    if file.suffix == ".db":
        with contextlib.closing(sqlite3.connect(file)) as database, contextlib.suppress(sqlite3.DatabaseError):
            return list(database.iterdump())
    return file.read_bytes()


@pytest.mark.parametrize("why", REFUSALS)
def test_every_command_refuses_in_one_line_and_changes_nothing(lineup: Lineup, why: str) -> None:
    spoil, said = REFUSALS[why]
    spoil(lineup)
    before = content(lineup.folder)
    for command in COMMANDS.values():
        result = lineup(*command, input="correct horse battery\n")
        assert (result.exit_code, result.stdout) == (78, ""), (command, result.output)
        assert said in " ".join(result.stderr.split()), command
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert content(lineup.folder) == before


def test_a_network_file_system_is_refused_by_commands_too(lineup: Lineup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "network_file_system", lambda _: "nfs4")
    for command in COMMANDS.values():
        result = lineup(*command, input="correct horse battery\n")
        assert result.exit_code == 78, (command, result.output)
        assert "on a network file system (nfs4)" in result.stderr
    rescue = lineup("backup", str(lineup.folder.parent / "rescued.tar.gz"))
    assert rescue.exit_code == 0, "what is there can be taken to a better place"


def test_what_helps_works_on_a_damaged_database(lineup: Lineup, tmp_path: Path) -> None:
    lineup.ok("backup", str(tmp_path / "good.tar.gz"))
    damaged(lineup)
    assert lineup("doctor").exit_code == 2
    lineup.ok("restore", str(tmp_path / "good.tar.gz"), "--replace")
    assert "ann@example.com" in lineup.ok("people", "list")
