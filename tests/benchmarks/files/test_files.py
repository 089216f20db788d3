"""What leaves as a file holds text as text."""

import csv
import io
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import msgspec
import pytest

from model_lineup.benchmarks.files.page import page
from model_lineup.benchmarks.files.plots import Line, plot, shares
from model_lineup.benchmarks.files.requests_csv import lines
from model_lineup.benchmarks.pairing import in_turns_with
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildOutcome
from model_lineup.benchmarks.records import Run
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sweep import Sweep

HOSTILE = "<script>alert(1)</script>\"'&\u202e{{7*7}}"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def run_of(plan: Plan, samples: list[Sample]) -> Run:
    return Run(
        id=1,
        state="finished",
        model=1,
        model_id=HOSTILE,
        provider=HOSTILE,
        plan=plan,
        progress=0,
        report=msgspec.Raw(msgspec.json.encode(report_of(plan, samples))),
        error="errors",
        message=HOSTILE,
        actor=HOSTILE,
        revision=1,
        created_at=NOW,
        ended_at=NOW,
    )


def test_every_text_on_the_page_is_escaped() -> None:
    sample = Sample(0, 0.0, 1.0, response_time_ms=5.0, answered_model=HOSTILE)
    plan = Plan(name=HOSTILE)
    made = page(run_of(plan, [sample]), report_of(plan, [sample]), [sample])
    assert "<script" not in made
    assert made.count("&lt;script&gt;") >= 5
    assert "default-src 'none'" in made


@pytest.mark.parametrize("samples", [[], [Sample(0, 0.0, 1.0, unfinished=True)]])
def test_a_run_that_measured_nothing_has_a_page(samples: list[Sample]) -> None:
    for plan in (Plan(), Plan(sweep=Sweep(concurrency=(1, 2)))):
        assert "Nothing was measured" in page(run_of(plan, samples), report_of(plan, samples), samples)


def test_a_sweep_has_its_steps_and_its_knee() -> None:
    plan = Plan(requests=2, sweep=Sweep(concurrency=(1, 2)))
    found = [Sample(n, float(n), n + 1.0, response_time_ms=1000.0) for n in range(4)]
    made = page(run_of(plan, found), report_of(plan, found), found)
    assert "The knee is at 1: from 1 to 2 at a time" in made


def test_a_sweep_in_turns_says_why_it_has_no_throughput() -> None:
    plan = Plan(requests=2, sweep=Sweep(concurrency=(1, 2)))
    found = [Sample(n, float(n), n + 1.0, response_time_ms=1000.0) for n in range(4)]
    report = in_turns_with(7, ChildOutcome("completed", report_of(plan, found))).report
    made = page(run_of(plan, found), report, found)
    assert "Measured in turns with run 7" in made
    assert "Answers per second" not in made


@pytest.mark.parametrize(
    "points",
    [[(0.0, 0.0)], [(1.0, 5.0), (1.0, 5.0)], [(0.0, 1e-9), (1e9, 1e12)], [(float("nan"), 1.0), (1.0, 2.0)]],
)
def test_plots_are_well_formed_for_any_values(points: list[tuple[float, float]]) -> None:
    ElementTree.fromstring(plot("t <&>", [Line("a<b", points), Line("dots", points, dots=True)], x="x<", y="&y"))


def test_shares_end_at_all_of_them() -> None:
    assert shares([3.0, 1.0]) == [(1.0, 50.0), (3.0, 100.0)]
    assert shares([float(n) for n in range(10_000)])[-1] == (9999.0, 100.0)
    assert shares([]) == []


def test_a_cell_that_would_be_a_formula_stays_text() -> None:
    sample = Sample(0, 0.0, 1.0, answered_model="=cmd|' /C calc'!A0", finish_reason="a,b\n", itl_ms=(1.0, 3.0))
    head, row = csv.reader(io.StringIO("".join(lines([sample]))))
    found = dict(zip(head, row, strict=True))
    assert found["answered_model"] == "'=cmd|' /C calc'!A0"
    assert found["finish_reason"] == "a,b\n"
    assert [found[name] for name in ("itl_mean_ms", "itl_max_ms", "ttft_ms")] == ["2.000", "3.000", ""]
    assert not re.search(r"^[=+@-]", found["answered_model"])
