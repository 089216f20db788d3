"""What counts in a report, what does not, and what stays unknown."""

import msgspec
import pytest

from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.report import Report, Throughput, TokensUsed, report_of
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.sampling import sample_of
from model_lineup.upstream.contract import Exchange, Failure, Usage

TIMEOUT = Failure("timeout", "timeout", "too slow")


def exchange(*content_at: float, usage: Usage | None = None, failure: Failure | None = None) -> Exchange:
    """Sent at 100 s; ends with its last content."""
    ended_at = content_at[-1] if content_at else 101.0
    return Exchange(
        sent_at=100.0, ended_at=ended_at, content_at=content_at, last_event_at=ended_at, usage=usage, failure=failure
    )


def good(number: int, **changes: object) -> Sample:
    return msgspec.structs.replace(
        Sample(number, number, number + 1.0, response_time_ms=1000.0, ttft_ms=100.0, itl_ms=(10.0, 20.0)), **changes
    )


def test_figures_of_one_stream() -> None:
    sample = sample_of(0, exchange(100.1, 100.2, 100.4, usage=Usage(7, 3, 1)), origin=99.0)
    assert sample.started_s == 1.0
    assert sample.ttft_ms == pytest.approx(100)
    assert sample.response_time_ms == pytest.approx(400)
    assert sample.itl_ms == pytest.approx((100, 200))
    assert sample.tpot_ms == pytest.approx(150)
    assert sample.output_tokens_per_s == pytest.approx(7.5)
    assert (sample.prompt_tokens, sample.completion_tokens, sample.cached_tokens) == (7, 3, 1)
    assert not sample.estimated


def test_a_reply_in_one_event_has_a_ttft_but_no_gaps() -> None:
    sample = sample_of(0, exchange(100.5, usage=Usage(7, 9)), origin=99.0)
    assert sample.ttft_ms == pytest.approx(500)
    assert sample.itl_ms == ()
    assert sample.tpot_ms is None


def test_without_usage_tokens_are_estimated_and_marked() -> None:
    sample = sample_of(0, exchange(100.1, 100.2), origin=99.0)
    assert (sample.completion_tokens, sample.estimated, sample.prompt_tokens) == (2, True, None)


def test_a_plain_answer_has_neither_ttft_nor_an_estimate() -> None:
    plain = Exchange(sent_at=100.0, ended_at=100.3, last_event_at=100.3, usage=Usage(4), streamed=False)
    sample = sample_of(0, plain, origin=99.0)
    assert sample.response_time_ms == pytest.approx(300)
    assert (sample.ttft_ms, sample.completion_tokens, sample.estimated) == (None, None, False)


def test_open_loop_counts_from_the_due_moment() -> None:
    sample = sample_of(0, exchange(100.1, 100.2), origin=99.0, due_at=99.5)
    assert sample.ttft_ms == pytest.approx(600)
    assert sample.response_time_ms == pytest.approx(700)
    assert sample.late_ms == pytest.approx(500)
    assert sample.started_s == pytest.approx(0.5)


def test_failures_are_counted_and_enter_no_latency() -> None:
    failed = sample_of(1, exchange(100.1, failure=TIMEOUT), origin=99.0)
    report = report_of(Plan(), [good(0), failed])
    assert (report.requests, report.succeeded, report.failed, report.errors) == (2, 1, 1, {"timeout": 1})
    assert report.response_time_ms.n == report.ttft_ms.n == 1


def test_itl_is_over_every_gap_of_every_stream() -> None:
    report = report_of(Plan(), [good(number, itl_ms=(10.0,) * 98 + (100.0,)) for number in range(2)])
    assert report.itl_ms.n == 198
    assert (report.itl_ms.p50, report.itl_ms.p99) == (10.0, 100.0)
    assert report.itl_ms.max == 100.0


def test_warmup_stands_apart() -> None:
    report = report_of(Plan(), [good(-1, response_time_ms=9000.0), good(0)])
    assert report.requests == 1
    assert report.response_time_ms.max == 1000.0
    assert (report.warmup.requests, report.warmup.response_time_ms) == (1, (9000.0,))


def test_unfinished_requests_are_neither_successes_nor_failures() -> None:
    report = report_of(Plan(), [good(0), Sample(1, 1.0, 1.5, unfinished=True)], stopped="time_limit")
    assert (report.requests, report.succeeded, report.failed, report.unfinished) == (1, 1, 0, 1)
    assert report.stopped == "time_limit"


def test_throughput_is_per_second_of_the_measured_window() -> None:
    samples = [good(n, prompt_tokens=10, completion_tokens=5, cached_tokens=2) for n in range(4)]
    report = report_of(Plan(), samples)
    assert report.duration_s == 4.0
    assert report.usage == TokensUsed(40, 20, 8)
    assert report.throughput == Throughput(1.0, 5.0, 15.0)


@pytest.mark.parametrize(
    ("samples", "source"),
    [
        ([], "none"),
        ([good(0)], "none"),
        ([good(0, completion_tokens=3)], "usage"),
        ([good(0, completion_tokens=3, estimated=True)], "estimated"),
        ([good(0, completion_tokens=3, estimated=True), good(1, completion_tokens=3)], "mixed"),
    ],
)
def test_the_source_of_token_counts_is_told(samples: list[Sample], source: str) -> None:
    assert report_of(Plan(), samples).token_source == source


def test_a_run_without_success_is_a_valid_report() -> None:
    report = report_of(Plan(), [])
    assert report.response_time_ms.n == 0
    assert report.throughput == Throughput()
    assert report.usage == TokensUsed()
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_the_report_has_every_field_of_the_contract() -> None:
    counts = {"requests", "succeeded", "failed", "errors", "usage", "token_source", "duration_s", "warmup", "plan"}
    figures = {"response_time_ms", "ttft_ms", "itl_ms", "tpot_ms", "output_tokens_per_s", "throughput", "environment"}
    assert counts | figures <= {field.name for field in msgspec.structs.fields(Report)}
