"""`--at`: changes are staged where they are made, looked at and cancelled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Lineup, copied


@pytest.fixture(scope="module")
def stocked_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`old` with the alias `chat`, and `new` beside it."""
    lineup = copied(made_once, tmp_path_factory.mktemp("staging"))
    lineup.provider()
    lineup.ok("models", "add", "old", "--provider", "local", "--visible")
    lineup.ok("models", "add", "new", "--provider", "local", "--visible")
    lineup.ok("aliases", "add", "chat", "old")
    return lineup.folder


@pytest.fixture
def stocked(stocked_once: Path, tmp_path: Path) -> Lineup:
    return copied(stocked_once, tmp_path)


def soon() -> str:
    """A moment that may be staged for, on whatever day the tests run."""
    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def test_a_change_is_staged_looked_at_and_cancelled(stocked: Lineup) -> None:
    hide = ["models", "hide", "old", "--at", soon(), "--announce", "Use new.", "--successor", "new"]
    rehearsed = stocked.ok(*hide, "--dry-run")
    assert rehearsed.startswith(f"Dry run, nothing stored. Hide old at {soon()} 00:00:00 UTC.\nCallers are told from ")
    assert "It would meet 1 alias, and 0 keys" in rehearsed
    assert "Nothing is staged." in stocked.ok("staged", "list")
    assert "`lineup staged cancel 1` ends it" in stocked.ok(*hide)
    assert stocked.json("models", "show", "old")["visible"] is True
    assert "Hide old" in stocked.ok("staged", "list", "--state", "waiting")
    shown = stocked.ok("staged", "show", "1")
    assert "Use new." in shown
    assert "waiting" in shown
    assert "Dry run" in stocked.ok("staged", "cancel", "1", "--dry-run")
    assert "Cancelled staged change 1. Change" in stocked.ok("staged", "cancel", "1")
    result = stocked("staged", "cancel", "1")
    assert (result.exit_code, "Staged change 1 is cancelled already." in result.stderr) == (1, True)


def test_whatever_may_be_staged_is_staged_where_it_is_made(stocked: Lineup) -> None:
    stocked.ok("models", "agents-on", "old", "--at", soon())
    stocked.ok("aliases", "change", "chat", "--to", "new", "--at", soon(), "--announce", "")
    stocked.ok("providers", "disable", "local", "--at", soon(), "--announce", "Bye.")
    staged = stocked.json("staged", "list")["staged"]
    assert [one["title"].rpartition(" ")[0] for one in staged] == [
        "Allow agents to use",
        "Point chat from old to",
        "Switch Local",
    ]
    assert [one["announce"] is not None for one in staged] == [False, True, True]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("models", "hide", "old", "--announce", "Bye."), "go with --at"),
        (("models", "delete", "old", "--at", "2127-01-01"), "Deleting is not staged"),
        (("aliases", "change", "chat", "--description", "x", "--at", "2127-01-01"), "say --to and nothing else"),
        (("providers", "disable", "local", "--dry-run"), "goes with --at"),
        (("models", "hide", "old", "--at", "soon"), "--at takes a date or a time"),
        (("models", "hide", "old", "--at", "2127-01-01"), "at most 400 days ahead"),
    ],
)
def test_what_cannot_be_staged_is_refused_in_words(stocked: Lineup, said: tuple[str, ...], told: str) -> None:
    result = stocked(*said)
    assert result.exit_code != 0
    assert told in " ".join(result.stderr.split())
