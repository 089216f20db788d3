"""A plan says exactly what will happen, and refuses what makes no sense."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.benchmarks.goodput import Slo
from model_lineup.benchmarks.plan import RANGES, Plan, Prompts, check, due_times, prompt
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.errors import InvalidInput


def test_defaults_are_those_of_the_contract() -> None:
    plan = Plan()
    assert (plan.requests, plan.concurrency, plan.rate, plan.max_tokens) == (20, 1, None, 64)
    assert (plan.prompt_tokens, plan.warmup, plan.seed, plan.time_limit_s, plan.token_limit) == (
        None,
        1,
        None,
        50,
        None,
    )
    assert check(plan) is plan


def test_every_number_has_a_range() -> None:
    others = {"arrivals", "slo", "sweep", "name"}
    assert set(RANGES) | others == {field.name for field in msgspec.structs.fields(Plan)}


@pytest.mark.parametrize("name", RANGES)
def test_out_of_range_names_the_field(name: str) -> None:
    least, greatest = RANGES[name]
    kind = float if name in ("rate", "time_limit_s") else int
    for edge in (least, greatest):
        check(msgspec.structs.replace(Plan(), **{name: kind(edge)}))
    beyond: list[Any] = [least - 1, greatest * 2, -math.inf, math.inf, math.nan, 2**63]
    for value in beyond:
        with pytest.raises(InvalidInput) as caught:
            check(msgspec.structs.replace(Plan(), **{name: value}))
        assert caught.value.facts["errors"][0]["pointer"] == f"/{name}"


def test_rate_and_concurrency_are_two_modes() -> None:
    assert Plan().mode == "closed_loop"
    assert Plan(rate=2.0).mode == "open_loop"
    with pytest.raises(InvalidInput, match="concurrency"):
        check(Plan(rate=2.0, concurrency=2))


def test_open_loop_is_due_at_a_constant_rate() -> None:
    assert due_times(Plan(requests=4, rate=2.0)) == [0.0, 0.5, 1.0, 1.5]
    assert due_times(Plan()) is None


@given(st.integers(0, 2**63 - 1), st.integers(-100, 10_000), st.none() | st.integers(1, 500))
def test_the_same_seed_gives_the_same_words(seed: int, number: int, prompt_tokens: int | None) -> None:
    plan = Plan(seed=seed, prompt_tokens=prompt_tokens)
    assert prompt(plan, number) == prompt(plan, number)
    assert prompt(plan, number) != prompt(msgspec.structs.replace(plan, seed=seed ^ 1), number)


def test_no_two_prompts_share_a_beginning() -> None:
    starts = {prompt(Plan(seed=1), number)[:14] for number in range(-50, 1000)}
    assert len(starts) == 1050


def test_prompt_tokens_sets_the_length() -> None:
    assert len(prompt(Plan(seed=1, prompt_tokens=200), 0).split()) == 193
    assert prompt(Plan(seed=1, prompt_tokens=1), 0)


def test_prompts_made_ahead_are_the_same_as_those_made_when_needed() -> None:
    plan = Plan(requests=5, prompt_tokens=40, seed=3)
    prompts = Prompts(plan)
    prompts.prepare(range(5))
    assert [prompts.take(number) for number in range(-1, 5)] == [prompt(plan, number) for number in range(-1, 5)]


def test_as_many_prompts_are_made_ahead_as_fit_into_memory_and_time() -> None:
    prompts = Prompts(Plan(requests=10_000, prompt_tokens=100_000, seed=3))
    prompts.prepare(range(10_000))
    assert len(prompts._made) == 3
    prompts.take(0)
    assert len(prompts._made) == 2


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan(arrivals="poisson"), "/arrivals"),
        (Plan(slo=Slo()), "/slo"),
        (Plan(slo=Slo(ttft_ms=math.nan)), "/slo/ttft_ms"),
        (Plan(slo=Slo(e2e_ms=0)), "/slo/e2e_ms"),
        (Plan(sweep=Sweep()), "/sweep"),
        (Plan(sweep=Sweep(concurrency=(1, 2), rate=(1.0, 2.0))), "/sweep"),
        (Plan(sweep=Sweep(concurrency=(1, 2)), rate=3.0), "/sweep"),
        (Plan(sweep=Sweep(concurrency=(1,))), "/sweep/concurrency"),
        (Plan(sweep=Sweep(concurrency=(1, 1))), "/sweep/concurrency"),
        (Plan(sweep=Sweep(rate=(1.0, math.inf))), "/sweep/rate"),
        (Plan(sweep=Sweep(rate=(1.0, 2.0), least_gain=2)), "/sweep/least_gain"),
        (Plan(requests=6_000, sweep=Sweep(rate=(1.0, 2.0))), "/requests"),
    ],
)
def test_what_cannot_be_measured_names_the_field(plan: Plan, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(plan)
    assert refused.value.facts["errors"][0]["pointer"] == field


def test_a_sweep_is_one_plan_after_the_other() -> None:
    plan = check(Plan(requests=5, sweep=Sweep(rate=(1.0, 4.0)), arrivals="poisson", seed=1))
    assert [(step.rate, step.requests, step.sweep) for step in plan.steps] == [(1.0, 5, None), (4.0, 5, None)]
    assert (plan.mode, plan.measured) == ("open_loop", 10)
    assert Plan(sweep=Sweep(concurrency=(1, 2))).mode == "closed_loop"
