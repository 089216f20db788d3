"""Writes `docs/benchmark-truth.json` and draws `docs/img/benchmark-truth.svg`."""

import json
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.truth.figures import LEAST_ERROR_MS, Row, ratio

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
_FOLDERS = re.compile(r"(?:/[^/\s]+)+/")
_LOOKS = {
    "lineup": ("Lineup", "#3730a3", "o"),
    "lineup-process": ("Lineup without the kernel's stamps", "#818cf8", "s"),
    "aiperf": ("AIPerf", "#b45309", "^"),
    "guidellm": ("GuideLLM", "#be123c", "v"),
}


def write_json(found: Sequence[Row], commands: Sequence[str], *, left_out: int, broken: Sequence[str] = ()) -> None:
    """`broken`: the promises that this run did not keep; published like everything else."""
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    ours = {row.case: row for row in found if row.tool == "lineup"}
    figures = [{**msgspec.to_builtins(row), **_beside(row, ours.get(row.case))} for row in found]
    for figure in figures:
        figure["failure"] = figure["failure"] and _FOLDERS.sub("", figure["failure"])  # a peer's log lies in our cache
    rounded = json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 3))
    document = {
        "commands": list(commands),
        "unit": "ms; errors are measured minus sent: mean, p50, p99; medians over the rounds",
        "machine": machine,
        "left_out_because_the_machine_was_busy": left_out,
        "promises_not_kept": list(broken),
        "figures": rounded,
    }
    (DOCS / "benchmark-truth.json").write_text(json.dumps(document, indent=1) + "\n")


def _beside(row: Row, ours: Row | None) -> dict[str, Any]:
    """How many times further off, and how many times as expensive, a peer is."""
    if ours is None or row.failure or row.tool.startswith("lineup"):
        return {}
    return {
        "times_ttft_p99_error": ratio(row.ttft_error[2], ours.ttft_error[2]),
        "times_cpu": row.cpu_s / ours.cpu_s,
        "times_start_up": row.start_up_s / ours.start_up_s,
    }


def draw(found: Sequence[Row]) -> None:
    """Left: how far off the p99 of TTFT is, by streams. Right: what each tool calls the p99 of inter-token latency
    when one gap in twenty lasts 100 ms."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "lineup"
    from matplotlib import pyplot

    good = [row for row in found if not row.failure]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    for tool, (label, colour, marker) in _LOOKS.items():
        steady = [row for row in good if row.tool == tool and row.case.isdecimal()]
        off = [max(abs(row.ttft_error[2]), LEAST_ERROR_MS) for row in steady]
        left.plot([int(row.case) for row in steady], off, label=label, color=colour, marker=marker, linewidth=1.4)
    left.set(xscale="log", yscale="log", xlabel="streams at a time", ylabel="ms", title="p99 of TTFT: how far off")
    left.set_xticks([1, 16, 64, 256], labels=["1", "16", "64", "256"])
    left.minorticks_off()
    left.grid(alpha=0.3)
    left.legend(fontsize="small", loc="center left")
    stalls = [row for row in good if row.case == "16 stalls"]
    bars = [("sent", stalls[0].true_itl_p99, "#94a3b8")] if stalls else []
    bars += [(_LOOKS[row.tool][0], row.itl_p99, _LOOKS[row.tool][1]) for row in stalls if row.tool != "lineup-process"]
    right.barh([name for name, _, _ in bars], [value for _, value, _ in bars], color=[colour for _, _, colour in bars])
    right.bar_label(right.containers[0], fmt="%.1f", padding=3)
    right.set(xlabel="ms", xlim=(0, 125), title="p99 of inter-token latency, 1 gap in 20 of 100 ms")
    right.invert_yaxis()
    (DOCS / "img").mkdir(exist_ok=True)
    figure.savefig(DOCS / "img" / "benchmark-truth.svg", metadata={"Date": None, "Creator": None})
