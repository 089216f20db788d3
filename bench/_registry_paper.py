"""What `registry.py` measured, as a table and as the JSON of the documentation."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench._registry_cases import Case

FIGURES = Path(__file__).resolve().parent.parent / "docs" / "registry-speed.json"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    database: str
    models: int
    case: str
    target_ms: float | None
    median_ms: float
    best_ms: float
    p99_ms: float
    cpu_ms: float
    n: int
    bare_cpu_ms: float | None
    loop_blocked_ms: float | None

    @property
    def ratio(self) -> float | None:
        """CPU of the request by CPU of the bare fetch: what else the machine does counts in neither."""
        return None if not self.bare_cpu_ms else self.cpu_ms / self.bare_cpu_ms


def row_of(database: str, size: int, case: Case, cpu: dict[str, float]) -> Row:
    ranked = sorted(case.ms)
    watched = case.each_round == 1 and not case.name.startswith("bare")
    return Row(
        database,
        size,
        case.name,
        case.target_ms,
        statistics.median(ranked),
        ranked[0],
        ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))],
        cpu[case.name],
        len(ranked),
        cpu.get(case.bare or ""),
        max(case.blocked_ms) if watched else None,
    )


def table(rows: Sequence[Row]) -> str:
    lines = [f"{rows[0].database}, {rows[0].models} models; ms"] if rows else []
    lines.append(f"{'':34}{'target':>7}{'median':>9}{'best':>9}{'p99':>9}{'n':>5}{'CPU':>9}{'x bare':>8}{'loop':>6}")
    for row in rows:
        target = "" if row.target_ms is None else f"{row.target_ms:.0f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        loop = "" if row.loop_blocked_ms is None else f"{row.loop_blocked_ms:.0f}"
        late = " <--" if row.target_ms is not None and row.median_ms > row.target_ms else ""
        times = "".join(f"{ms:9.2f}" for ms in (row.median_ms, row.best_ms, row.p99_ms))
        lines.append(f"{row.case:34}{target:>7}{times}{row.n:5}{row.cpu_ms:9.2f}{ratio:>8}{loop:>6}{late}")
    return "\n".join(lines)


def write_json(rows: Sequence[Row], rounds: int) -> None:
    """What was measured now takes the place of the same database and size; the rest of the file stays."""
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    new = [
        {
            "database": row.database,
            "models": row.models,
            "case": row.case,
            "target_ms": row.target_ms,
            "median_ms": _rounded(row.median_ms),
            "best_ms": _rounded(row.best_ms),
            "p99_ms": _rounded(row.p99_ms),
            "n": row.n,
            "cpu_ms": _rounded(row.cpu_ms),
            "cpu_times_the_bare_fetch": _rounded(row.ratio),
            "loop_blocked_ms": _rounded(row.loop_blocked_ms),
        }
        for row in rows
    ]
    measured = {(row.database, row.models) for row in rows}
    old = json.loads(FIGURES.read_text())["figures"] if FIGURES.exists() else []
    kept = [figure for figure in old if (figure["database"], figure["models"]) not in measured]
    figures = sorted(kept + new, key=lambda figure: (figure["database"] != "sqlite", figure["models"]))
    document = {"command": "python bench/registry.py", "rounds": rounds, "machine": machine, "figures": figures}
    FIGURES.write_text(json.dumps(document, indent=1) + "\n")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
