"""Where more load brings no more, and which rule says so."""

import pytest

from model_lineup.benchmarks.goodput import Goodput, Slo
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import report_of, steps_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.statistics import summary
from model_lineup.benchmarks.sweep import Step, Sweep, swept
from model_lineup.upstream.contract import Failure

NONE = summary([])
BY_CONCURRENCY, BY_RATE = Sweep(concurrency=(1, 2, 4, 8)), Sweep(rate=(1.0, 2.0, 4.0))


def step(load: float, per_s: float, *, failed: int = 0, went_on_s: float = 0.5, met: float | None = None) -> Step:
    """20 requests of half a second."""
    return Step(
        load=load,
        requests=20,
        succeeded=20 - failed,
        failed=failed,
        duration_s=10 + went_on_s,
        offered_s=10.0,
        requests_per_s=per_s,
        output_tokens_per_s=None,
        ttft_ms=NONE,
        response_time_ms=summary([500.0] * 20),
        itl_ms=NONE,
        late_ms=NONE,
        goodput=None if met is None else Goodput(Slo(1), 20, int(20 * met), met),
    )


def test_throughput_that_no_longer_rises_ends_it_and_the_step_before_is_the_knee() -> None:
    found = swept(BY_CONCURRENCY, [step(1, 2.0), step(2, 3.9), step(4, 4.1)])
    assert (found.by, found.knee, found.ended) == ("concurrency", 2, "throughput")
    assert found.criterion == "from 2 to 4 at a time requests per second rose by 5.1%, less than 10.0%"


def test_while_it_rises_there_is_no_knee() -> None:
    found = swept(BY_CONCURRENCY, [step(1, 2.0), step(2, 3.9), step(4, 7.5)])
    assert (found.knee, found.ended) == (None, None)
    assert "more load may bring more" in found.criterion


def test_a_queue_that_has_grown_ends_a_sweep_of_rates() -> None:
    found = swept(BY_RATE, [step(1, 1.0), step(2, 2.0), step(4, 2.5, went_on_s=6.0)])
    assert (found.knee, found.ended) == (2, "behind")
    assert "went on for 6.0 s" in found.criterion


@pytest.mark.parametrize(("wrong", "ended"), [({"failed": 3}, "errors"), ({"met": 0.8}, "slo")])
def test_failures_and_missed_objectives_end_it(wrong: dict[str, float], ended: str) -> None:
    found = swept(BY_RATE, [step(1, 1.0), step(2, 2.0, **wrong)])  # type: ignore[arg-type]
    assert (found.knee, found.ended) == (1, ended)


def test_a_first_step_that_fails_leaves_no_knee() -> None:
    found = swept(BY_CONCURRENCY, [step(1, 1.0, failed=10)])
    assert (found.knee, found.ended) == (None, "errors")


def test_samples_belong_to_the_step_of_their_number() -> None:
    plan = Plan(requests=2, sweep=Sweep(concurrency=(1, 2)), seed=1)
    samples = [
        Sample(-1, 0.0, 1.0, response_time_ms=9000.0),
        *(Sample(n, n, n + 1.0, response_time_ms=1000.0 * (n + 1)) for n in range(3)),
        Sample(3, 3.0, 4.0, failure=Failure("timeout", "timeout", "slow")),
    ]
    first, second = steps_of(plan, samples)
    assert (first.load, first.requests, first.response_time_ms.max) == (1, 2, 2000.0)
    assert (second.load, second.succeeded, second.failed) == (2, 1, 1)
    report = report_of(plan, samples)
    assert report.sweep is not None
    assert (report.sweep.ended, report.sweep.knee) == ("errors", 1)
    assert report.requests == 4
