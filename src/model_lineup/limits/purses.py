"""What one worker holds of keys' allowances: booked ahead in the database for this second, handed out from memory.

A key that is asked with often books for the requests that follow, as many as came in the second before, so that one
transaction serves a second and not a request. What is booked ahead is good for the second in which it was booked; what
is left of it goes back. Not safe among threads: give every event loop its own.
"""

from collections.abc import Iterable
from typing import NamedTuple

from model_lineup.limits.keys import Settlement, Wanted
from model_lineup.limits.payers import Payer
from model_lineup.limits.spending import Allowance, Denial, Grant, Left

MOST_AHEAD = 10_000
_SECOND = 1_000_000


class Purse:
    """`allowed`: what the key might use when this was booked. `rest_*`: what of the grant is not handed out yet."""

    __slots__ = ("allowed", "good_until", "grant", "rest_nanodollars", "rest_requests", "rest_tokens")

    def __init__(self, allowed: Allowance, grant: Grant, now: int) -> None:
        self.allowed = allowed
        self.grant = grant
        self.good_until = _end_of_second(now)
        self.rest_requests = grant.requests
        self.rest_tokens = grant.tokens
        self.rest_nanodollars = grant.nanodollars

    def hand_out(self, tokens: int, nanodollars: int) -> Grant | None:
        if not self.rest_requests or self.rest_tokens < tokens or self.rest_nanodollars < nanodollars:
            return None
        self.rest_requests -= 1
        self.rest_tokens -= tokens
        self.rest_nanodollars -= nanodollars
        key_id, second, month, _, _, _, (requests, requests_reset_s, rest, reset_s), also = self.grant
        left = Left(
            None if requests is None else requests + self.rest_requests,
            requests_reset_s,
            None if rest is None else rest + self.rest_tokens,
            reset_s,
        )
        return Grant(key_id, second, month, 1, tokens, nanodollars, left, also)

    def given_back(self) -> Settlement:
        """All that is left of it; it must not be used any more."""
        rest = self.grant._replace(
            requests=self.rest_requests, tokens=self.rest_tokens, nanodollars=self.rest_nanodollars
        )
        return Settlement(rest, 0, 0, 0)


class _Denied(NamedTuple):
    """`until`: microseconds since 1970; requests of this size or larger need not ask again before."""

    allowed: Allowance
    denial: Denial
    tokens: int
    nanodollars: int
    until: int

    def covers(self, tokens: int, nanodollars: int) -> bool:
        return tokens >= self.tokens and nanodollars >= self.nanodollars


class _Pace:
    """How often a key is asked with: in this second so far, and in the one before."""

    __slots__ = ("before", "second", "this")

    def __init__(self) -> None:
        self.second = self.this = self.before = 0

    def count(self, second: int) -> None:
        if second != self.second:
            self.before = self.this if second == self.second + 1 else 0
            self.second, self.this = second, 0
        self.this += 1


class Purses:
    """By key. `now`: microseconds since 1970."""

    def __init__(self) -> None:
        self._purses: dict[int, Purse] = {}
        self._denials: dict[int, _Denied] = {}
        self._paces: dict[int, _Pace] = {}

    def answer(self, key_id: int, allowed: Allowance, tokens: int, nanodollars: int, now: int) -> Grant | Denial | None:
        """To one request, from what is held; None where it must be booked."""
        purse = self._purses.get(key_id)
        if purse is not None and purse.good_until > now and purse.allowed is allowed:
            grant = purse.hand_out(tokens, nanodollars)
            if grant is not None:
                self._pace(key_id, now)
                return grant
        denied = self._denials.get(key_id)
        if (
            denied is not None
            and denied.until > now
            and denied.allowed is allowed
            and denied.covers(tokens, nanodollars)
        ):
            self._pace(key_id, now)
            return denied.denial
        return None

    def wanted(
        self,
        key_id: int,
        allowed: Allowance,
        tokens: int,
        nanodollars: int,
        now: int,
        payers: tuple[Payer, ...] = (),
    ) -> Wanted:
        """For a request that nothing is held for."""
        pace = self._pace(key_id, now)
        ahead = min(max(pace.before, pace.this) - 1, MOST_AHEAD)
        return Wanted(key_id, allowed, tokens, nanodollars, ahead, payers)

    def _pace(self, key_id: int, now: int) -> _Pace:
        """One more request of this key."""
        pace = self._paces.get(key_id)
        if pace is None:
            pace = self._paces[key_id] = _Pace()
        pace.count(now // _SECOND)
        return pace

    def put(self, allowed: Allowance, grant: Grant, now: int) -> Settlement | None:
        """Hold what was booked ahead. Returns what was left of what was held before."""
        old = self._purses.get(grant.key_id)
        self._purses[grant.key_id] = Purse(allowed, grant, now)
        return None if old is None else old.given_back()

    def deny(self, wanted: Wanted, denial: Denial, now: int) -> None:
        """Remember that there was too little for this, for the rest of the second."""
        self._denials[wanted.key_id] = _Denied(
            wanted.allowed, denial, wanted.tokens, wanted.nanodollars, _end_of_second(now)
        )

    def __bool__(self) -> bool:
        """Whether anything will go back."""
        return bool(self._purses)

    def all(self) -> list[Settlement]:
        """Everything goes back; nothing must be asked for afterwards."""
        return [purse.given_back() for purse in self._purses.values()]

    def over(self, now: int) -> Iterable[Settlement]:
        """What goes back because its second is over; and keys that nobody asks with are forgotten."""
        for key_id, purse in list(self._purses.items()):
            if purse.good_until <= now:
                del self._purses[key_id]
                yield purse.given_back()
        for key_id, denied in list(self._denials.items()):
            if denied.until <= now:
                del self._denials[key_id]
        second = now // _SECOND
        for key_id, pace in list(self._paces.items()):
            if pace.second < second - 1:
                del self._paces[key_id]


def _end_of_second(now: int) -> int:
    return (now // _SECOND + 1) * _SECOND
