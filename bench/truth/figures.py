"""From parts to figures: errors, medians over rounds, ratios to the peers, and whether what is promised holds. Pure."""

from collections.abc import Iterable, Sequence
from statistics import median

from msgspec import Struct

from bench.truth.cases import CASES, TOOLS, Part

LEAST_ERROR_MS = 0.01
"""Of ratios: smaller errors are not told apart, the truth itself is as wide as the sending of a token."""
BUSY_LIMIT = 0.25
"""Share of all cores that others may have used before a part."""
_TOLERATED_SLIP_MS = 3.0
_STARTUP_S, _CPU_S = 0.5, 2.0
_PROMISED_MS = {
    ("lineup", "64"): (0.3, 0.2),
    ("lineup", "64 tls"): (0.3, 0.2),
    ("lineup", "256"): (1.0, 1.0),
    ("lineup-process", "64"): (0.3, 0.7),
    ("lineup-process", "256"): (1.0, 5.0),
}
"""Mean and p99 of the error of TTFT."""


class Row(Struct, frozen=True, kw_only=True):
    """Medians over the rounds of one tool in one case. Errors in ms: measured minus sent, mean, p50 and p99."""

    tool: str
    version: str
    case: str
    rounds: int
    failure: str = ""
    ttft_error: tuple[float, float, float] = (0, 0, 0)
    itl_error: tuple[float, float, float] = (0, 0, 0)
    gap_error: tuple[float, float, float] | None = None
    itl_p99: float = 0.0
    true_itl_p99: float = 0.0
    start_up_s: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    tokens_per_s: float = 0.0
    upstream_late_ms: float = 0.0
    sending_ms: float = 0.0
    lag_ms_p99: float | None = None
    saturated: int = 0


def rows(parts: Sequence[Part]) -> list[Row]:
    """One per tool and case, in the order of `CASES` and `TOOLS`; those that were never measured are left out."""
    found = []
    for case in CASES:
        for tool in TOOLS:
            chosen = [part for part in parts if (part.tool, part.case) == (tool, case.name)]
            good = [part for part in chosen if not part.failure]
            if good:
                found.append(_row(good))
            elif chosen:
                last = chosen[-1]
                found.append(
                    Row(tool=tool, version=last.version, case=case.name, rounds=len(chosen), failure=last.failure)
                )
    return found


def _row(parts: Sequence[Part]) -> Row:
    first = parts[0]
    lags = [part.lag_ms_p99 for part in parts if part.lag_ms_p99 is not None]
    return Row(
        tool=first.tool,
        version=first.version,
        case=first.case,
        rounds=len(parts),
        ttft_error=_errors(parts, "ttft", "ttft"),
        itl_error=_errors(parts, "itl", "itl"),
        gap_error=_errors(parts, "gap", "itl") if all("gap" in part.measured for part in parts) else None,
        itl_p99=median(part.measured["itl"].p99 for part in parts),
        true_itl_p99=median(part.truth["itl"].p99 for part in parts),
        start_up_s=median(part.start_up_s for part in parts),
        cpu_s=median(part.cpu_s for part in parts),
        wall_s=median(part.wall_s for part in parts),
        tokens_per_s=median(part.tokens_per_s for part in parts),
        upstream_late_ms=median(part.late_ms for part in parts),
        sending_ms=median(part.sending_ms for part in parts),
        lag_ms_p99=median(lags) if lags else None,
        saturated=sum(part.saturated for part in parts),
    )


def _errors(parts: Sequence[Part], measured: str, true: str) -> tuple[float, float, float]:
    pairs = [(part.measured[measured], part.truth[true]) for part in parts]
    return (
        median(said.mean - was.mean for said, was in pairs),
        median(said.p50 - was.p50 for said, was in pairs),
        median(said.p99 - was.p99 for said, was in pairs),
    )


def why_void(part: Part) -> str | None:
    """Why a part says more of the machine than of the tool: others worked, or the upstream slipped beside us.

    Beside a peer the upstream may slip, since the peer may take its core; that counts against nobody, because what is
    compared is what was really sent.
    """
    if part.busy > BUSY_LIMIT:
        return f"others used {part.busy:.0%} of the machine"
    case = next(case for case in CASES if case.name == part.case)
    if not part.tool.startswith("lineup") or part.failure:
        return None
    slipped = abs(part.truth["itl"].p99 - case.longest_gap_ms) > _TOLERATED_SLIP_MS
    return f"the upstream sent gaps of {part.truth['itl'].p99:.1f} ms at p99" if slipped else None


def without_figures(parts: Iterable[Part], good: Iterable[Part]) -> list[str]:
    """Tools and cases that were tried, and never while the machine was still."""
    left = {(part.tool, part.case) for part in parts} - {(part.tool, part.case) for part in good}
    return [f"{tool} {case}" for tool, case in sorted(left)]


def broken_promises(found: Iterable[Row]) -> list[str]:
    """What Lineup promises (issue: TTFT, start-up, CPU) and did not keep."""
    said = []
    for row in found:
        if not row.tool.startswith("lineup"):
            continue
        if row.failure:
            said.append(f"{row.tool} {row.case}: {row.failure}")
        mean, p99 = _PROMISED_MS.get((row.tool, row.case), (1.0, 5.0))
        if abs(row.ttft_error[0]) > mean or abs(row.ttft_error[2]) > p99:
            said.append(
                f"{row.tool} {row.case}: TTFT is off by {row.ttft_error[0]:+.2f} (mean), {row.ttft_error[2]:+.2f} (p99)"
            )
        if row.start_up_s > _STARTUP_S:
            said.append(f"{row.tool} {row.case}: {row.start_up_s:.2f} s to the first request")
        if row.case in ("64", "64 tls") and row.cpu_s > _CPU_S:
            said.append(f"{row.tool} {row.case}: {row.cpu_s:.2f} s of CPU")
    return said


def ratio(peer: float, ours: float) -> float:
    """How many times further off the peer is."""
    return abs(peer) / max(abs(ours), LEAST_ERROR_MS)


def table(found: Sequence[Row]) -> str:
    """Errors in ms, measured minus sent. `x`: how many times further off at the p99 of TTFT than Lineup, and CPU."""
    ours = {row.case: row for row in found if row.tool == "lineup"}
    lines = [
        f"{'streams':11}{'tool':16}{'TTFT mean':>11}{'p50':>9}{'p99':>9}{'x':>8}"
        f"{'ITL mean':>11}{'p50':>9}{'p99':>9}{'start s':>9}{'CPU s':>8}{'x':>7}  rounds"
    ]
    for row in found:
        if row.failure:
            lines.append(f"{row.case:11}{row.tool:16}  not measured: {row.failure}")
            continue
        mine = ours.get(row.case)
        off, cpu = ("", "")
        if mine is not None and not row.tool.startswith("lineup"):
            off, cpu = f"{ratio(row.ttft_error[2], mine.ttft_error[2]):.0f}", f"{row.cpu_s / mine.cpu_s:.0f}"
        errors = "".join(f"{value:+{width}.2f}" for value, width in zip(row.ttft_error, (11, 9, 9), strict=True))
        gaps = "".join(f"{value:+{width}.2f}" for value, width in zip(row.itl_error, (11, 9, 9), strict=True))
        lines.append(
            f"{row.case:11}{row.tool:16}{errors}{off:>8}{gaps}{row.start_up_s:9.2f}{row.cpu_s:8.2f}{cpu:>7}"
            f"  {row.rounds}" + (f"  saturated in {row.saturated}" if row.saturated else "")
        )
    return "\n".join(lines)
