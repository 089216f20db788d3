"""What a benchmark does: how many requests, when each is due, and what it asks. Pure.

Two modes, told apart by `rate`. *Closed loop* (`rate` absent): `concurrency` requests are under way at any time, the
next starts when one ends; the provider sets the pace. *Open loop* (`rate` in requests per second): each request has a
moment when it is due, kept whether or not the ones before it are back, and latencies count from that moment, so that a
provider that stalls cannot hide it by slowing the measurer down (no coordinated omission).
"""

import math
import random
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from model_lineup.benchmarks.arrivals import Arrivals, due_offsets
from model_lineup.benchmarks.goodput import Slo
from model_lineup.benchmarks.sweep import Sweep
from model_lineup.errors import InvalidInput

MAX_SEED = 2**53 - 1
"""What every JSON reader holds exactly, so that a seed read from a report can be sent again."""


class Plan(Struct, frozen=True):
    """`seed` absent: one is drawn per run and recorded, so that two runs do not meet each other's prompt cache.

    `prompt_tokens` is approximate (one common word counts as one token); what the provider counted is in the report.
    `warmup` requests run first, as many at a time as `concurrency` allows (as many of them as that leave no connection
    to be made while measuring), and are reported apart. `token_limit` bounds prompt and output
    tokens of the whole run; requests under way finish. `arrivals`: at a `rate`, evenly or as people come. `cold`
    requests go before the warm-up, each over a new connection. With a `sweep`, `requests` are measured at each step.
    `name`: what people call this plan; it changes nothing.
    """

    requests: int = 20
    concurrency: int = 1
    rate: float | None = None
    max_tokens: int = 64
    prompt_tokens: int | None = None
    warmup: int = 1
    seed: int | None = None
    time_limit_s: float = 50.0
    token_limit: int | None = None
    arrivals: Arrivals = "constant"
    cold: int = 0
    slo: Slo | None = None
    sweep: Sweep | None = None
    name: str | None = None

    @property
    def mode(self) -> Literal["closed_loop", "open_loop"]:
        at_a_rate = self.rate is not None or (self.sweep is not None and self.sweep.rate)
        return "open_loop" if at_a_rate else "closed_loop"

    @property
    def steps(self) -> "list[Plan]":
        """What is done one after the other: the plan itself, or one plan for each load of its sweep."""
        if self.sweep is None:
            return [self]
        if self.sweep.concurrency:
            return [replace(self, sweep=None, concurrency=load) for load in self.sweep.concurrency]
        return [replace(self, sweep=None, rate=load) for load in self.sweep.rate or ()]

    @property
    def measured(self) -> int:
        """Requests of all steps."""
        return self.requests * (len(self.sweep.loads) if self.sweep else 1)


LEAST_STEPS, MOST_STEPS = 2, 16
LEAST_SLO_MS, MOST_SLO_MS = 0.001, 3_600_000
RANGES: dict[str, tuple[float, float]] = {
    "requests": (1, 10_000),
    "concurrency": (1, 256),
    "rate": (0.01, 1_000),
    "max_tokens": (1, 32_768),
    "prompt_tokens": (1, 100_000),
    "warmup": (0, 100),
    "seed": (0, MAX_SEED),
    "time_limit_s": (1, 3_600),
    "token_limit": (1, 100_000_000),
    "cold": (0, 20),
}
"""Field → least and greatest value. The API's body and the reference page are made from it."""


def check(plan: Plan) -> Plan:
    """The plan itself, if every number is in range. Raises InvalidInput naming the field and its range."""
    for name, (least, greatest) in RANGES.items():
        value = getattr(plan, name)
        if value is not None and not (math.isfinite(value) and least <= value <= greatest):
            raise InvalidInput.at(f"/{name}", f"must be between {least:g} and {greatest:g}")
    if plan.rate is not None and plan.concurrency != 1:
        raise InvalidInput.at("/rate", "is open loop and excludes concurrency; leave one of them out")
    if plan.arrivals == "poisson" and plan.mode == "closed_loop":
        raise InvalidInput.at("/arrivals", "says when the requests of a rate come; set rate, or leave it out")
    if plan.slo is not None:
        _check_slo(plan.slo)
    if plan.sweep is not None:
        _check_sweep(plan, plan.sweep)
    return plan


def _check_slo(slo: Slo) -> None:
    limits = {name: getattr(slo, name) for name in slo.__struct_fields__}
    if all(limit is None for limit in limits.values()):
        raise InvalidInput.at("/slo", "needs at least one of ttft_ms, tpot_ms and e2e_ms")
    for name, limit in limits.items():
        if limit is not None and not (math.isfinite(limit) and LEAST_SLO_MS <= limit <= MOST_SLO_MS):
            raise InvalidInput.at(f"/slo/{name}", f"must be between {LEAST_SLO_MS:g} and {MOST_SLO_MS:g} milliseconds")


def _check_sweep(plan: Plan, sweep: Sweep) -> None:
    if (sweep.concurrency is None) == (sweep.rate is None):
        raise InvalidInput.at("/sweep", "needs either concurrency or rate, a list of ascending loads")
    if plan.rate is not None or plan.concurrency != 1:
        raise InvalidInput.at("/sweep", "says the loads itself; leave out concurrency and rate")
    field = "concurrency" if sweep.concurrency is not None else "rate"
    least, greatest = RANGES[field]
    if not LEAST_STEPS <= len(sweep.loads) <= MOST_STEPS:
        raise InvalidInput.at(f"/sweep/{field}", f"needs {LEAST_STEPS} to {MOST_STEPS} steps")
    if any(not (math.isfinite(load) and least <= load <= greatest) for load in sweep.loads):
        raise InvalidInput.at(f"/sweep/{field}", f"each step must be between {least:g} and {greatest:g}")
    if any(later <= earlier for earlier, later in pairwise(sweep.loads)):
        raise InvalidInput.at(f"/sweep/{field}", "must ascend")
    if not 0 <= sweep.least_gain <= 1:
        raise InvalidInput.at("/sweep/least_gain", "must be between 0 and 1")
    most = RANGES["requests"][1]
    if plan.measured > most:
        raise InvalidInput.at("/requests", f"makes {plan.measured} in all steps; {most:g} are allowed")


def due_times(plan: Plan) -> list[float] | None:
    """When each measured request is due, in seconds after the run's start; `None` in a closed loop."""
    return None if plan.rate is None else due_offsets(plan.arrivals, plan.rate, plan.requests, plan.seed)


def prompt(plan: Plan, number: int) -> str:
    """What request `number` asks; warm-up requests have negative numbers. The same seed gives the same words.

    Every prompt starts with a nonce: a prefix that no other request shares defeats the provider's prompt cache.
    """
    # Words of a prompt, not a secret; the same in every run.
    source = random.Random(f"{plan.seed}/{number}")  # noqa: S311 # nosec B311
    nonce = f"{source.getrandbits(48):012x}"
    if plan.prompt_tokens is None:
        first, second = source.sample(_WORDS, k=2)
        return f"[{nonce}] Tell a long story about {first} and {second}. Do not stop early."
    words = source.choices(_WORDS, k=max(0, plan.prompt_tokens - _NONCE_TOKENS))
    return " ".join([f"[{nonce}]", *words])


class Prompts:
    """The prompts of a run, made ahead as far as that is cheap, so that making them delays no request."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._made: dict[int, str] = {}

    def prepare(self, numbers: range) -> None:
        """Makes those of the requests to come, in a quarter of a second at most and a few megabytes."""
        words = self._plan.prompt_tokens or _WORDS_WITHOUT_LENGTH
        for number in numbers[: _WORDS_AHEAD // words]:
            self._made[number] = prompt(self._plan, number)

    def take(self, number: int) -> str:
        """The prompt of request `number`; it is not kept."""
        made = self._made.pop(number, None)
        return prompt(self._plan, number) if made is None else made


_WORDS_AHEAD = 300_000
_WORDS_WITHOUT_LENGTH = 30
"""What a prompt without a length costs to make, in words."""

_NONCE_TOKENS = 8
_WORD_LIST = """
time people water year day way man world life hand part child eye woman place work week case point company
number group problem fact river house garden winter summer road horse bread stone light paper glass music
letter window table night morning forest field ship bird fish tree fire snow rain wind cloud hill lake sea
"""
_WORDS = _WORD_LIST.split()
