"""What a browser carries from the beginning of a sign-in to its end: sealed, for ten minutes, for one use.

It is sealed with the key ring, so any worker and any replica can go on where another one began; that it is used once
is counted in the database, which all of them share.
"""

import hmac
import secrets
from datetime import timedelta

import msgspec

from model_lineup.clock import Clock
from model_lineup.database.metadata import micros
from model_lineup.errors import KeyUndecryptable, SignOnBroken
from model_lineup.limits.rates import Rates
from model_lineup.vault import Vault

LIFE = timedelta(minutes=10)
MOST_NEXT = 1_000
BOUND_TO = "sign-on"
_MICROSECOND = timedelta(microseconds=1)


class Started(msgspec.Struct, frozen=True):
    """`wanted`: the page to go on to. `person_id`, `session`: of somebody who is signed in and connects an account."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    wanted: str
    at: int
    person_id: int | None = None
    session: str | None = None


class States:
    def __init__(self, vault: Vault, rates: Rates, clock: Clock) -> None:
        self._vault = vault
        self._rates = rates
        self._clock = clock

    def new(self, redirect_uri: str, wanted: str, person_id: int | None = None, session: str | None = None) -> Started:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        wanted = wanted if len(wanted) <= MOST_NEXT else "/"
        now = micros(self._clock.now())
        return Started(state, nonce, verifier, redirect_uri, wanted, now, person_id, session)

    def sealed(self, started: Started) -> str:
        return self._vault.seal(msgspec.json.encode(started).decode(), BOUND_TO)

    def used(self, sealed: str, state: str) -> Started:
        """What was sealed, this once. Raises SignOnBroken for what is not ours, late, or was used."""
        started = self._opened(sealed)
        if started is None or not hmac.compare_digest(started.state.encode(), state.encode()):
            raise broken(
                "It was not begun in this browser, or another one was begun since. Begin again on the sign-in page.",
                "state_unknown",
            )
        age = micros(self._clock.now()) - started.at
        if not -LIFE // _MICROSECOND < age < LIFE // _MICROSECOND:
            raise broken("It was begun too long ago. Begin again on the sign-in page.", "state_late")
        if self._rates.take("sign-on", started.state, limit=1, window=2 * LIFE):
            raise broken("It was used already. Begin again on the sign-in page.", "state_used")
        return started

    def _opened(self, sealed: str) -> Started | None:
        try:
            return msgspec.json.decode(self._vault.open(sealed, BOUND_TO), type=Started)
        except (KeyUndecryptable, msgspec.MsgspecError):
            return None


def broken(words: str, reason: str) -> SignOnBroken:
    return SignOnBroken(words, reason=reason)
