"""What a shell completes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from model_lineup.cli import app
from tests.cli.conftest import Lineup, copied


def _completed(lineup: Lineup, words: str) -> list[str]:
    env = {"_LINEUP_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    env["LINEUP_DATA_DIR"] = str(lineup.folder)
    return CliRunner().invoke(app, [], env=env, prog_name="lineup").stdout.split()


@pytest.fixture(scope="module")
def stocked(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Lineup:
    lineup = copied(made_once, tmp_path_factory.mktemp("stocked"))
    lineup.provider()
    for model in ("big", "small"):
        lineup.ok("models", "add", model, "--provider", "local")
    lineup.ok("aliases", "add", "fast", "small")
    return lineup


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("lineup mo", ["models"]),
        ("lineup providers show lo", ["local"]),
        ("lineup test ", ["fast", "big", "small"]),
        ("lineup models hide sm", ["small"]),
        ("lineup test 100%", []),
    ],
)
def test_verbs_and_names_are_completed(stocked: Lineup, words: str, completed: list[str]) -> None:
    assert _completed(stocked, words) == completed


def test_where_there_is_no_lineup_nothing_is_completed_and_nothing_made(nowhere: Lineup) -> None:
    assert _completed(nowhere, "lineup test ") == []
    assert not nowhere.folder.exists()
