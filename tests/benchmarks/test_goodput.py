"""Which requests met the objectives, what cold ones took, and what a run cost."""

import msgspec
import pytest

from model_lineup.benchmarks.cold import cold_of
from model_lineup.benchmarks.cost import cost_of
from model_lineup.benchmarks.goodput import Slo, goodput_of, meets
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.upstream.contract import Failure

SLO = Slo(ttft_ms=200, tpot_ms=20, e2e_ms=1000)
GOOD = Sample(0, 0.0, 0.9, response_time_ms=900.0, ttft_ms=150.0, tpot_ms=15.0)
FAILED = Sample(1, 0.0, 0.1, failure=Failure("timeout", "timeout", "slow"))


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, True),
        ({"ttft_ms": 201.0}, False),
        ({"tpot_ms": 20.1}, False),
        ({"response_time_ms": 1000.0}, True),
        ({"response_time_ms": 1000.1}, False),
        ({"tpot_ms": None}, True),  # one piece: it has no time per token
        ({"ttft_ms": None}, False),  # not streamed: nobody knows
    ],
)
def test_all_objectives_have_to_be_met(changes: dict[str, float | None], met: bool) -> None:
    assert meets(msgspec.structs.replace(GOOD, **changes), SLO) is met


def test_a_failed_request_met_none() -> None:
    found = goodput_of([GOOD, FAILED], SLO, 2.0)
    assert found is not None
    assert (found.requests, found.met, found.share, found.requests_per_s) == (2, 1, 0.5, 0.5)
    assert found.interval == pytest.approx((0.0126, 0.9874), abs=1e-4)
    assert goodput_of([GOOD], None, 2.0) is None


def test_cold_requests_stand_apart_from_warm_ones_and_the_warmup() -> None:
    cold = [
        Sample(-3, 0, 1.0, cold=True, late_ms=40.0, ttft_ms=5000.0, response_time_ms=6000.0),
        Sample(-2, 1, 2.0, cold=True, late_ms=30.0, ttft_ms=300.0, response_time_ms=900.0),
    ]
    warmup = Sample(-1, 2, 3.0, ttft_ms=200.0, response_time_ms=700.0)
    report = report_of(Plan(slo=SLO), [*cold, warmup, GOOD])
    assert (report.cold.requests, report.cold.succeeded, report.cold.first_ttft_ms) == (2, 2, 5000.0)
    assert (report.cold.connect_ms.max, report.cold.ttft_ms.p50) == (40.0, 300.0)
    assert (report.warmup.requests, report.ttft_ms.max, report.late_ms.n) == (1, 150.0, 0)
    assert report.goodput is not None
    assert report.goodput.requests == 1


def test_cold_requests_that_failed_are_counted() -> None:
    found = cold_of([msgspec.structs.replace(FAILED, number=-1, cold=True)])
    assert (found.requests, found.succeeded, found.errors, found.first_ttft_ms) == (1, 0, {"timeout": 1}, None)


def test_a_run_costs_what_its_tokens_cost() -> None:
    price = msgspec.Raw(b'{"input_per_million": 2, "output_per_million": 8, "cached_input_per_million": 1}')
    found = cost_of(price, requests=10, prompt=1_000_000, completion=500_000, cached=400_000)
    assert found is not None
    assert found.total == pytest.approx(1.2 + 0.4 + 4)
    assert found.per_request == pytest.approx(0.56)
    assert found.per_million_output_tokens == pytest.approx(11.2)
    per_call = msgspec.Raw(b'{"prompt": "0", "completion": "0", "request": "0.01"}')
    assert (found := cost_of(per_call, requests=10, prompt=5, completion=5, cached=None)) is not None
    assert found.total == pytest.approx(0.1)


PRICED = b'{"input_per_million": 1, "output_per_million": 1}'


@pytest.mark.parametrize(("pricing", "completion"), [(b"null", 5), (b'{"words": 3}', 5), (PRICED, None)])
def test_an_unknown_price_or_count_gives_no_cost(pricing: bytes, completion: int | None) -> None:
    assert cost_of(msgspec.Raw(pricing), requests=1, prompt=5, completion=completion, cached=None) is None
