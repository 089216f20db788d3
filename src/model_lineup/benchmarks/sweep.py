"""A sweep: the same plan at growing load, until more load brings no more answers; and where that began. Pure.

After each step the stop rule looks at what the step before it had reached:

- `errors`: more than one request in ten failed;
- `slo`: fewer than nine in ten met the plan's objectives;
- `throughput` (at a concurrency): requests per second rose by less than `least_gain` of what the load rose by;
- `behind` (at a rate): after the last request was due answers went on for longer than a tenth of the step and twice
  the p90 of the first step's response times: a queue had grown.

The knee is the last step before that one. Where no step met the rule the sweep ended unsaturated, and there is no knee.
Of two models in turns each answers while the other waits, so that neither has a throughput (`without_throughput`).
"""

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from model_lineup.benchmarks.goodput import Goodput
from model_lineup.benchmarks.statistics import Summary

MOST_FAILED = 0.1
LEAST_MET = 0.9
QUEUE_SHARE = 0.1

Ended = Literal["errors", "slo", "throughput", "behind"]


class Sweep(Struct, frozen=True):
    """Ascending steps, of `concurrency` or of `rate`. `least_gain`: of 0.1, doubling the load must bring 10 % more."""

    concurrency: tuple[int, ...] | None = None
    rate: tuple[float, ...] | None = None
    least_gain: float = 0.1

    @property
    def loads(self) -> Sequence[float]:
        return self.concurrency or self.rate or ()


class Step(Struct, frozen=True, kw_only=True):
    """One step's figures; `load` is the concurrency, or the rate in requests per second. `offered_s`: from the start of
    its first request to that of its last, or, at a rate, from the one being due to the other."""

    load: float
    requests: int
    succeeded: int
    failed: int
    duration_s: float
    offered_s: float
    requests_per_s: float | None
    output_tokens_per_s: float | None
    ttft_ms: Summary
    response_time_ms: Summary
    itl_ms: Summary
    late_ms: Summary
    goodput: Goodput | None = None


class Swept(Struct, frozen=True):
    """`by`: concurrency or rate. `knee`: the load of the last step before saturation. `ended`: which rule said so, and
    `criterion` the same in words with its numbers."""

    by: Literal["concurrency", "rate"]
    steps: list[Step]
    knee: float | None = None
    ended: Ended | None = None
    criterion: str = ""


def swept(sweep: Sweep, steps: Sequence[Step]) -> Swept:
    """What the steps so far say; the last of them decides."""
    by: Literal["concurrency", "rate"] = "concurrency" if sweep.concurrency else "rate"
    for place, step in enumerate(steps):
        before = steps[:place]
        for ended, judge in _RULES.items():
            if (why := judge(sweep, before, step)) is not None:
                return Swept(by, list(steps), before[-1].load if before else None, ended, why)
    return Swept(by, list(steps), criterion="No step met the stop rule: more load may bring more." if steps else "")


def without_throughput(steps: Sequence[Step]) -> list[Step]:
    """Steps that were measured in turns with another model's: no rule then looks at requests per second."""
    return [
        replace(
            step,
            requests_per_s=None,
            output_tokens_per_s=None,
            goodput=None if step.goodput is None else replace(step.goodput, requests_per_s=None),
        )
        for step in steps
    ]


def _failing(_: Sweep, __: Sequence[Step], step: Step) -> str | None:
    share = step.failed / step.requests if step.requests else 0.0
    return f"{share:.0%} of the requests failed at {step.load:g}" if share > MOST_FAILED else None


def _missing(_: Sweep, __: Sequence[Step], step: Step) -> str | None:
    share = step.goodput.share if step.goodput else None
    if share is None or share >= LEAST_MET:
        return None
    return f"{share:.0%} of the requests met the objectives at {step.load:g}, fewer than {LEAST_MET:.0%}"


def _flat(sweep: Sweep, before: Sequence[Step], step: Step) -> str | None:
    if not sweep.concurrency or not before or not before[-1].requests_per_s or step.requests_per_s is None:
        return None
    last = before[-1]
    gained, more = step.requests_per_s / (last.requests_per_s or 1.0) - 1, step.load / last.load - 1
    if gained >= sweep.least_gain * more:
        return None
    return (
        f"from {last.load:g} to {step.load:g} at a time requests per second rose by {gained:.1%}, "
        f"less than {sweep.least_gain * more:.1%}"
    )


def _behind(sweep: Sweep, before: Sequence[Step], step: Step) -> str | None:
    usual_ms = before[0].response_time_ms.p90 if before else None
    if not sweep.rate or usual_ms is None:
        return None
    went_on_s, allowed_s = step.duration_s - step.offered_s, 2 * usual_ms / 1000 + QUEUE_SHARE * step.offered_s
    if went_on_s <= allowed_s:
        return None
    return (
        f"at {step.load:g} requests per second answers went on for {went_on_s:.1f} s after the last request was due, "
        f"more than {allowed_s:.1f} s"
    )


_RULES: dict[Ended, Callable[[Sweep, Sequence[Step], Step], str | None]] = {
    "errors": _failing,
    "slo": _missing,
    "throughput": _flat,
    "behind": _behind,
}
