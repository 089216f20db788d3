"""Does a benchmark by Lineup tell the truth? Compares what it measured with what the upstream recorded having sent.

    .venv/bin/python bench/benchmark_truth.py

Starts the paced provider in its own process, once per schedule, and benchmarks it as the product does, in a child
process. Prints a table, writes `docs/benchmark-truth.json` and draws `docs/img/benchmark-truth.svg`. Writes nothing and
exits with 1 when a median is further from the truth than promised, with 2 when the upstream itself could not keep its
schedule: the machine was busy then, and the figures would say nothing about Lineup.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from urllib.request import Request, urlopen

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.protocol import ChildEvent
from model_lineup.benchmarks.report import Sample
from model_lineup.benchmarks.runner import run_in_child
from model_lineup.benchmarks.statistics import percentile
from model_lineup.upstream.contract import Endpoint, Target

DOCS = Path(__file__).resolve().parent.parent / "docs"
TOLERATED_MS = {"ttft": 0.5, "itl": 0.1}
PERCENTS = (50, 99)
_STALLS = ("--early-role-chunk", "--stall-every", "20", "--stall-ms", "100")


@dataclass(frozen=True)
class Case:
    """One schedule at one concurrency. TTFT 100 ms, gaps 10 ms, 100 tokens; `options` change the upstream."""

    name: str
    concurrency: int
    requests: int
    options: tuple[str, ...] = ()
    longest_gap_ms: float = 10.0


CASES = (
    Case("1 at a time", 1, 20),
    Case("16 at a time", 16, 160),
    Case("16, early role chunk, stalls", 16, 160, _STALLS, 100.0),
)


@dataclass(frozen=True)
class Figure:
    """One percentile of one figure, in ms: what was sent, what was measured."""

    case: str
    figure: str
    percent: int
    truth: float
    measured: float

    @property
    def error(self) -> float:
        return self.measured - self.truth


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compares what Lineup measures with what was sent.")
    parser.add_argument("--no-files", action="store_true", help="only print")
    options = parser.parse_args(arguments)
    figures, gaps = [], {}
    for case in CASES:
        sent, measured = asyncio.run(measure(case))
        figures += compare(case, sent, measured)
        gaps[case.name] = (_gaps_of_records(sent), _gaps_of_samples(measured))
    print(table(figures))
    if not kept_its_schedule(figures):
        print("The upstream itself was late, so the machine is busy. Nothing was written.", file=sys.stderr)
        return 2
    wrong = [figure for figure in figures if figure.percent == 50 and abs(figure.error) > TOLERATED_MS[figure.figure]]
    for figure in wrong:
        print(f"Too far from the truth: {figure}", file=sys.stderr)
    if wrong:
        return 1
    if not options.no_files:
        write_json(figures)
        draw(gaps)
    return 0


async def measure(case: Case) -> tuple[list[dict[str, Any]], list[Sample]]:
    """The upstream's records and our samples of the measured requests, warm-up left out on both sides."""
    samples: list[Sample] = []

    def keep(event: ChildEvent) -> None:
        if isinstance(event, Sample) and not event.warmup:
            samples.append(event)

    with paced_upstream(case.options) as base_url:
        target = Target(Endpoint("openai", base_url, network_scope="loopback"), "paced-echo")
        plan = Plan(case.requests, case.concurrency, max_tokens=100, warmup=case.concurrency, time_limit_s=120)
        outcome = await run_in_child(plan, target, on_event=keep, cancel=asyncio.Event())
        assert outcome.state == "completed", outcome
        assert outcome.report.succeeded == case.requests, outcome.report.errors
        return call(base_url, "GET")["requests"][case.concurrency :], samples


@contextmanager
def paced_upstream(options: Sequence[str]) -> Iterator[str]:
    command = [sys.executable, "-m", "model_lineup.demo.paced", "--until-stdin-closes", *options]
    with Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.stdin.close()


def call(base_url: str, method: str) -> Any:
    with urlopen(Request(f"{base_url}/stats", method=method)) as answer:
        return json.load(answer)


def compare(case: Case, sent: list[dict[str, Any]], measured: list[Sample]) -> list[Figure]:
    truth = {"ttft": [record["ttft_ms"] for record in sent], "itl": _gaps_of_records(sent)}
    ours = {"ttft": [s.ttft_ms for s in measured if s.ttft_ms is not None], "itl": _gaps_of_samples(measured)}
    return [
        Figure(case.name, name, percent, *(percentile(sorted(side[name]), percent) for side in (truth, ours)))
        for name in ("ttft", "itl")
        for percent in PERCENTS
    ]


def kept_its_schedule(figures: Sequence[Figure]) -> bool:
    """Whether the upstream's own p99 gap was within 1 ms of what it was told."""
    told = {case.name: case.longest_gap_ms for case in CASES}
    gaps = [figure for figure in figures if (figure.figure, figure.percent) == ("itl", 99)]
    return all(abs(figure.truth - told[figure.case]) < 1 for figure in gaps)


def _gaps_of_records(records: list[dict[str, Any]]) -> list[float]:
    return [gap for record in records for gap in record["gaps_ms"]]


def _gaps_of_samples(samples: list[Sample]) -> list[float]:
    return [gap for sample in samples for gap in sample.itl_ms]


def table(figures: Sequence[Figure]) -> str:
    lines = [f"{'':30}{'':12}{'sent':>10}{'measured':>10}{'error':>9}  ms"]
    for figure in figures:
        label = f"{figure.figure.upper()} p{figure.percent}"
        lines.append(f"{figure.case:30}{label:12}{figure.truth:10.3f}{figure.measured:10.3f}{figure.error:+9.3f}")
    return "\n".join(lines)


def write_json(figures: Sequence[Figure]) -> None:
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    rows = [{**asdict(figure), "error": figure.error} for figure in figures]
    rounded = json.loads(json.dumps(rows), parse_float=lambda text: round(float(text), 3))
    document = {"command": "python bench/benchmark_truth.py", "unit": "ms", "machine": machine, "figures": rounded}
    (DOCS / "benchmark-truth.json").write_text(json.dumps(document, indent=1) + "\n")


def draw(gaps: dict[str, tuple[list[float], list[float]]]) -> None:
    """Per schedule, the share of gaps up to each length: sent as a broad line, measured as a thin one on top."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "lineup"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(gaps), figsize=(10, 3), sharey=True, layout="constrained")
    for axis, (name, (sent, measured)) in zip(axes, gaps.items(), strict=True):
        axis.plot(*_shares(sent), linewidth=5, color="#c7d2fe", label="sent by the upstream")
        axis.plot(*_shares(measured), linewidth=1.2, color="#3730a3", label="measured by Lineup")
        axis.set(title=name, xlabel="gap between tokens, ms", xscale="log", xlim=(5, 200))
        axis.set_xticks([5, 10, 20, 50, 100, 200], labels=["5", "10", "20", "50", "100", "200"])
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("share of gaps")
    axes[0].legend(loc="lower right", fontsize="small")
    (DOCS / "img").mkdir(exist_ok=True)
    figure.savefig(DOCS / "img" / "benchmark-truth.svg", metadata={"Date": None, "Creator": None})


def _shares(values: list[float]) -> tuple[list[float], list[float]]:
    """Points of the curve "this share of values is at most x", thinned to some hundred."""
    ranked = sorted(values)
    ranks = [*range(0, len(ranked), max(1, len(ranked) // 300)), len(ranked) - 1]
    return [ranked[rank] for rank in ranks], [(rank + 1) / len(ranked) for rank in ranks]


if __name__ == "__main__":
    sys.exit(main())
