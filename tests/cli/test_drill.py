"""`lineup drill`: cases are told, met through the admin API, and compared with what is expected of each."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from model_lineup.demo.faults.case import cases
from tests.cli.conftest import Lineup
from tests.fakes.faults import Faults

DRILLS = {"LINEUP_DRILLS": "true"}


@pytest.fixture
def port(faults: Faults) -> str:
    return faults.origin.rpartition(":")[2]


def test_the_cases_are_told_with_what_is_expected(lineup: Lineup) -> None:
    told = lineup.ok("drill", "list")
    assert all(f"{name} " in told for name in cases())
    assert len(told.splitlines()) == len(cases()) + 2
    found = lineup.json("drill", "list", "redirect", "internal")
    assert [one["case"] for one in found] == ["redirect-inside"]
    assert found[0]["expected"]["test"] == "protocol/upstream_redirect"


def test_base_urls_come_from_the_server_that_runs(lineup: Lineup, faults: Faults, port: str) -> None:
    told = lineup.ok("drill", "list", "silent", "--urls", "--port", port)
    assert f"{faults.origin}/fault/silent/v1" in told
    assert "https://127.0.0.1:" in told  # the silent handshake has a door of its own


def test_a_case_becomes_a_provider_that_meets_it(lineup: Lineup, port: str) -> None:
    assert "drill-unauthorized" in lineup.ok("drill", "add", "unauthorized", "--port", port, env=DRILLS)
    result = lineup("test", "1", env=DRILLS)
    assert result.exit_code == 1
    assert "failed at auth, HTTP 401" in result.stdout
    assert lineup.json("providers", "show", "drill-unauthorized")["type"] == "fault"


def test_other_kinds_meet_it_in_their_own_format_and_need_no_setting(lineup: Lineup, port: str) -> None:
    lineup.ok("drill", "add", "overloaded", "--kind", "anthropic", "--port", port)
    assert "failed at quota, HTTP 529" in lineup("test", "1").stdout


def test_without_the_setting_no_drill_is_added_offered_or_called(lineup: Lineup, port: str) -> None:
    refused = lineup("drill", "add", "unauthorized", "--port", port)
    assert refused.exit_code == 1
    assert "LINEUP_DRILLS is off" in refused.stderr
    lineup.ok("drill", "add", "unauthorized", "--port", port, env=DRILLS)
    assert "failed at connect. Drills are off" in lineup("test", "1").stdout
    assert "\nfault " not in lineup.ok("providers", "kinds")
    assert "\nfault " in lineup.ok("providers", "kinds", env=DRILLS)
    assert "Deleted" in lineup.ok("providers", "delete", "drill-unauthorized", "--force")


def test_cases_are_met_compared_and_taken_away(lineup: Lineup, port: str) -> None:
    met = lineup.json("drill", "run", "not-found", "list-empty", "--word", "vouches", "--port", port, env=DRILLS)
    found = {one["case"]: (one["list"], one["test"], one["as_expected"]) for one in met}
    assert found == {
        "not-found": ("protocol", "model", True),
        "list-empty": ("empty", "passes", True),
        "tls-self-signed": ("tls", "tls", True),
    }
    assert lineup.json("providers", "list")["providers"] == []


@pytest.mark.parametrize("words", [["add", "nope"], ["run", "nope"], ["add", "silent", "--kind", "none"]])
def test_what_there_is_not_is_misuse(lineup: Lineup, port: str, words: list[str]) -> None:
    assert lineup("drill", *words, "--port", port, env=DRILLS).exit_code == 2


def test_a_case_that_a_format_cannot_say_is_misuse(lineup: Lineup, port: str) -> None:
    result = lineup("drill", "add", "detail-fails", "--kind", "google", "--port", port)
    assert result.exit_code == 2
    assert "google" in result.stderr


def test_without_a_drill_server_it_says_so(lineup: Lineup) -> None:
    result = lineup("drill", "list", "--urls", "--port", "9")
    assert result.exit_code == 1
    assert "127.0.0.1:9" in result.stderr


def test_it_serves_on_this_machine_alone_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model_lineup.cli", "drill", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        origin = re.match(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert origin is not None
        with urllib.request.urlopen(f"{origin[0]}/", timeout=10) as answer:
            assert len(json.load(answer)["cases"]) == len(cases())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
