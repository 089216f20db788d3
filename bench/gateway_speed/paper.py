"""Writes `docs/gateway-speed.json`, the tables of `docs/explanation/gateway-speed.md`, and the plot."""

import json
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.gateway_speed.figures import Row, ratios, table

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
BEGIN, END = "<!-- figures: written by bench/gateway.py -->", "<!-- end of figures -->"
_FOLDERS = re.compile(r"(?:/[^/\s]+)+/")
_LOOKS = {
    "nginx": ("nginx, plain proxy", "#94a3b8"),
    "lineup": ("Lineup", "#3730a3"),
    "vllm-router": ("vllm-router", "#b45309"),
    "litellm": ("LiteLLM Proxy", "#be123c"),
}


def write(found: Sequence[Row], commands: Sequence[str], broken: Sequence[str]) -> None:
    """`broken`: the promises that this run did not keep; published like everything else."""
    clean = [msgspec.structs.replace(row, failure=_FOLDERS.sub("", row.failure)) for row in found]
    _write_json(clean, commands, broken)
    _write_tables(clean)
    _draw(clean)


def _write_json(found: Sequence[Row], commands: Sequence[str], broken: Sequence[str]) -> None:
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    figures = [{**msgspec.to_builtins(row), "compared": ratios(found, row)} for row in found]
    document = {
        "commands": [_FOLDERS.sub("", command) for command in commands],
        "unit": "as the names say; medians over the rounds",
        "machine": machine,
        "promises_not_kept": list(broken),
        "figures": json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 3)),
    }
    (DOCS / "gateway-speed.json").write_text(json.dumps(document, indent=1) + "\n")


def _write_tables(found: Sequence[Row]) -> None:
    page = DOCS / "explanation" / "gateway-speed.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}")


def _draw(found: Sequence[Row]) -> None:
    """Left: CPU of a small chat. Right: CPU of a thousand streamed chunks. Both on a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "lineup"
    from matplotlib import pyplot

    figure, sides = pyplot.subplots(1, 2, figsize=(10, 2.6), layout="constrained")
    what = (("plain", "cpu_us", "µs of CPU per small chat"), ("streams", "cpu_ms", "ms of CPU per 1 000 chunks"))
    for side, (case, name, title) in zip(sides, what, strict=True):
        chosen = [row for row in found if row.case == case and name in row.figures and row.target in _LOOKS]
        chosen.sort(key=lambda row: row.figures[name])
        labels, colours = zip(*(_LOOKS[row.target] for row in chosen), strict=True) if chosen else ((), ())
        bars = side.barh(labels, [row.figures[name] for row in chosen], color=colours)
        side.bar_label(bars, fmt="{:,.0f}", padding=3)
        values = [row.figures[name] for row in chosen] or [1.0]
        side.set(xscale="log", title=title, xlim=(min(values) / 3, max(values) * 4))
        side.invert_yaxis()
        side.grid(alpha=0.3, axis="x")
    (DOCS / "img").mkdir(exist_ok=True)
    figure.savefig(DOCS / "img" / "gateway-speed.svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
