"""What `panel.py` found: a table, the JSON of the documentation, and the table of its page."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "explanation/panel-speed.md"
BEGIN, END = "<!-- figures: written by bench/panel.py -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Figure:
    """`value` counts against the target, which is the most that it may be; the others say how steady it was."""

    what: str
    unit: str
    value: float
    target: float | None = None
    best: float | None = None
    worst: float | None = None
    cpu_ms: float | None = None


def late(figure: Figure) -> bool:
    return figure.target is not None and figure.value > figure.target


def table(figures: Sequence[Figure]) -> str:
    """As Markdown, which a terminal can show too."""
    lines = ["| | target | found | best | worst | CPU, ms |", "|---|---|---|---|---|---|"]
    for one in figures:
        found = f"**{_short(one.value)} {one.unit}**" if late(one) else f"{_short(one.value)} {one.unit}"
        cells = [one.what, _short(one.target), found, _short(one.best), _short(one.worst), _short(one.cpu_ms)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write(figures: Sequence[Figure], models: int, rounds: int) -> None:
    document = {
        "command": "python bench/panel.py",
        "models": models,
        "rounds": rounds,
        "machine": {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()},
        "over_target": [one.what for one in figures if late(one)],
        "figures": [_rounded(one) for one in figures],
    }
    (DOCS / "panel-speed.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(figures)}\n\n{END}{rest.partition(END)[2]}", "utf-8")


def _rounded(figure: Figure) -> dict[str, object]:
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in asdict(figure).items()}


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if value < 20 else f"{value:.0f}"
