"""`lineup models retire`: said, rehearsed, taken back, and refused before anything is stored."""

from pathlib import Path

import pytest

from tests.cli.conftest import Lineup, copied


@pytest.fixture(scope="module")
def stocked_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`old` with the alias `chat`, `new` and the hidden `secret` beside it."""
    lineup = copied(made_once, tmp_path_factory.mktemp("retiring"))
    lineup.provider()
    lineup.ok("models", "add", "old", "--provider", "local", "--visible")
    lineup.ok("models", "add", "new", "--provider", "local", "--visible")
    lineup.ok("models", "add", "secret", "--provider", "local")
    lineup.ok("aliases", "add", "chat", "old")
    return lineup.folder


@pytest.fixture
def stocked(stocked_once: Path, tmp_path: Path) -> Lineup:
    return copied(stocked_once, tmp_path)


def test_an_end_a_successor_and_words_for_callers_are_said_in_one_change(stocked: Lineup) -> None:
    result = stocked("models", "retire", "chat", "--at", "2127-01-31", "--successor", "new", "--message", "Use new.")
    assert (result.exit_code, result.stdout.splitlines()[0][:47]) == (
        0,
        "old (id 1) ends at 2127-01-31 00:00:00 UTC. Cha",
    )
    assert "These aliases go to new then: chat" in result.stderr
    assert stocked.json("models", "show", "old")["lifecycle"] == {
        "message": "Use new.",
        "sunset_at": "2127-01-31T00:00:00Z",
        "successor_id": 2,
    }


@pytest.mark.parametrize(
    ("said", "meant"),
    [("2127-01-31", "2127-01-31T00:00:00Z"), ("2127-01-31T12:30:00+02:00", "2127-01-31T10:30:00Z")],
)
def test_a_date_is_its_first_moment_in_utc_and_a_time_may_say_its_zone(stocked: Lineup, said: str, meant: str) -> None:
    told = stocked.json("models", "retire", "old", "--at", said, "--deprecated-at", "2026-01-01")
    assert told["lifecycle"] == {"sunset_at": meant, "deprecated_at": "2026-01-01T00:00:00Z"}


def test_an_end_in_the_past_is_an_end_now(stocked: Lineup) -> None:
    stocked.ok("models", "retire", "old", "--at", "2026-01-01", "--successor", "new")
    assert stocked("chat", "old", "Hello").exit_code == 1
    assert "model_retired" in stocked("chat", "old", "Hello").stderr
    assert "is answered by 'new'" in stocked.ok("resolve", "chat")


def test_words_alone_mark_it_as_deprecated(stocked: Lineup) -> None:
    assert "old (id 1) is deprecated." in stocked.ok("models", "retire", "old", "--message", "Rather not.")
    assert stocked.json("models", "show", "old")["lifecycle"] == {"message": "Rather not."}


def test_a_dry_run_says_what_would_come_and_stores_nothing(stocked: Lineup) -> None:
    retire = ["models", "retire", "old", "--at", "2127-01-31", "--successor", "secret", "--dry-run"]
    result = stocked(*retire)
    assert "Dry run, nothing stored." in result.stdout
    assert "successor   secret (id 3)" in result.stdout
    assert "It would meet 1 alias, and 0 keys with 0 requests" in result.stdout
    assert "secret is hidden: callers are not told of it" in result.stderr
    rehearsed = stocked.json(*retire)
    assert (rehearsed["dry_run"], rehearsed["lifecycle"]["successor_id"]) == (True, 3)
    assert stocked.json("models", "show", "old")["lifecycle"] is None


def test_it_is_taken_back_and_that_can_be_rehearsed_too(stocked: Lineup) -> None:
    stocked.ok("models", "retire", "old", "--at", "2127-01-31")
    assert "Dry run, nothing stored." in stocked.ok("models", "retire", "old", "--cancel", "--dry-run")
    assert stocked.json("models", "show", "old")["lifecycle"] is not None
    assert "is taken back. Change" in stocked.ok("models", "retire", "old", "--cancel")
    assert stocked.json("models", "show", "old")["lifecycle"] is None
    assert "Nothing had to change." in stocked.ok("models", "retire", "old", "--cancel")


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (["old"], 2, "Say when it ends (--at), what follows it (--successor)"),
        (["old", "--at", "soon"], 2, "--at takes a date or a time like 2027-01-31T12:00:00Z, not 'soon'."),
        (["old", "--at", "2127-02-30"], 2, "not '2127-02-30'"),
        (["old", "--deprecated-at", "x"], 2, "--deprecated-at takes a date"),
        (["old", "--successor", "old"], 1, "a model cannot be its own successor"),
        (["old", "--successor", "nobody"], 1, "(model_not_found)"),
        (["nobody", "--at", "2127-01-31"], 1, "(model_not_found)"),
    ],
)
def test_what_makes_no_sense_is_refused_also_by_a_dry_run(
    stocked: Lineup, words: list[str], exit_code: int, told: str, dry_run: list[str]
) -> None:
    result = stocked("models", "retire", *words, *dry_run)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert told in " ".join(result.stderr.split())
