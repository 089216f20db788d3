"""Cold requests: each over a connection of its own, before anything is warm. Pure.

Their times count from the decision to ask, so that name lookup, connecting and TLS are in them, as they are for who
calls once in a while. They stand apart: a warm figure with some cold requests in it is neither.
"""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.statistics import Summary, summary

_NOTHING = summary([])


class Cold(Struct, frozen=True):
    """`connect_ms`: until the request was on its way. `first_ttft_ms`: of the very first request, which may have found
    the model unloaded; None if it failed."""

    requests: int = 0
    succeeded: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    connect_ms: Summary = _NOTHING
    ttft_ms: Summary = _NOTHING
    response_time_ms: Summary = _NOTHING
    first_ttft_ms: float | None = None


def cold_of(samples: Sequence[Sample]) -> Cold:
    """`samples`: the cold ones that were not cut short."""
    good = [sample for sample in samples if sample.succeeded]
    first = min(samples, key=lambda sample: sample.number, default=None)
    return Cold(
        requests=len(samples),
        succeeded=len(good),
        errors=dict(Counter(sample.failure.code for sample in samples if sample.failure is not None)),
        connect_ms=summary([sample.late_ms for sample in good if sample.late_ms is not None]),
        ttft_ms=summary([sample.ttft_ms for sample in good if sample.ttft_ms is not None]),
        response_time_ms=summary([sample.response_time_ms for sample in good if sample.response_time_ms is not None]),
        first_ttft_ms=None if first is None else first.ttft_ms,
    )
