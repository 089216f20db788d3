"""What one key may use and has used, and whether it may use more. Pure; times are handed in.

A minute is counted in the seconds of which it is made: a use counts from its own second on through the sixty that
follow it, so that no stretch of sixty seconds, wherever it begins, holds more than the limit. A month is a calendar
month in UTC. Tokens and money are reserved when a request is let in, and put right when it is over.
"""

import math
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec

MINUTE_S = 60
NANO = 1_000_000_000
Which = Literal["requests_per_minute", "tokens_per_minute", "tokens_per_month", "cost_per_month"]
_MICROS = 1_000_000


class Allowance(msgspec.Struct, frozen=True, gc=False):
    """What a key may use; None: as much as it likes. Money in billionths of a US dollar."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = None
    nanodollars_per_month: int | None = None


class Second(msgspec.Struct, array_like=True, gc=False):
    """What was used in one second; `at` is in seconds since 1970."""

    at: int
    requests: int = 0
    tokens: int = 0


class Left(NamedTuple):
    """What is left of the minute, and the seconds until all of it is there again; None where there is no limit."""

    requests: int | None
    requests_reset_s: float
    tokens: int | None
    tokens_reset_s: float


class Place(NamedTuple):
    """Where something was booked: for whom, and when."""

    key_id: int
    second: int
    month: int


class Grant(NamedTuple):
    """Requests that were let in: when they were booked, how many they are, and what was reserved for them together.

    `also`: where the same was booked for groups of the key.
    """

    key_id: int
    second: int
    month: int
    requests: int
    tokens: int
    nanodollars: int
    left: Left
    also: tuple[Place, ...] = ()

    def places(self) -> "list[Grant]":
        """It, for each for whom it was booked."""
        alone = self._replace(also=()) if self.also else self
        return [alone, *(alone._replace(**place._asdict()) for place in self.also)]


class Denial(NamedTuple):
    """A request that was not let in. `wait_s`: after which it would be; None: never, it is too large by itself.

    `group`: whose limit it was; None: the key's own.
    """

    which: Which
    limit: int
    wanted: int
    wait_s: float | None
    left: Left = Left(None, 0.0, None, 0.0)
    group: str | None = None


class Spending(msgspec.Struct):
    """What a key, or a group, has used: `seconds` in ascending order, none older than a minute; `month` from year 0."""

    seconds: list[Second]
    month: int = 0
    month_tokens: int = 0
    month_nanodollars: int = 0

    def take(self, key_id: int, allowed: Allowance, tokens: int, nanodollars: int, now: int) -> Grant | Denial:
        """Let one request in and reserve for it, or change nothing. `now`: microseconds since 1970."""
        denial = self.denial(allowed, tokens, nanodollars, now)
        return denial or self.take_many(key_id, allowed, 1, tokens, nanodollars, now)

    def denial(self, allowed: Allowance, tokens: int, nanodollars: int, now: int) -> Denial | None:
        """Why one more request like this is not let in; None where it is."""
        moment_s = self._advance(now)
        denial = self._denial(allowed, tokens, nanodollars, moment_s)
        return None if denial is None else denial._replace(left=self.left(allowed, moment_s))

    def left_at(self, allowed: Allowance, now: int) -> Left:
        return self.left(allowed, self._advance(now))

    def take_many(self, key_id: int, allowed: Allowance, number: int, tokens: int, nanodollars: int, now: int) -> Grant:
        """Reserve for that many requests, each of this size, that were found to fit."""
        moment_s = self._advance(now)
        return self._grant(key_id, allowed, number, number * tokens, number * nanodollars, moment_s)

    def take_ahead(
        self, key_id: int, allowed: Allowance, tokens: int, nanodollars: int, most: int, now: int
    ) -> Grant | None:
        """Let in up to `most` more requests of this size that will be made in this second; None for none."""
        number = self.fitting(allowed, tokens, nanodollars, most, now)
        return None if number < 1 else self.take_many(key_id, allowed, number, tokens, nanodollars, now)

    def fitting(self, allowed: Allowance, tokens: int, nanodollars: int, most: int, now: int) -> int:
        """How many more requests of this size may be taken ahead, `most` at most.

        No more than an eighth of what is left, so that others find something, and the less the less there is.
        """
        self._advance(now)
        rests = (
            (allowed.requests_per_minute, self._requests(), 1),
            (allowed.tokens_per_minute, self._tokens(), tokens),
            (allowed.tokens_per_month, self.month_tokens, tokens),
            (allowed.nanodollars_per_month, self.month_nanodollars, nanodollars),
        )
        fitting = [max(0, limit - used) // (8 * each) for limit, used, each in rests if limit is not None and each]
        return min([most, *fitting])

    def settle(self, grant: Grant, requests: int, tokens: int, nanodollars: int, now: int) -> None:
        """This was used. What was booked too much is given back; what was too little counts from now on."""
        moment_s = self._advance(now)
        more_tokens, more_nanodollars = tokens - grant.tokens, nanodollars - grant.nanodollars
        if more_tokens > 0:
            self._at(int(moment_s)).tokens += more_tokens
        for second in self.seconds:
            if second.at == grant.second:
                second.requests = max(0, second.requests + requests - grant.requests)
                second.tokens = max(0, second.tokens + min(0, more_tokens))
        same_month = grant.month == self.month
        if more_tokens > 0 or same_month:
            self.month_tokens = max(0, self.month_tokens + more_tokens)
        if more_nanodollars > 0 or same_month:
            self.month_nanodollars = max(0, self.month_nanodollars + more_nanodollars)

    def left(self, allowed: Allowance, moment_s: float) -> Left:
        by_request = [second.at for second in self.seconds if second.requests]
        by_token = [second.at for second in self.seconds if second.tokens]
        return Left(
            _rest(allowed.requests_per_minute, self._requests()),
            _free_at(by_request[-1]) - moment_s if by_request else 0.0,
            _rest(allowed.tokens_per_minute, self._tokens()),
            _free_at(by_token[-1]) - moment_s if by_token else 0.0,
        )

    def _advance(self, now: int) -> float:
        """The moment, s, at which this is booked. Another replica's clock may be a little ahead: then it is the one
        that counts, lest seconds are forgotten too soon. One that is far ahead was set back since."""
        moment_s = now / _MICROS
        if self.seconds and self.seconds[-1].at > moment_s + MINUTE_S:
            used = self.seconds
            self.seconds = [Second(int(moment_s), sum(one.requests for one in used), sum(one.tokens for one in used))]
        elif self.seconds:
            moment_s = max(moment_s, self.seconds[-1].at)
        self.seconds = [second for second in self.seconds if _free_at(second.at) > moment_s]
        month = month_of(moment_s)
        if month != self.month:
            self.month, self.month_tokens, self.month_nanodollars = month, 0, 0
        return moment_s

    def _grant(
        self, key_id: int, allowed: Allowance, requests: int, tokens: int, nanodollars: int, moment_s: float
    ) -> Grant:
        here = self._at(int(moment_s))
        here.requests += requests
        here.tokens += tokens
        self.month_tokens += tokens
        self.month_nanodollars += nanodollars
        left = self.left(allowed, moment_s)
        return Grant(key_id, here.at, self.month, requests, tokens, nanodollars, left)

    def _requests(self) -> int:
        return sum(second.requests for second in self.seconds)

    def _tokens(self) -> int:
        return sum(second.tokens for second in self.seconds)

    def _at(self, second: int) -> Second:
        if not self.seconds or self.seconds[-1].at != second:
            self.seconds.append(Second(second))
        return self.seconds[-1]

    def _denial(self, allowed: Allowance, tokens: int, nanodollars: int, moment_s: float) -> Denial | None:
        """Of several limits that are reached the one that takes longest."""
        month_s = _month_ends(moment_s) - moment_s
        requests = [(second.at, second.requests) for second in self.seconds]
        of_tokens = [(second.at, second.tokens) for second in self.seconds]
        waits: tuple[tuple[Which, int | None, int, float | None], ...] = (
            ("requests_per_minute", allowed.requests_per_minute, 1, None),
            ("tokens_per_minute", allowed.tokens_per_minute, tokens, None),
            ("tokens_per_month", allowed.tokens_per_month, tokens, month_s),
            ("cost_per_month", allowed.nanodollars_per_month, nanodollars, month_s),
        )
        used = (requests, of_tokens, [(0, self.month_tokens)], [(0, self.month_nanodollars)])
        reached = [
            Denial(which, limit, wanted, None if wanted > limit else over_s or _wait(spent, limit, wanted, moment_s))
            for (which, limit, wanted, over_s), spent in zip(waits, used, strict=True)
            if limit is not None and sum(amount for _, amount in spent) + wanted > limit
        ]
        return max(reached, key=lambda one: math.inf if one.wait_s is None else one.wait_s, default=None)


def month_of(moment_s: float) -> int:
    """Months since year 0."""
    at = datetime.fromtimestamp(moment_s, UTC)
    return at.year * 12 + at.month - 1


def _month_ends(moment_s: float) -> float:
    year, month = divmod(month_of(moment_s) + 1, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).timestamp()


def _free_at(second: int) -> int:
    """When a use in this second counts no more: a minute after the last moment of it."""
    return second + 1 + MINUTE_S


def _rest(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


def _wait(used: list[tuple[int, int]], limit: int, wanted: int, moment_s: float) -> float:
    """Seconds until so much of what was used in a minute is forgotten that `wanted` fit under the limit."""
    over = sum(amount for _, amount in used) + wanted - limit
    for at, amount in used:
        over -= amount
        if over <= 0:
            return _free_at(at) - moment_s
    raise AssertionError("what is wanted is more than the limit by itself")
