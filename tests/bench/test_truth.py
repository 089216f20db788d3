"""What the truth benchmark makes of its parts; the measuring itself is tried by running it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench import benchmark_truth
from bench.truth import peers
from bench.truth.cases import CASES, Case, Part, spread, truth_of
from bench.truth.figures import broken_promises, rows, table, why_void, without_figures
from bench.truth.ours import measure_ours
from bench.truth.peers import Unavailable


def part(tool: str, off_ms: float = 0.0, *, case: str = "64", **changes: Any) -> Part:
    """TTFT 100 ms sent, `off_ms` more measured; gaps of 10 ms, measured as such."""
    truth = {"ttft": spread([100.0] * 200), "itl": spread([10.0] * 200)}
    measured = {"ttft": spread([100.0 + off_ms] * 200), "itl": spread([10.0] * 200)}
    facts = {"version": "1", "round": 1, "busy": 0.0, "start_up_s": 0.2, "cpu_s": 1.0, **changes}
    return Part(tool=tool, case=case, truth=truth, measured=measured, **facts)


def test_errors_are_medians_over_the_rounds() -> None:
    [row] = rows([part("lineup", off, round=number) for number, off in enumerate((0.3, 0.1, 9.0))])
    assert row.ttft_error == pytest.approx((0.3, 0.3, 0.3))
    assert (row.rounds, row.itl_error) == (3, (0, 0, 0))


def test_a_peer_that_cannot_run_is_a_row_that_says_why_and_stops_nothing() -> None:
    failed = Part(tool="aiperf", version="1", case="64", round=1, busy=0.0, failure="no such thing")
    found = rows([part("lineup"), failed])
    assert [row.failure for row in found] == ["", "no such thing"]
    assert "not measured: no such thing" in table(found)
    assert broken_promises(found) == []


def test_a_ratio_says_how_many_times_further_off_a_peer_is() -> None:
    shown = table(rows([part("lineup", 0.1), part("guidellm", 20.0, cpu_s=40.0)])).splitlines()[-1].split()
    assert shown[:2] == ["64", "guidellm"]
    assert (shown[5], shown[11]) == ("200", "40")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (part("lineup", 0.25), "TTFT is off by"),
        (part("lineup-process", 0.8), "TTFT is off by"),
        (part("lineup", 1.1, case="256"), "TTFT is off by"),
        (part("lineup", start_up_s=0.6), "to the first request"),
        (part("lineup", cpu_s=2.1), "of CPU"),
        (part("lineup", failure="it broke"), "it broke"),
    ],
)
def test_what_is_promised_is_checked(broken: Part, says: str) -> None:
    assert says in "".join(broken_promises(rows([broken])))


def test_what_peers_do_breaks_no_promise_of_ours() -> None:
    assert broken_promises(rows([part("lineup", 0.19), part("aiperf", 80.0, cpu_s=20.0, start_up_s=9.0)])) == []


def test_a_busy_machine_or_an_upstream_that_slipped_void_a_part() -> None:
    assert why_void(part("lineup")) is None
    assert why_void(part("aiperf", busy=0.6)) == "others used 60% of the machine"
    slipped = {"ttft": spread([100.0]), "itl": spread([15.0])}
    assert "gaps of 15.0 ms" in str(why_void(msgspec.structs.replace(part("lineup"), truth=slipped)))
    assert why_void(msgspec.structs.replace(part("aiperf"), truth=slipped)) is None
    assert without_figures([part("lineup"), part("aiperf")], [part("lineup")]) == ["aiperf 64"]


def test_truth_is_what_the_upstream_recorded() -> None:
    record = {
        "came_at": 5.0,
        "ttft_ms": 100.0,
        "gaps_ms": [10.0, 20.0],
        "tokens": 3,
        "late_ms": 0.2,
        "sending_ms": 0.02,
    }
    found = truth_of([record, {**record, "came_at": 5.13}])
    assert (found["truth"]["itl"].p99, found["truth"]["itl"].n) == (20.0, 4)
    assert found["tokens_per_s"] == pytest.approx(6 / 0.26)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_ours_is_measured_beside_the_upstream(tls: bool) -> None:
    options = ("--ttft-ms", "10", "--gap-ms", "1", "--tokens", "5")
    found = measure_ours(Case("tiny", 2, 4, options, tls=tls), kernel_stamps=True)
    assert "failure" not in found
    assert found["measured"]["ttft"].n == found["truth"]["ttft"].n == 4
    assert found["measured"]["itl"].n == found["truth"]["itl"].n == 16
    assert abs(found["measured"]["ttft"].p50 - found["truth"]["ttft"].p50) < 5
    assert 0 < found["cpu_s"] < 10


def test_a_peer_that_cannot_be_installed_is_unavailable_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no matching distribution\n")

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(Unavailable, match="no environment for aiperf with code 1: ERROR: no matching distribution"):
        peers.measure_peer("aiperf", CASES[0], tmp_path)
    with pytest.raises(peers.Unavailable, match="over TLS"):
        peers.measure_peer("aiperf", CASES[-1], tmp_path)


def test_parts_are_kept_and_can_be_told_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "parts.jsonl"
    lines = [msgspec.json.encode({"command": "one"}), *(msgspec.json.encode(part("lineup", off)) for off in (0.1, 0.2))]
    results.write_bytes(b"\n".join(lines) + b"\n")
    assert benchmark_truth.tell(results, write=False) == 0
    assert "lineup" in capsys.readouterr().out
    with results.open("ab") as more:
        more.write(msgspec.json.encode(part("lineup", 70.0, busy=0.9)) + b"\n")
    assert benchmark_truth.tell(results, write=False) == 0
    assert "left out: lineup 64, round 1: others used 90%" in capsys.readouterr().out
    with results.open("ab") as more:
        more.write(msgspec.json.encode(part("guidellm", busy=0.9)) + b"\n")
    assert benchmark_truth.tell(results, write=True) == 2


def test_it_runs_as_a_script() -> None:
    command = [sys.executable, "bench/benchmark_truth.py", "--help"]
    assert "--results" in subprocess.run(command, capture_output=True, check=True, text=True).stdout
