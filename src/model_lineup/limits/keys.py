"""Limits of keys and groups, counted in the database: every worker and every replica books in the same row of a key.

Requests come in batches: those of one worker that wait at the same moment are booked in one transaction, each by
itself and in their order, together with what earlier ones turned out to use. A request that counts for groups, too, is
booked for all of them or for none.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.limits import store
from model_lineup.limits.payers import Payer, take, take_ahead
from model_lineup.limits.spending import Allowance, Denial, Grant, Spending


class Wanted(NamedTuple):
    """One request of a key, what is to be reserved for it, and how many like it are likely to follow at once.

    `payers`: for whom it is booked, where the key is not the only one; it is the first of them.
    """

    key_id: int
    allowed: Allowance
    tokens: int
    nanodollars: int
    ahead: int = 0
    payers: tuple[Payer, ...] = ()

    def all_payers(self) -> tuple[Payer, ...]:
        return self.payers or (Payer(self.key_id, self.allowed),)


class Settlement(NamedTuple):
    """What became of a grant: how many requests were made on it, and what they used."""

    grant: Grant
    requests: int
    tokens: int
    nanodollars: int


class Booking(NamedTuple):
    """The answer to one request; `ahead` is for those that follow it in the same second."""

    answer: Grant | Denial
    ahead: Grant | None


class KeyLimits:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> int:
        """Microseconds since 1970, as it is booked by."""
        return micros(self._clock.now())

    def book(self, wanted: Sequence[Wanted], settled: Sequence[Settlement] = ()) -> list[Booking]:
        """An answer to each that is wanted, in their order; what is settled is given back first.

        Raises Unavailable; then nothing was booked.
        """
        settled = [Settlement(grant, *one[1:]) for one in settled for grant in one.grant.places()]
        ids = {payer.id for one in wanted for payer in one.all_payers()} | {one.grant.key_id for one in settled}
        if not ids:
            return []
        while True:
            with self._database.write_activity() as connection:
                spendings = store.spendings_to_change(connection, sorted(ids))
                if len(spendings) == len(ids):
                    return self._book(connection, spendings, wanted, settled)
            self._begin(ids - spendings.keys())

    def _begin(self, ids: Iterable[int]) -> None:
        """Make rows, in a transaction that holds no other: whoever held one and waited for another to be made could be
        waited for himself. All in one order, for the same reason."""
        with self._database.write_activity() as connection:
            store.begin_spendings(connection, sorted(ids))

    def _book(
        self,
        connection: Connection,
        spendings: Mapping[int, Spending],
        wanted: Sequence[Wanted],
        settled: Sequence[Settlement],
    ) -> list[Booking]:
        now = self.now()  # after the wait for the rows: others may have booked until just now
        months = {key_id: spending.month for key_id, spending in spendings.items()}
        for one in settled:
            spendings[one.grant.key_id].settle(one.grant, one.requests, one.tokens, one.nanodollars, now)
        bookings = _booked(spendings, wanted, now)
        changed = {one.grant.key_id for one in settled}
        granted = [one.answer for one in bookings if isinstance(one.answer, Grant)]
        changed |= {grant.key_id for one in granted for grant in one.places()}
        store.put_spendings(connection, {key_id: spendings[key_id] for key_id in changed})
        if any(spendings[key_id].month != months[key_id] for key_id in changed):
            store.forget_spendings(connection, before_month=min(one.month for one in spendings.values()) - 1)
        return bookings

    def spent(self, key_id: int) -> Spending:
        """What the key has used, as it was booked last."""
        with self._database.read() as connection:
            return store.spendings(connection, [key_id]).get(key_id) or Spending([])


def _booked(spendings: Mapping[int, Spending], wanted: Sequence[Wanted], now: int) -> list[Booking]:
    """First all that wait, then what is taken ahead: who is here goes before who may come."""
    answers = [take(spendings, one.all_payers(), one.tokens, one.nanodollars, now) for one in wanted]
    return [
        Booking(answer, _ahead(spendings, one, now) if one.ahead and isinstance(answer, Grant) else None)
        for one, answer in zip(wanted, answers, strict=True)
    ]


def _ahead(spendings: Mapping[int, Spending], wanted: Wanted, now: int) -> Grant | None:
    return take_ahead(spendings, wanted.all_payers(), wanted.tokens, wanted.nanodollars, wanted.ahead, now)
