"""`lineup test`, `lineup benchmark` and `lineup runs` over a folder, with a paced provider."""

import csv
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.measurer import Lag, Measurer
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.cli.figures import tell_report
from tests.cli.conftest import Lineup, copied
from tests.fakes.paced import Paced, paced

QUICK = ["--requests", "20", "--max-tokens", "5"]


@pytest.fixture(scope="module")
def echoing_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory, echo: Paced) -> Path:
    """`paced-echo` is registered, `tiny` means it, and `gone` is a model where nobody listens."""
    lineup = copied(made_once, tmp_path_factory.mktemp("echoing"))
    lineup.provider(echo.base_url, name="Echo")
    lineup.provider(name="Gone")
    lineup.ok("providers", "fetch", "echo")
    lineup.ok("models", "add", "gone", "--provider", "gone")
    lineup.ok("aliases", "add", "tiny", "paced-echo")
    return lineup.folder


@pytest.fixture
def echoing(echoing_once: Path, tmp_path: Path) -> Lineup:
    return copied(echoing_once, tmp_path)


def test_a_model_that_answers_passes_its_test(echoing: Lineup) -> None:
    said = echoing.ok("test", "tiny")
    assert re.search(r"paced-echo at echo: passed in [\d.]+ ms, first token after [\d.]+ ms", said)


def test_one_that_does_not_fails_with_1_and_the_step(echoing: Lineup) -> None:
    result = echoing("test", "gone")
    assert result.exit_code == 1
    assert "gone at gone: failed at connect" in result.stdout
    assert "Check host and port" in result.stderr


def test_a_benchmark_shows_its_progress_and_its_figures(echoing: Lineup) -> None:
    result = echoing("benchmark", "tiny", *QUICK, "--concurrency", "2", "--seed", "7")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-4:] == [f"{done} of 20 requests" for done in (5, 10, 15, 20)]
    figures = result.stdout.partition("95 % intervals")[0]
    table = {line[:26].strip(): line[26:].split() for line in figures.splitlines()}
    assert table["Run 1: paced-echo at echo,"][0] == "finished,"
    assert ["mean", "p50", "p90", "p95", "p99", "max", "n"] in table.values()
    mean, *_, p99, _, n = table["time to first token, ms"]
    assert 4 < float(mean) < 60
    assert (p99, n) == ("–", "20")
    assert "Requests: 20 of 20 succeeded; 2 at a time, in" in result.stdout
    assert "100 written; as the provider counted them." in result.stdout
    assert re.search(r"Every arrival stamped .*, with [\d.]+ s of CPU\.", result.stdout)


def test_a_benchmark_in_json_is_the_run(echoing: Lineup) -> None:
    run = echoing.json("benchmark", "tiny", "--requests", "2", "--max-tokens", "2", "--warmup", "0", "--rate", "50")
    assert (run["state"], run["report"]["succeeded"], run["plan"]["rate"]) == ("finished", 2, 50)
    assert echoing.json("runs", "show", "1") == run


def test_a_benchmark_of_a_model_that_does_not_answer_fails_with_1(echoing: Lineup) -> None:
    result = echoing("benchmark", "gone", "--requests", "2")
    assert result.exit_code == 1
    assert "0 of 2 succeeded, 2 failed (connect: 2)" in result.stdout


def test_a_plan_out_of_range_is_refused_with_the_field(echoing: Lineup) -> None:
    result = echoing("benchmark", "tiny", "--rate", "5", "--concurrency", "2")
    assert result.exit_code == 1
    assert "/rate" in result.stderr


def test_runs_are_listed_shown_and_followed(echoing: Lineup) -> None:
    assert "No runs" in echoing.ok("runs", "list")
    echoing.ok("benchmark", "tiny", "--requests", "2", "--max-tokens", "2")
    assert "2/2" in echoing.ok("runs", "list", "--model", "tiny", "--state", "finished")
    assert "No runs" in echoing.ok("runs", "list", "--model", "gone")
    assert echoing.ok("runs", "follow", "1") == echoing.ok("runs", "show", "1")
    assert "Run 1 is finished already." in echoing.ok("runs", "cancel", "1")
    assert echoing("runs", "show", "2").exit_code == 1


def test_ctrl_c_cancels_the_run_and_shows_what_was_measured(lineup: Lineup) -> None:
    with paced("--ttft-ms", "100", "--gap-ms", "1") as slow:
        lineup.provider(slow.base_url)
        lineup.ok("providers", "fetch", "local")
        said, code = _on_a_terminal(lineup, "benchmark", "paced-echo", "--requests", "500", "--max-tokens", "2")
    assert code == 130
    assert "Cancelling; what was measured is kept." in said
    assert re.search(r"Requests: \d+ of 500 succeeded", said)
    assert "It was cancelled." in said
    assert "Traceback" not in said
    assert lineup.json("runs", "show", "1")["state"] == "cancelled"


def _on_a_terminal(lineup: Lineup, *words: str) -> tuple[str, int]:
    """Run it on a terminal of its own and press Ctrl-C when its bar has moved; what it said, and its exit code."""
    ours, its = pty.openpty()
    environment = {**os.environ, "LINEUP_DATA_DIR": str(lineup.folder), "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "model_lineup.cli", *words]
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True, preexec_fn=_take_terminal
    )
    os.close(its)
    said, pressed, deadline = "", False, time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            piece = os.read(ours, 65536).decode(errors="replace")
        except OSError:  # Linux tells the end of a terminal like this
            break
        if not piece:
            break
        said += piece
        if not pressed and re.search(r"[3-9]/500", said):
            os.write(ours, b"\x03")
            pressed = True
    os.close(ours)
    return said, process.wait(10)


def _take_terminal() -> None:
    """Make the terminal the one whose Ctrl-C reaches this process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    ("measurer", "says"),
    [
        ({"saturated": True, "reasons": ["lag", "cpu"]}, "measure well (it read late, it used its whole core): take"),
        (None, "measure well: take"),
    ],
)
def test_a_saturated_report_says_why_and_one_of_an_earlier_version_only_that(
    measurer: dict[str, Any] | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = Sample(0, 0.0, 1.0, response_time_ms=10.0, ttft_ms=5.0)
    environment = Environment(stamps="kernel", measurer=Measurer(cpu_s=0.5, lag_ms=Lag(1.0, 20.0, 30.0, 100)))
    report = msgspec.to_builtins(report_of(Plan(requests=1), [sample], environment=environment, saturated=True))
    if measurer is None:
        del report["environment"]["measurer"], report["environment"]["stamps"]
    else:
        report["environment"]["measurer"].update(measurer)
    tell_report(report)
    said = capsys.readouterr().out
    assert says in " ".join(said.split())
    assert ("Every arrival stamped by the kernel, read 20.0 ms later at p99, with 0.50 s of CPU." in said) == bool(
        measurer
    )


def test_two_models_in_turns_a_baseline_and_a_page(echoing: Lineup, tmp_path: Path) -> None:
    echoing.provider(echoing.json("providers", "show", "echo")["base_url"], name="Twin")
    echoing.ok("models", "add", "paced-echo", "--provider", "twin")
    plan = tmp_path / "plan.toml"
    plan.write_text("requests = 12\nmax_tokens = 3\nwarmup = 0\n[slo]\ne2e_ms = 9000\n")
    told = echoing.ok("benchmark", "tiny", "twin/paced-echo", "--compare", "--plan", str(plan))
    assert re.search(r"^(No difference at this n|Better|Worse|Mixed)", told, re.MULTILINE)
    assert "met the objectives, %" in told
    found = echoing.json("runs", "compare", "1", "2")
    assert (found["interleaved"], found["throughput"]) == (True, [None, None])
    begun = [sample["started_s"] for run in (1, 2) for sample in samples(echoing, run, tmp_path)]
    assert max(begun[:12]) > min(begun[12:])  # in turns, not one after the other
    echoing.ok("runs", "pin", "1")
    assert "Cold: 1 of 1 succeeded" in echoing.ok("benchmark", "tiny", "--plan", str(plan), "--cold", "1")
    assert echoing.json("runs", "compare", "3")["base"] == 1
    echoing.ok("runs", "save", "3", str(tmp_path / "run.html"))
    assert "Beside run 1" in (tmp_path / "run.html").read_text()


def test_two_models_in_turns_at_growing_load(echoing: Lineup) -> None:
    echoing.provider(echoing.json("providers", "show", "echo")["base_url"], name="Twin")
    echoing.ok("models", "add", "paced-echo", "--provider", "twin")
    plan = ("--sweep", "1,2", "--requests", "10", "--max-tokens", "2", "--warmup", "0")
    told = echoing.ok("benchmark", "tiny", "twin/paced-echo", "--compare", *plan)
    assert "time to first token p50, ms at 2" in " ".join(told.split())
    sweeps = [echoing.json("runs", "show", run)["report"]["sweep"] for run in ("1", "2")]
    assert [[step["load"] for step in sweep["steps"]] for sweep in sweeps] == [[1, 2], [1, 2]]
    assert all(step["requests_per_s"] is None for sweep in sweeps for step in sweep["steps"])


def samples(lineup: Lineup, run: int, folder: Path) -> list[dict[str, float]]:
    path = folder / f"{run}.csv"
    lineup.ok("runs", "save", str(run), str(path))
    return [{"started_s": float(row["started_s"])} for row in csv.DictReader(path.read_text().splitlines())]
