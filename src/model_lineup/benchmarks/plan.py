"""What a benchmark does: how many requests, when each is due, and what it asks. Pure.

Two modes, told apart by `rate`. *Closed loop* (`rate` absent): `concurrency` requests are under way at any time, the
next starts when one ends; the provider sets the pace. *Open loop* (`rate` in requests per second): each request has a
moment when it is due, kept whether or not the ones before it are back, and latencies count from that moment, so that a
provider that stalls cannot hide it by slowing the measurer down (no coordinated omission).
"""

import math
import random
from typing import Literal

from msgspec import Struct

from model_lineup.errors import InvalidInput

MAX_SEED = 2**53 - 1
"""What every JSON reader holds exactly, so that a seed read from a report can be sent again."""


class Plan(Struct, frozen=True):
    """`seed` absent: one is drawn per run and recorded, so that two runs do not meet each other's prompt cache.

    `prompt_tokens` is approximate (one common word counts as one token); what the provider counted is in the report.
    `warmup` requests run first, as many at a time as `concurrency` allows (as many of them as that leave no connection
    to be made while measuring), and are reported apart. `token_limit` bounds prompt and output
    tokens of the whole run; requests under way finish.
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

    @property
    def mode(self) -> Literal["closed_loop", "open_loop"]:
        return "closed_loop" if self.rate is None else "open_loop"


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
    return plan


def due_times(plan: Plan) -> list[float] | None:
    """When each measured request is due, in seconds after the run's start; `None` in a closed loop."""
    if plan.rate is None:
        return None
    return [number / plan.rate for number in range(plan.requests)]


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

    def prepare(self) -> None:
        """Makes those of the measured requests, in a quarter of a second at most and a few megabytes."""
        words = self._plan.prompt_tokens or _WORDS_WITHOUT_LENGTH
        for number in range(min(self._plan.requests, _WORDS_AHEAD // words)):
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
