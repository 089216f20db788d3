"""The door at which passwords and set-up links are tried: refuses who guesses, and notes it.

A lock-out is for one account from one address (IPv6: one /64), so nobody can lock others out from elsewhere; it stops
guessing alone: sessions, refresh tokens and keys go on. Accounts that do not exist are counted alike.
"""

from dataclasses import dataclass
from datetime import timedelta

from model_lineup.database.engines import Database
from model_lineup.errors import SignInThrottled
from model_lineup.limits.guesses import Guesses
from model_lineup.limits.rates import Rates
from model_lineup.security.log import SecurityLog
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import Visit

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries `account`: a folded address, or the set-up link. `failed` is what it is when it fails."""

    account: str
    visit: Visit
    failed: SecurityEvent = SecurityEvent.SIGN_IN_FAILED


class Door:
    def __init__(
        self, database: Database, guesses: Guesses, rates: Rates, log: SecurityLog, *, per_second: int
    ) -> None:
        self._database = database
        self._guesses = guesses
        self._rates = rates
        self._log = log
        self._per_second = per_second

    def before(self, attempt: Attempt) -> None:
        """Before anything is looked at. Raises SignInThrottled."""
        if attempt.visit.network is None:
            return  # the owner of the machine need not guess
        self._refuse(attempt, self._guesses.locked_s(self._subject(attempt)))
        self.pace(attempt.visit)

    def pace(self, visit: Visit) -> None:
        """So many sign-ins in a second, of all together. Raises SignInThrottled."""
        wait_s = self._rates.take("sign-ins", limit=self._per_second, window=_SECOND)
        if wait_s:
            self._log.note_refusal(SecurityEvent.SIGN_IN_THROTTLED, visit, rate=self._per_second)
            raise SignInThrottled("Too many sign-ins at the moment. Try again in a second.", retry_after=wait_s)

    def after(self, attempt: Attempt, *, right: bool, owner: str | None = None) -> None:
        """The outcome counts, unless others locked the account while this one was checked. Raises SignInThrottled.

        `owner` is whose account it is; None: there is no such, and what was typed (a password, by mistake) is not kept.
        """
        if attempt.visit.network is None:
            return None
        subject = self._subject(attempt)
        if right:
            return self._refuse(attempt, self._guesses.succeeded(subject))
        with self._database.write_activity() as connection:
            locked_s = self._guesses.failed(connection, subject)
            if not locked_s:
                self._log.note(connection, attempt.failed, attempt.visit, actor=owner, account=subject[:12])
        return self._refuse(attempt, locked_s)

    def _refuse(self, attempt: Attempt, locked_s: int) -> None:
        if locked_s:
            self._log.note_refusal(SecurityEvent.SIGN_IN_THROTTLED, attempt.visit, account=self._subject(attempt)[:12])
            raise SignInThrottled(
                f"Too many wrong attempts from this address. Try again in {locked_s} s.", retry_after=locked_s
            )

    def _subject(self, attempt: Attempt) -> str:
        return self._guesses.subject(attempt.account, attempt.visit.network or "")
