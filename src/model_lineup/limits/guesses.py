"""Failed guesses: after a few the subject is locked for a while, which doubles with every further one.

A subject is whatever must not be guessed at for long, such as an account as seen from one address. What was right
clears it. Failures fade: one is forgotten for every `forgotten_after` in which no other was made.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.limits import store
from model_lineup.vault import Vault

_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class GuessRules:
    """The failure number `allowed` locks for `first_lock`; each further one twice as long, up to `longest_lock`."""

    allowed: int
    first_lock: timedelta
    longest_lock: timedelta
    forgotten_after: timedelta

    def lock_after(self, failures: int) -> timedelta:
        """How long the subject is locked by its n-th failure; zero below `allowed`."""
        if failures < self.allowed:
            return timedelta(0)
        doublings = min(failures - self.allowed, 20)  # 2^20 times any lock is longer than any longest
        return min(self.first_lock * (1 << doublings), self.longest_lock)


class Guesses:
    def __init__(self, database: Database, vault: Vault, clock: Clock, rules: GuessRules) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._rules = rules

    def subject(self, *parts: str) -> str:
        """Under which name it is counted: a keyed hash, so that the table names nobody."""
        return self._vault.derive("guess", *parts).hex()

    def locked_s(self, subject: str) -> int:
        """Whole seconds, rounded up, for which the subject is still locked; 0: it is not."""
        with self._database.read() as connection:
            row = store.failures(connection, subject)
        return 0 if row is None else _seconds_left(row.locked_until, self._now())

    def failed(self, connection: Connection, subject: str) -> int:
        """Count a wrong guess, unless the subject was locked while it was being checked.

        Returns the seconds of such a lock, which whoever guessed is told instead of the outcome: so not more than the
        allowed guesses get an answer, however many are made at once. 0: it was counted.
        """
        now = self._now()
        row = store.failures_to_change(connection, subject)
        if row.locked_until > now:
            return _seconds_left(row.locked_until, now)
        each = self._rules.forgotten_after // _MICROSECOND
        failures = max(0, row.failures - (now - row.failed_at) // each) + 1
        locked_until = now + self._rules.lock_after(failures) // _MICROSECOND
        forgotten_at = max(locked_until, now + failures * each)
        values = {"failures": failures, "failed_at": now, "locked_until": locked_until, "forgotten_at": forgotten_at}
        store.put_failures(connection, subject, values)
        store.prune(connection, now)
        return 0

    def succeeded(self, subject: str) -> int:
        """A right guess forgets the failures; unless a lock fell meanwhile, whose seconds are returned."""
        with self._database.read() as connection:
            row = store.failures(connection, subject)
        if row is None:
            return 0
        with self._database.write_activity() as connection:
            row, now = store.failures_to_change(connection, subject), self._now()
            if row.locked_until > now:
                return _seconds_left(row.locked_until, now)
            store.clear_failures(connection, subject)
        return 0

    def _now(self) -> int:
        return micros(self._clock.now())


def _seconds_left(until: int, now: int) -> int:
    return max(0, -((now - until) // _SECOND))
