"""From parts to figures: medians over rounds, ratios to nginx and the peers, and what is promised. Pure."""

from collections.abc import Sequence
from statistics import median

from msgspec import Struct

from bench.gateway_speed.cases import CASES, TARGETS, UNITS, Part

LEAST_OF_NGINX = 0.17
_PROMISED = {
    ("plain", "cpu_us"): 120.0,
    ("streams", "cpu_ms"): 60.0,
    ("streams", "p50_ms"): 1.0,
    ("many streams", "p99_ms"): 40.0,
    ("list", "p50_ms"): 3.0,
    ("list", "rss_mb"): 170.0,
}
"""The most that Lineup may take, by case and figure; issue 4's."""
_LATER_THAN_DIRECT = 3.0
_ADDED_MS = 0.8


class Row(Struct, frozen=True, kw_only=True):
    """Medians over the rounds of one target under one load."""

    case: str
    target: str
    version: str
    rounds: int
    failure: str = ""
    figures: dict[str, float] = {}


def rows(parts: Sequence[Part]) -> list[Row]:
    """One per case and target, in their order; those that were never tried are left out."""
    found = []
    for case in CASES:
        for target in TARGETS:
            chosen = [part for part in parts if (part.case, part.target) == (case.name, target)]
            good = [part for part in chosen if not part.failure]
            if not chosen:
                continue
            last = (good or chosen)[-1]
            names = last.figures if good else {}
            medians = {name: median(part.figures[name] for part in good) for name in names}
            failure = "" if good else last.failure
            found.append(
                Row(
                    case=case.name,
                    target=target,
                    version=last.version,
                    rounds=len(good or chosen),
                    failure=failure,
                    figures=medians,
                )
            )
    return found


def of(found: Sequence[Row], case: str, target: str, figure: str) -> float | None:
    row = next((row for row in found if (row.case, row.target) == (case, target)), None)
    return None if row is None else row.figures.get(figure)


def ratios(found: Sequence[Row], row: Row) -> dict[str, float]:
    """What is compared with others of the same run: with nginx, with asking directly, and with Lineup."""
    compared: dict[str, float] = {}
    for name in ("cpu_us", "cpu_ms"):
        mine, nginx = row.figures.get(name), of(found, row.case, "nginx", name)
        lineup = of(found, row.case, "lineup", name)
        if mine and nginx:
            compared["of_nginx"] = nginx / mine
        if mine and lineup and row.target != "lineup":
            compared["times_lineup"] = mine / lineup
    direct = of(found, row.case, "direct", "p50_ms")
    if direct is not None and row.case == "steady":
        compared["added_ms"] = row.figures.get("p50_ms", direct) - direct
    late, direct_late = row.figures.get("p99_ms"), of(found, row.case, "direct", "p99_ms")
    if late and direct_late and "streams" in row.case:
        compared["p99_of_direct"] = late / direct_late
    return compared


def broken_promises(found: Sequence[Row]) -> list[str]:
    """What Lineup does not keep, among what was measured."""
    broken = []
    for row in (row for row in found if row.target == "lineup"):
        if row.failure:
            broken.append(f"{row.case}: {row.failure}")
            continue
        for (case, name), most in _PROMISED.items():
            if case == row.case and row.figures[name] > most:
                broken.append(f"{case}: {UNITS[name]} is {row.figures[name]:.4g}, not {most:g} at most")
        beside = ratios(found, row)
        if row.figures.get("lost"):
            broken.append(f"{row.case}: {row.figures['lost']:.0f} chunks were lost")
        if row.case == "plain" and beside.get("of_nginx", 1.0) < LEAST_OF_NGINX:
            broken.append(f"plain: {beside['of_nginx']:.3f} of nginx, not {LEAST_OF_NGINX} at least")
        if row.case == "streams" and beside.get("p99_of_direct", 0.0) > _LATER_THAN_DIRECT:
            broken.append(f"streams: p99 is {beside['p99_of_direct']:.1f} times direct's, not {_LATER_THAN_DIRECT:g}")
        if row.case == "steady" and beside.get("added_ms", 0.0) > _ADDED_MS:
            broken.append(f"steady: {beside['added_ms']:.2f} ms are added, not {_ADDED_MS} at most")
    return broken


def table(found: Sequence[Row]) -> str:
    """Markdown, a table for each case."""
    parts = []
    for case in CASES:
        chosen = [row for row in found if row.case == case.name]
        if not chosen:
            continue
        names = [name for name in UNITS if any(name in row.figures for row in chosen)]
        beside = {row.target: ratios(found, row) for row in chosen}
        compared = [name for name in _HEADS if any(name in one for one in beside.values())]
        heads = [case.name, *(UNITS[name] for name in names), *(_HEADS[name] for name in compared)]
        lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}"]
        for row in chosen:
            label = f"{row.target} {row.version}".strip()
            if row.failure:
                lines.append(f"| {label} | not measured: {row.failure} |" + " |" * (len(heads) - 2))
                continue
            cells = [shown(row.figures.get(name)) for name in names]
            cells += [shown(beside[row.target].get(name)) for name in compared]
            lines.append(f"| {label} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


_HEADS = {
    "of_nginx": "share of nginx's speed",
    "times_lineup": "times Lineup's CPU",
    "added_ms": "added to direct, ms",
    "p99_of_direct": "p99, times direct's",
}


def shown(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
