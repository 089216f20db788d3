"""From samples to a report: what counts, what does not, and what stays unknown. Pure.

Only requests that succeeded give latencies; failures are counted by class. Warm-up requests are reported apart.
Requests cut short by a limit or a cancel say nothing about the provider and are counted as `unfinished` alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from msgspec import Struct, field

from model_lineup.benchmarks.cold import Cold, cold_of
from model_lineup.benchmarks.cost import Cost
from model_lineup.benchmarks.environment import Environment
from model_lineup.benchmarks.goodput import Goodput, goodput_of
from model_lineup.benchmarks.judging.intervals import intervals_of
from model_lineup.benchmarks.plan import Plan
from model_lineup.benchmarks.sample import Sample
from model_lineup.benchmarks.statistics import Summary, summary
from model_lineup.benchmarks.sweep import Step, Swept, swept

Stopped = Literal["time_limit", "token_limit", "cancelled", "interrupted", "auth", "quota", "errors"]
OF_REQUESTS = ("response_time_ms", "ttft_ms", "tpot_ms", "output_tokens_per_s")
"""Figures with one value for each request; those with many are the gaps between tokens."""

TokenSource = Literal["usage", "estimated", "mixed", "none"]


class Throughput(Struct, frozen=True):
    """Per second of `duration_s`, over the requests that succeeded."""

    requests_per_s: float | None = None
    output_tokens_per_s: float | None = None
    total_tokens_per_s: float | None = None


class TokensUsed(Struct, frozen=True):
    """Tokens of the requests that succeeded; `None` where no request told."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


class Warmup(Struct, frozen=True):
    """The requests before the measured ones: they pay for connections, loading and compiling."""

    requests: int = 0
    succeeded: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    response_time_ms: tuple[float, ...] = ()
    ttft_ms: tuple[float, ...] = ()


class Report(Struct, frozen=True):
    """The figures of a run, over its measured requests.

    `unfinished`: cut short by a limit or a cancel, counted nowhere else. `stopped`: why the run ended early.
    `saturated`: the measurer could not keep up (`environment.measurer`), so its times are upper bounds. `late_ms`:
    open loop, how late requests were sent. `mode`: closed_loop or open_loop. `retry_after_s`: the longest time that the
    provider asked to be left alone for, warm-up included. Times in milliseconds, `duration_s` in seconds. `cold`: the
    requests over new connections, which are in no other figure. `goodput`: where the plan has objectives. `cost`: where
    the model has a price and the provider counted tokens. `sweep`: its steps and knee; the figures beside it are over
    all its steps. `interleaved_with`: the run that was measured in turns with this one; neither has a throughput then,
    in no step of a sweep either.
    """

    requests: int
    succeeded: int
    failed: int
    unfinished: int
    errors: dict[str, int]
    response_time_ms: Summary
    ttft_ms: Summary
    itl_ms: Summary
    tpot_ms: Summary
    output_tokens_per_s: Summary
    late_ms: Summary
    throughput: Throughput
    usage: TokensUsed
    token_source: TokenSource
    duration_s: float
    warmup: Warmup
    mode: str
    plan: Plan
    environment: Environment
    stopped: Stopped | None = None
    saturated: bool = False
    retry_after_s: float | None = None
    cold: Cold = Cold()
    goodput: Goodput | None = None
    cost: Cost | None = None
    sweep: Swept | None = None
    interleaved_with: int | None = None


def report_of(
    plan: Plan,
    samples: Iterable[Sample],
    *,
    environment: Environment | None = None,
    stopped: Stopped | None = None,
    saturated: bool = False,
) -> Report:
    """All figures of a run. An empty or fully failed run is a valid report with `null` figures."""
    everything = list(samples)
    measured = [sample for sample in everything if not sample.warmup]
    answered = [sample for sample in measured if not sample.unfinished]
    good = [sample for sample in answered if sample.succeeded]
    duration_s = _duration(measured)
    usage, figures = _used(good), _figures(good, plan.seed or 0)
    return Report(
        requests=len(answered),
        succeeded=len(good),
        failed=len(answered) - len(good),
        unfinished=len(measured) - len(answered),
        errors=_errors(answered),
        response_time_ms=figures["response_time_ms"],
        ttft_ms=figures["ttft_ms"],
        itl_ms=figures["itl_ms"],
        tpot_ms=figures["tpot_ms"],
        output_tokens_per_s=figures["output_tokens_per_s"],
        late_ms=_summary(good, lambda sample: sample.late_ms),
        throughput=_throughput(len(good), usage, duration_s),
        usage=usage,
        token_source=_token_source(good),
        duration_s=duration_s,
        warmup=_warmup([s for s in everything if s.warmup and not s.cold and not s.unfinished]),
        mode=plan.mode,
        plan=plan,
        environment=(environment or Environment()).with_answers(
            answered_models={sample.answered_model for sample in everything if sample.answered_model},
            connections_opened=sum(not sample.reused for sample in everything if sample.succeeded),
        ),
        stopped=stopped,
        saturated=saturated,
        retry_after_s=_longest_wait(everything),
        cold=cold_of([sample for sample in everything if sample.cold and not sample.unfinished]),
        goodput=goodput_of(answered, plan.slo, duration_s),
        sweep=None if plan.sweep is None else swept(plan.sweep, steps_of(plan, everything)),
    )


def steps_of(plan: Plan, samples: Iterable[Sample]) -> list[Step]:
    """The figures of each step of a sweep that has any, in order."""
    found: dict[int, list[Sample]] = {}
    for sample in samples:
        if not sample.warmup and not sample.unfinished:
            found.setdefault(sample.number // plan.requests, []).append(sample)
    return [_step(step, found[place]) for place, step in enumerate(plan.steps) if place in found]


def _step(plan: Plan, answered: list[Sample]) -> Step:
    good = [sample for sample in answered if sample.succeeded]
    duration_s, starts = _duration(answered), [sample.started_s for sample in answered]
    through = _throughput(len(good), _used(good), duration_s)
    gaps = [gap for sample in good for gap in sample.itl_ms]
    return Step(
        load=plan.concurrency if plan.rate is None else plan.rate,
        requests=len(answered),
        succeeded=len(good),
        failed=len(answered) - len(good),
        duration_s=duration_s,
        offered_s=max(starts) - min(starts),
        requests_per_s=through.requests_per_s,
        output_tokens_per_s=through.output_tokens_per_s,
        ttft_ms=_summary(good, lambda sample: sample.ttft_ms),
        response_time_ms=_summary(good, lambda sample: sample.response_time_ms),
        itl_ms=summary(gaps),
        late_ms=_summary(good, lambda sample: sample.late_ms),
        goodput=goodput_of(answered, plan.slo, duration_s),
    )


def _figures(good: Sequence[Sample], seed: int) -> dict[str, Summary]:
    """Those that describe the provider, with their intervals."""
    columns = [[getattr(sample, name) for sample in good] for name in OF_REQUESTS]
    gaps = [sample.itl_ms for sample in good]
    *found, of_gaps = intervals_of(columns, gaps, seed=seed)
    figures = {
        name: summary([value for value in column if value is not None], intervals)
        for name, column, intervals in zip(OF_REQUESTS, columns, found, strict=True)
    }
    return {**figures, "itl_ms": summary([gap for each in gaps for gap in each], of_gaps)}


def _summary(samples: Sequence[Sample], figure: Callable[[Sample], float | None]) -> Summary:
    return summary([value for value in map(figure, samples) if value is not None])


def _errors(samples: Iterable[Sample]) -> dict[str, int]:
    return dict(Counter(sample.failure.code for sample in samples if sample.failure is not None))


def _longest_wait(samples: Iterable[Sample]) -> float | None:
    waits = [sample.failure.retry_after_s for sample in samples if sample.failure is not None]
    return max((wait for wait in waits if wait is not None), default=None)


def _duration(measured: Sequence[Sample]) -> float:
    """Seconds from the first measured request's start to the last one's end."""
    if not measured:
        return 0.0
    return max(sample.ended_s for sample in measured) - min(sample.started_s for sample in measured)


def _used(good: Sequence[Sample]) -> TokensUsed:
    return TokensUsed(
        prompt_tokens=_total(sample.prompt_tokens for sample in good),
        completion_tokens=_total(sample.completion_tokens for sample in good),
        cached_tokens=_total(sample.cached_tokens for sample in good),
    )


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _throughput(succeeded: int, usage: TokensUsed, duration_s: float) -> Throughput:
    if duration_s <= 0 or not succeeded:
        return Throughput()
    output, prompt = usage.completion_tokens, usage.prompt_tokens
    return Throughput(
        requests_per_s=succeeded / duration_s,
        output_tokens_per_s=None if output is None else output / duration_s,
        total_tokens_per_s=None if output is None or prompt is None else (output + prompt) / duration_s,
    )


def _token_source(good: Sequence[Sample]) -> TokenSource:
    counted = [sample for sample in good if sample.completion_tokens is not None]
    estimated = sum(sample.estimated for sample in counted)
    if not counted:
        return "none"
    if estimated == 0:
        return "usage"
    return "estimated" if estimated == len(counted) else "mixed"


def _warmup(samples: Sequence[Sample]) -> Warmup:
    good = [sample for sample in samples if sample.succeeded]
    return Warmup(
        requests=len(samples),
        succeeded=len(good),
        errors=_errors(samples),
        response_time_ms=tuple(s.response_time_ms for s in good if s.response_time_ms is not None),
        ttft_ms=tuple(s.ttft_ms for s in good if s.ttft_ms is not None),
    )
