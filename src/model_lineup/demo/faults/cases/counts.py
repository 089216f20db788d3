"""Usage that cannot be believed. A number that cannot be one of tokens is unknown, never 0; no JSON is refused."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from model_lineup.demo.faults.case import OPENAI, Asked, Case, Step
from model_lineup.demo.faults.cases.streams import _Events
from model_lineup.demo.faults.saying import chunked, reply
from model_lineup.demo.faults.wires import GOOD, UNCOUNTED


class _Counts(Case, abstract=True):
    """A good answer that tells this as its number of tokens."""

    number: ClassVar[str]

    def answer(self, asked: Asked) -> Iterable[Step]:
        said = replace(GOOD, prompt=self.number, completion=self.number)
        if asked.stream:
            yield chunked(asked, asked.wire.stream(said))
        else:
            yield reply(200, asked.plain(asked.wire.plain(said)))


class UsageAbsent(Case):
    """No usage at all: unknown; a benchmark estimates, and says so (LiteLLM #40260 does it silently)."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        if asked.stream:
            yield chunked(asked, asked.wire.stream(UNCOUNTED))
        else:
            yield reply(200, asked.plain(asked.wire.plain(UNCOUNTED)))


class UsageNull(_Counts):
    """Counts that are null."""

    number = "null"


class UsageNegative(_Counts):
    """Counts below zero."""

    number = "-5"


class UsageFraction(_Counts):
    """Counts with a fraction."""

    number = "2.5"


class UsageText(_Counts):
    """Counts that are text."""

    number = '"12"'


class UsageObject(_Counts):
    """Counts that are objects."""

    number = '{"n": 12}'


class UsageHuge(_Counts):
    """Counts of 2^63, which overflow a database's number."""

    number = str(2**63)


class UsageDigits(_Counts):
    """Counts of 5 000 digits, which Python refuses to turn into text."""

    test = "protocol/malformed"
    number = "9" * 5000


class UsageBeyondFloat(_Counts):
    """Counts of 1e999: infinity to a careless parser."""

    test = "protocol/malformed"
    number = "1e999"


class UsageNan(_Counts):
    """Counts that are NaN, which is no JSON."""

    test = "protocol/malformed"
    number = "NaN"


class UsageDeep(_Counts):
    """Counts nested 100 000 deep."""

    test = "protocol/malformed"
    number = "[" * 100_000 + "]" * 100_000


class UsageTwice(_Events):
    """The usage comes twice, with different numbers: what was told last holds."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        first = asked.wire.closing(replace(GOOD, prompt="1", completion="1"))[-2]
        return [*asked.wire.opening(), *map(asked.wire.piece, GOOD.pieces), first, *asked.wire.closing()]


class UsageOnEveryEvent(_Events):
    """A growing usage with every event, as vLLM's `continuous_usage_stats` sends it."""

    wires = OPENAI

    def events(self, asked: Asked) -> list[bytes]:
        pieces = [asked.wire.piece(text) for text in GOOD.pieces]
        counted = [
            one.replace(b'"choices"', b'"usage": {"prompt_tokens": 9, "completion_tokens": %d}, "choices"' % number)
            for number, one in enumerate(pieces, start=1)
        ]
        return [*asked.wire.opening(), *counted, *asked.wire.closing()]
