"""From an exchange to a sample: stamps become figures in milliseconds. Pure."""

from model_lineup.benchmarks.sample import Sample
from model_lineup.upstream import timing
from model_lineup.upstream.contract import Exchange


def sample_of(number: int, exchange: Exchange, *, origin: float, due_at: float | None = None) -> Sample:
    """The figures of one request. `origin`: the run's start, as a monotonic time.

    `due_at`: open loop, when the request was due; latencies then count from there instead of from the sending.
    """
    start = exchange.sent_at if due_at is None else due_at
    late_ms = None if due_at is None else _ms(exchange.sent_at - due_at)
    if exchange.failure is not None:
        return Sample(
            number=number,
            started_s=start - origin,
            ended_s=exchange.ended_at - origin,
            failure=exchange.failure,
            reused=exchange.reused,
            late_ms=late_ms,
        )
    e2e = timing.end_to_end(start, exchange.last_event_at)
    ttft = timing.time_to_first_token(start, exchange.content_at)
    tokens, estimated = _output_tokens(exchange)
    return Sample(
        number=number,
        started_s=start - origin,
        ended_s=(exchange.last_event_at or exchange.ended_at) - origin,
        response_time_ms=_ms(e2e),
        ttft_ms=_ms(ttft),
        tpot_ms=_ms(timing.time_per_output_token(e2e, ttft, tokens, len(exchange.content_at))),
        itl_ms=tuple(gap * 1000 for gap in timing.inter_token_latency(exchange.content_at)),
        output_tokens_per_s=tokens / e2e if tokens and e2e else None,
        prompt_tokens=exchange.usage.prompt_tokens if exchange.usage else None,
        completion_tokens=tokens,
        cached_tokens=exchange.usage.cached_tokens if exchange.usage else None,
        estimated=estimated,
        reused=exchange.reused,
        late_ms=late_ms,
        finish_reason=exchange.finish_reason,
        answered_model=exchange.answered_model,
    )


def unfinished_sample(number: int, *, started_at: float, ended_at: float, origin: float) -> Sample:
    """A request that a limit or a cancel cut short."""
    return Sample(number=number, started_s=started_at - origin, ended_s=ended_at - origin, unfinished=True)


def _output_tokens(exchange: Exchange) -> tuple[int | None, bool]:
    """What the provider counted; else the number of content events, marked as an estimate; else unknown."""
    counted = exchange.usage.completion_tokens if exchange.usage else None
    if counted is not None:
        return counted, False
    events = len(exchange.content_at)
    return (events, True) if events else (None, False)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
