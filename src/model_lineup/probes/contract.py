"""What a probe is: what it sends, and how it judges what comes back. Frozen values; no sockets, no clock."""

from collections.abc import Sequence
from random import Random
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from model_lineup.probes.heard import Heard

Verdict = Literal["yes", "no", "undecided", "not_applicable"]
VERDICTS: tuple[Verdict, ...] = ("yes", "no", "undecided", "not_applicable")
LEAST_TOKENS = 16
"""Some providers refuse fewer."""
TOKENS = 64
THOUGHTFUL_TOKENS = 1024
"""For a model that thinks before it answers, and that used up all that it was given by that."""


class Trial(Struct, frozen=True):
    """One request. `body`: a chat request without its model. `expected`: what the judge needs to know of it, such as
    a number that was drawn. `sent`: the request in a few words, for the evidence."""

    body: dict[str, Any]
    sent: str
    expected: Any = None


class Finding(Struct, frozen=True):
    """A verdict and the sentence that explains it. `details`: what else was seen, as JSON values."""

    verdict: Verdict
    reason: str
    details: dict[str, Any] = field(default_factory=dict)


class Probe(Protocol):
    """One capability. Every trial must be judged "yes" for it to be proven; the first other verdict ends the test."""

    @property
    def name(self) -> str:
        """The capability: stable, lower case."""

    @property
    def label(self) -> str:
        """For people."""

    @property
    def about(self) -> str:
        """What is asked, and what counts as proof: one or two sentences for people."""

    @property
    def fact(self) -> str | None:
        """The fact of a model that the verdict is about, if there is one."""

    @property
    def named_by(self) -> str:
        """A regular expression, without case: an error that matches it names this feature."""

    @property
    def may_think(self) -> bool:
        """Whether a model that used up its tokens by thinking is asked once more with a larger bound."""

    def trials(self, chance: Random) -> Sequence[Trial]:
        """The requests, in order. `chance` draws what nobody can know beforehand."""

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        """What this answer, which came whole and with a status of success, proves."""


def yes(reason: str, **details: Any) -> Finding:
    return Finding("yes", reason, details)


def no(reason: str, **details: Any) -> Finding:
    return Finding("no", reason, details)


def undecided(reason: str, **details: Any) -> Finding:
    return Finding("undecided", reason, details)
