"""What holds for every verb: help, options before and after it, exit codes, JSON as the API gives it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from model_lineup import __version__
from model_lineup.cli import app
from tests.cli.conftest import Lineup


def _verbs(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield words
    for word, one in inner.items():
        yield from _verbs(one, (*words, word))


VERBS = list(_verbs(typer.main.get_command(app)))


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_explains_itself_and_its_options(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    description = result.stdout.split("\n\n")[1].strip()
    assert description.endswith(".")
    assert "--data-dir" in result.stdout


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"lineup {__version__}\n"


def test_where_and_how_may_be_said_before_the_verb_or_after_it(lineup: Lineup, nowhere: Lineup) -> None:
    folder = str(lineup.folder)
    before = nowhere.ok("--data-dir", folder, "--json", "people", "list")
    after = nowhere.ok("people", "list", "--data-dir", folder, "--json")
    assert before == after
    assert json.loads(before)["people"][0]["email"] == "ann@example.com"


def test_what_is_said_after_the_verb_wins(lineup: Lineup, nowhere: Lineup) -> None:
    assert "ann@" in nowhere.ok("--data-dir", "elsewhere", "people", "list", "--data-dir", str(lineup.folder))


def test_a_refusal_is_told_on_standard_error_with_its_code_and_ends_with_1(lineup: Lineup) -> None:
    result = lineup("models", "show", "nope")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Error: No model is registered as 'nope'." in result.stderr
    assert "(model_not_found)" in result.stderr


def test_a_refusal_in_json_is_the_problem_on_standard_output(lineup: Lineup) -> None:
    result = lineup("--json", "models", "show", "nope")
    assert result.exit_code == 1
    assert result.stderr == ""
    assert json.loads(result.stdout)["code"] == "model_not_found"


def test_fields_that_are_wrong_are_named(lineup: Lineup) -> None:
    result = lineup("providers", "add", "X", "http://127.0.0.1:9/v1")
    assert result.exit_code == 1
    assert "/base_url" in result.stderr
    assert "--network-scope" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["models", "shw"],
        ["models", "list", "--limit", "0"],
        ["models", "hide"],
        ["models", "hide", "x", "--all"],
        ["models", "change", "x"],
        ["providers", "add", "X", "https://x.example/v1", "--header", "no-value"],
        ["providers", "add", "X", "https://x.example/v1", "--api-key-stdin", "--api-key-env", "K"],
        ["--url", "https://x.example", "models", "list"],
        ["--url", "https://x.example", "--data-dir", "d", "--key", "k", "models", "list"],
        ["benchmark", "x", "--async"],
    ],
    ids=" ".join,
)
def test_a_wrong_use_ends_with_2_and_the_usage(lineup: Lineup, words: list[str]) -> None:
    result = lineup(*words)
    assert result.exit_code == 2
    assert "Usage: lineup" in result.stderr or "Usage: root" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_without_a_lineup_is_refused_and_not_made(nowhere: Lineup) -> None:
    result = nowhere("models", "list")
    assert result.exit_code == 78
    assert "There is no Lineup in" in result.stderr
    assert not nowhere.folder.exists()


def test_a_setting_that_does_not_exist_is_refused(lineup: Lineup) -> None:
    result = lineup("models", "list", env={"LINEUP_PROT": "1"})
    assert result.exit_code == 78
    assert "LINEUP_PROT" in result.stderr


def test_a_folder_of_another_user_is_refused(lineup: Lineup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: lineup.folder.stat().st_uid + 1)
    result = lineup("models", "list")
    assert result.exit_code == 78
    assert "belongs to" in result.stderr


def test_a_missing_key_ring_is_told_without_a_traceback(lineup: Lineup) -> None:
    (lineup.folder / "keyring.json").unlink()
    result = lineup("models", "list")
    assert result.exit_code == 78
    assert "The key ring" in result.stderr
    assert json.loads(lineup("models", "list", "--json").stdout)["code"] == "start_refused"
