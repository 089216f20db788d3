"""What is measured: schedules at concurrencies, and what one measurement of one tool found."""

from collections.abc import Sequence
from math import fsum
from typing import Any

from msgspec import Struct

from model_lineup.benchmarks.statistics import percentile

TOOLS = ("lineup", "lineup-process", "aiperf", "guidellm")
"""`lineup` as it is; `lineup-process` without the kernel's stamps, as on platforms that have none."""
_STALLS = ("--early-role-chunk", "--stall-every", "20", "--stall-ms", "100")


class Case(Struct, frozen=True):
    """100 tokens, the first after 100 ms, the others every 10 ms, as `options` of the upstream change that.

    `requests` are measured; as many as there are streams (Lineup: at most 100) go before them and count for no tool.
    Over `tls` only Lineup is measured: the peers trust no authority of ours.
    """

    name: str
    streams: int
    requests: int
    options: tuple[str, ...] = ()
    longest_gap_ms: float = 10.0
    tls: bool = False


CASES = (
    Case("1", 1, 10),
    Case("16", 16, 96),
    Case("64", 64, 256),
    Case("256", 256, 512),
    Case("16 stalls", 16, 64, _STALLS, 100.0),
    Case("64 tls", 64, 256, tls=True),
)


class Spread(Struct, frozen=True):
    """Milliseconds; nearest rank over `n` values."""

    mean: float
    p50: float
    p99: float
    n: int


class Part(Struct, frozen=True, kw_only=True):
    """One tool in one case in one round. `failure`: why there are no figures.

    `truth` is what the upstream recorded, `measured` what the tool says: `ttft`, `itl` (what the tool calls inter-token
    latency) and `gap` (between chunks, where the tool tells that apart). `late_ms`: the upstream against its schedule,
    p99 over requests of the latest token. `sending_ms`: how long one token's sending took, the width of the truth.
    `start_up_s`: from the decision to start to the first request. `cpu_s`: of the tool with all its processes. `busy`:
    share of all cores that others used just before.
    """

    tool: str
    version: str
    case: str
    round: int
    busy: float
    failure: str = ""
    truth: dict[str, Spread] = {}
    measured: dict[str, Spread] = {}
    late_ms: float = 0.0
    sending_ms: float = 0.0
    start_up_s: float = 0.0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    tokens_per_s: float = 0.0
    saturated: bool = False
    lag_ms_p99: float | None = None


def spread(values: Sequence[float]) -> Spread:
    ranked = sorted(values)
    return Spread(fsum(ranked) / len(ranked), percentile(ranked, 50), percentile(ranked, 99), len(ranked))


def truth_of(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the upstream's records say of the measured requests, in the words of `Part`."""
    gaps = [gap for record in records for gap in record["gaps_ms"]]
    began = min(record["came_at"] for record in records)
    ended = max(record["came_at"] + (record["ttft_ms"] + sum(record["gaps_ms"])) / 1000 for record in records)
    tokens = sum(record["tokens"] for record in records)
    return {
        "truth": {"ttft": spread([record["ttft_ms"] for record in records]), "itl": spread(gaps)},
        "late_ms": spread([record["late_ms"] for record in records]).p99,
        "sending_ms": spread([record["sending_ms"] for record in records]).mean,
        "tokens_per_s": tokens / (ended - began),
    }
