"""`lineup test --capabilities`, `lineup providers checks` and `spending`, and what a benchmark says before."""

from pathlib import Path
from random import Random

import pytest

from tests.cli.conftest import Lineup, copied
from tests.fakes.honest import honest, refused
from tests.fakes.provider import FakeProvider, fake_provider


@pytest.fixture(scope="module")
def able() -> object:
    with fake_provider() as running:
        yield running


@pytest.fixture
def lineup_with_model(made_once: Path, tmp_path: Path, able: FakeProvider) -> Lineup:
    """`m` at `able`, which can do everything."""
    able.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    lineup = copied(made_once, tmp_path)
    lineup.provider(able.base_url, name="Able")
    lineup.ok("models", "add", "m", "--provider", "able", "--visible")
    return lineup


def test_capabilities_are_proven_and_then_known(lineup_with_model: Lineup) -> None:
    lineup = lineup_with_model
    said = lineup.ok("test", "m", "--only", "tools", "--only", "stop")
    assert [line.split()[:2] for line in said.splitlines() if line.startswith(("tools", "stop"))] == [
        ["tools", "yes"],
        ["stop", "yes"],
    ]
    found = lineup.json("test", "m", "--capabilities")
    assert {one["verdict"] for one in found["capabilities"]} == {"yes"}
    assert found["spent"]["requests"] == 11
    known = lineup.json("models", "capabilities", "m")["capabilities"]
    assert {(one["verdict"], one["stale"]) for one in known} == {("yes", False)}
    spent = lineup.json("providers", "spending", "able")
    assert [(one["work"], one["requests"]) for one in spent["spent"]] == [("capability tests", 14)]
    assert "capability tests" in lineup.ok("providers", "spending")


def test_undecided_about_everything_fails_with_1_and_an_unknown_capability_with_2(
    lineup_with_model: Lineup, able: FakeProvider
) -> None:
    able.answer("/chat/completions", lambda got: refused("Internal error.", 500))
    result = lineup_with_model("test", "m", "--only", "tools")
    assert (result.exit_code, "undecided" in result.stdout) == (1, True)
    wrong = lineup_with_model("test", "m", "--only", "telepathy")
    assert wrong.exit_code != 0
    assert "telepathy" in wrong.stderr


def test_a_schedule_is_set_seen_and_taken_away(lineup_with_model: Lineup) -> None:
    lineup = lineup_with_model
    assert "off" in lineup.ok("providers", "checks", "able")
    schedule = ["--every-minutes", "60", "--tokens-per-day", "9000", "--capabilities-every-days", "30"]
    said = lineup.ok("providers", "checks", "able", *schedule)
    assert "every 60 minutes, at most 9000 tokens a day; capabilities every 30 days" in said
    assert lineup.json("providers", "checks", "able")["check_schedule"]["capabilities_every_days"] == 30
    assert lineup.json("providers", "checks", "able", "--off")["check_schedule"] is None


@pytest.mark.parametrize(
    "options",
    [
        ["--every-minutes", "60"],
        ["--capabilities-every-days", "3"],
        ["--off", "--every-minutes", "60", "--tokens-per-day", "9"],
    ],
)
def test_half_a_schedule_is_refused(lineup_with_model: Lineup, options: list[str]) -> None:
    assert lineup_with_model("providers", "checks", "able", *options).exit_code == 2


def test_a_benchmark_says_what_it_costs_and_which_cap_it_may_pass(lineup_with_model: Lineup) -> None:
    lineup = lineup_with_model
    lineup.ok("providers", "checks", "able", "--every-minutes", "60", "--tokens-per-day", "300")
    result = lineup("benchmark", "m", "--requests", "2", "--max-tokens", "10", "--warmup", "0")
    assert "m at able: 2 requests, at most 80 tokens, price unknown." in result.stderr
    assert "daily cap" not in result.stderr
    passing = lineup("benchmark", "m", "--requests", "9", "--warmup", "0", "--max-tokens", "16")
    assert "This may pass the daily cap of able" in passing.stderr
    spent = lineup.json("providers", "spending", "able")["spent"]
    assert {one["work"]: one["requests"] for one in spent} == {"benchmarks": 11}
