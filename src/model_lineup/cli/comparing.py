"""Two benchmarks beside each other, in words and a table."""

from collections.abc import Sequence
from typing import Any

from model_lineup.cli import show

METRICS = {
    "ttft_ms": "time to first token p50, ms",
    "response_time_ms": "response time p50, ms",
    "itl_ms": "gap between tokens, mean, ms",
    "failed": "failed, %",
    "met_slo": "met the objectives, %",
}
STYLES = {"better": "bold green", "worse": "bold red", "mixed": "bold yellow", "not_comparable": "bold yellow"}


def tell_comparison(found: dict[str, Any], runs: Sequence[dict[str, Any]] = ()) -> None:
    """The verdict, then what it rests on."""
    for run in runs:
        show.line(f"Run {run['id']}: {run['model_id']} at {run['provider']}, {run['report']['succeeded']} requests")
    show.line(found["sentence"], style=STYLES.get(found["verdict"], "bold"))
    names = ["", f"run {found['base']}", f"run {found['other']}", "n", "change", "interval", "p", "finding"]
    show.table([_row(one) for one in found["metrics"]], names)
    for warning in found["warnings"]:
        show.line(warning, style="yellow")
    if any(one["p"] is not None for one in found["metrics"]):
        show.note(
            f"Intervals hold for all figures together at {1 - found['alpha']:.0%}; p is adjusted for their number."
        )


def _row(one: dict[str, Any]) -> list[Any]:
    share = not one["metric"].endswith("_ms")
    values = [None if one[side] is None else one[side] * (100 if share else 1) for side in ("base", "other")]
    p = None if one["p_adjusted"] is None else small(one["p_adjusted"])
    return [
        METRICS[one["metric"]] + ("" if one.get("load") is None else f" at {one['load']:g}"),
        *values,
        f"{one['n_base']}, {one['n_other']}",
        None if share else _change(one["ratio"]),
        None if one["interval"] is None else f"{_change(one['interval'][0])} to {_change(one['interval'][1])}",
        p,
        one["finding"].replace("_", " "),
    ]


def small(p: float) -> str:
    """Below this, digits only say that the approximation is one."""
    return "< 0.0001" if p < 0.0001 else f"{p:.3g}"


def _change(ratio: float | None) -> str | None:
    return None if ratio is None else f"{(ratio - 1) * 100:+.1f} %"
