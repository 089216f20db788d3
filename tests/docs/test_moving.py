"""The page on moving to PostgreSQL is true: its commands print what it shows, and what was moved is there."""

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Lineup
from tests.docs import console

PAGE = Path(__file__).parents[2] / "docs/howto/move-to-postgresql.md"


def test_the_commands_of_the_page_move_a_lineup_and_back(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lineup = Lineup(Path("lineup-data"))
    lineup.ok("create-admin", "ann@example.com", "--password-stdin", input=f"{PASSWORD}\n")
    environment: dict[str, str] = {}
    steps = console.steps(PAGE.read_text(encoding="utf-8"))
    assert len(steps) == 4
    for step in steps:
        first, *words = shlex.split(step.command)
        if first == "export":
            environment[words[0].partition("=")[0]] = postgres_url
            continue
        said = lineup.ok(*words, env=environment)
        assert console.is_shown(console.Step(step.line, "", step.shown.replace("db.example.com/lineup", "…")), said), (
            said
        )
    moved = Lineup(Path("lineup-on-sqlite"))
    (moved.folder / "keyring.json").write_bytes((lineup.folder / "keyring.json").read_bytes())
    (moved.folder / "keyring.json").chmod(0o600)
    assert moved.json("people", "list")["people"] == lineup.json("people", "list")["people"]
    on_postgres = lineup.json("people", "list", env={"LINEUP_DATABASE_URL": postgres_url})
    assert on_postgres["people"][0]["email"] == "ann@example.com"
