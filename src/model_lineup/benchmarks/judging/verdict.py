"""The verdict on two runs: better, worse, or no difference that so few requests could show. Pure.

Five figures at most are judged, because each further question makes all the others harder to answer: time to first
token, response time, the mean gap between tokens, failed requests, and requests that met the objectives where the plan
has some. Throughput is one number per run and is not judged: there is nothing to tell its chance from.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from model_lineup.benchmarks.judging.gaps import Part
from model_lineup.benchmarks.judging.holm import adjusted
from model_lineup.benchmarks.judging.questions import (
    ALPHA,
    Finding,
    Judged,
    may_ask_gaps,
    may_ask_times,
    of_gaps,
    of_shares,
    of_times,
)

NEGLIGIBLE = 0.01
"""Times that differ by less than 1 % do not differ, however sure it is: one model differs by as much in an hour."""
_MORE_IS_BETTER = ("met_slo",)

Overall = Literal["better", "worse", "mixed", "no_difference", "not_comparable"]


class Evidence(Struct, frozen=True):
    """What is judged of a run. Times in milliseconds, one per request that succeeded; `gaps`: their sum and count for
    each request that has any. `failed` of `answered` failed, `met` met the objectives; None where there are none."""

    ttft_ms: Sequence[float] = ()
    response_time_ms: Sequence[float] = ()
    gaps: Sequence[Part] = ()
    failed: int = 0
    answered: int = 0
    met: int | None = None


class Verdict(Struct, frozen=True):
    """Of the other run, seen from the base; `mixed` where one thing is better and another worse."""

    verdict: Overall
    metrics: list[Judged] = field(default_factory=list)
    alpha: float = ALPHA


class Pair(NamedTuple):
    """Both runs at one load; None where the whole runs are meant."""

    base: Evidence
    other: Evidence
    load: float | None = None


def judge(base: Evidence, other: Evidence, *, seed: int = 0) -> Verdict:
    """`seed` is for dealing out requests anew: the same one gives the same verdict."""
    return judge_all([Pair(base, other)], seed=seed)


def judge_all(pairs: Sequence[Pair], *, seed: int = 0) -> Verdict:
    """One verdict over several loads: each question at each of them makes all the others harder to answer."""
    may_be_asked = sum(_asked(pair.base, pair.other) for pair in pairs)
    every = [
        replace(one, load=pair.load)
        for pair in pairs
        for one in _questions(pair.base, pair.other, seed, may_be_asked)
        if one.n_base or one.n_other
    ]
    asked = [(one.load, one.metric) for one in every if one.p is not None]
    corrected = dict(zip(asked, adjusted([one.p for one in every if one.p is not None]), strict=True))
    found = [_found(one, corrected[at]) if (at := (one.load, one.metric)) in corrected else one for one in every]
    return Verdict(_overall({one.finding for one in found}), found)


def _asked(base: Evidence, other: Evidence) -> int:
    """How many questions can be asked decides how sure each answer has to be."""
    return (
        may_ask_times(base.ttft_ms, other.ttft_ms)
        + may_ask_times(base.response_time_ms, other.response_time_ms)
        + may_ask_gaps(base.gaps, other.gaps)
        + len(_shares(base, other))
    )


def _shares(base: Evidence, other: Evidence) -> list[tuple[str, int, int]]:
    shares = [("failed", base.failed, other.failed)]
    if base.met is not None and other.met is not None:
        shares.append(("met_slo", base.met, other.met))
    return shares


def _questions(base: Evidence, other: Evidence, seed: int, asked: int) -> list[Judged]:
    return [
        of_times("ttft_ms", base.ttft_ms, other.ttft_ms, asked),
        of_times("response_time_ms", base.response_time_ms, other.response_time_ms, asked),
        of_gaps(base.gaps, other.gaps, asked, seed),
        *(of_shares(name, ours, base.answered, theirs, other.answered) for name, ours, theirs in _shares(base, other)),
    ]


def _found(one: Judged, p: float) -> Judged:
    return replace(one, p_adjusted=p, finding=_finding(one, p))


def _finding(one: Judged, p: float) -> Finding:
    if p > ALPHA or one.base is None or one.other is None:
        return "no_difference"
    if one.ratio is not None and one.metric.endswith("_ms") and abs(one.ratio - 1) < NEGLIGIBLE:
        return "no_difference"
    more = (one.ratio or 0.0) > 1 if one.metric.endswith("_ms") else one.other > one.base
    return "better" if more == (one.metric in _MORE_IS_BETTER) else "worse"


def _overall(said: set[Finding]) -> Overall:
    if {"better", "worse"} <= said:
        return "mixed"
    return "better" if "better" in said else "worse" if "worse" in said else "no_difference"
