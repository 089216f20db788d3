"""Signing in: an access token for minutes, a refresh token that is used once, both of one session.

The secrets of a generation are derived from the session's family and the generation's number, so a client that lost
the answer to a refresh gets the same successor again within the grace, and only hashes are stored.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from model_lineup.access import store
from model_lineup.access.actor import Actor, Role
from model_lineup.access.door import Attempt, Door
from model_lineup.access.emails import folded
from model_lineup.access.passwords import Passwords
from model_lineup.access.shapes import Person, TokenPair
from model_lineup.access.tokens import kind_of, token_from
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import NotSignedIn, PasswordSignInOff
from model_lineup.security.log import SecurityLog
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import LOCAL, Visit
from model_lineup.vault import Vault

GRACE = timedelta(seconds=10)
MICROSECOND = timedelta(microseconds=1)
WRONG = "The e-mail address or the password is not right."


class Sessions:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        passwords: Passwords,
        clock: Clock,
        *,
        door: Door,
        log: SecurityLog,
        access_life: timedelta,
        refresh_life: timedelta,
        session_life: timedelta,
        passwords_count: bool = True,
    ) -> None:
        """A refresh token lives for `refresh_life`, and no session longer than `session_life`.

        `passwords_count`: whether anybody may sign in with one.
        """
        self._database = database
        self._vault = vault
        self._passwords = passwords
        self._clock = clock
        self._door = door
        self._log = log
        self._access_life = access_life
        self._refresh_life = refresh_life
        self._session_life = session_life
        self._passwords_count = passwords_count

    def sign_in(self, email: str, password: str, visit: Visit = LOCAL) -> TokenPair:
        """Raises NotSignedIn with the same words, after the same work, whatever was wrong; SignInThrottled."""
        row = self.prove(email, password, visit)
        now = self._clock.now()
        until = micros(now + min(self._refresh_life, self._session_life))
        with self._database.write_activity() as connection:
            family = self.begin(connection, row, now, until, visit)
            return self._issue(connection, family, 1, now, until)

    def prove(self, email: str, password: str, visit: Visit) -> Row[Any]:
        """The person whose e-mail address and password these are. Raises as `sign_in` does, and PasswordSignInOff."""
        if not self._passwords_count:
            raise PasswordSignInOff(
                "This Lineup takes single sign-on alone (LINEUP_PASSWORD_SIGN_IN). Programs use an admin key."
            )
        attempt = Attempt(folded(email), visit)
        self._door.before(attempt)
        with self._database.read() as connection:
            row = store.person_row(connection, email_folded=attempt.account)
        right = self._passwords.check(row.password_hash if row is not None else None, password)
        may = row is not None and right and not row.disabled
        self._door.after(attempt, right=may, owner=row.email if row is not None else None)
        if row is None or not may:
            raise NotSignedIn(WRONG)
        return row

    def begin(
        self,
        connection: Connection,
        row: Row[Any],
        now: datetime,
        until: int,
        visit: Visit,
        *,
        ends_at: int | None = None,
    ) -> str:
        """A new session of this person until then, in microseconds; the name of its family.

        `ends_at`: until when it can be prolonged at most, of one that began by single sign-on.
        """
        family = secrets.token_hex(16)
        values = {"family": family, "person_id": row.id, "epoch": row.session_epoch, "generation": 1}
        store.forget_ended(connection, micros(now))
        times = {"created_at": micros(now), "refreshed_at": micros(now), "expires_at": until}
        store.add_session(connection, {**values, **times, "ends_at": ends_at})
        by = {} if ends_at is None else {"by": "single sign-on"}
        self._log.note(connection, SecurityEvent.SIGNED_IN, visit, actor=row.email, **by)
        return family

    def refresh(self, token: str, visit: Visit = LOCAL) -> TokenPair:
        """A new pair. The token just used gives the same pair again for 10 s; an older one ends the session.

        Raises NotSignedIn.
        """
        now = self._clock.now()
        with self._database.write_activity() as connection:
            row = store.session_of(connection, self._hash(token, "refresh"), "refresh", lock=True)
            if row is None or row.revoked_at is not None or row.expires_at <= micros(now):
                raise NotSignedIn("This refresh token is not valid. Sign in again.")
            if row.token_generation == row.generation:
                until = min(micros(now + self._refresh_life), row.created_at + self._session_life // MICROSECOND)
                values = {"generation": row.generation + 1, "refreshed_at": micros(now), "expires_at": until}
                store.change_session(connection, row.family, values)
                pair: TokenPair | None = self._issue(connection, row.family, row.generation + 1, now, until)
            elif row.token_generation == row.generation - 1 and micros(now - GRACE) <= row.refreshed_at:
                access_until = self._access_until(row.refreshed_at, row.expires_at)
                pair = self._pair(row.family, row.generation, access_until - micros(now))
            else:
                store.change_session(connection, row.family, {"revoked_at": micros(now)})
                pair = None
        if pair is None:
            self._log.note_by_itself(SecurityEvent.REFRESH_REUSED, visit, actor=self._email(row.person_id))
        if pair is None or self._person(row.person_id, row.epoch) is None:
            raise NotSignedIn("This refresh token is not valid. Sign in again.")
        return pair

    def sign_out(self, family: str, visit: Visit = LOCAL, actor: str | None = None) -> None:
        """Every token of this session stops working at once."""
        with self._database.write_activity() as connection:
            store.change_session(connection, family, {"revoked_at": micros(self._clock.now())})
            self._log.note(connection, SecurityEvent.SIGNED_OUT, visit, actor=actor)

    def keep(self, family: str, person_id: int) -> None:
        """Let this session outlive the person's new password; all others have ended with it.

        It ends with them when the person was given yet another password meanwhile.
        """
        with self._database.read() as connection:
            row = store.person_row(connection, person_id=person_id)
        if row is not None:
            with self._database.write_activity() as connection:
                store.keep_session(connection, family, person_id, epoch=row.session_epoch)

    def actor(self, token: str) -> Actor | None:
        """Who an access token belongs to; None when it is unknown, late, revoked, or the person is disabled."""
        now = micros(self._clock.now())
        with self._database.read() as connection:
            row = store.session_in_force(connection, self._hash(token, "access"))
        if row is None or min(row.expires_at, row.token_expires_at) <= now:
            return None
        return Actor(row.email, Role(row.role), person_id=row.id, session=row.family)

    def _person(self, person_id: int, epoch: int) -> Person | None:
        with self._database.read() as connection:
            return _living(connection, person_id, epoch)

    def _email(self, person_id: int) -> str | None:
        with self._database.read() as connection:
            row = store.person_row(connection, person_id=person_id)
        return None if row is None else str(row.email)

    def _issue(self, connection: Connection, family: str, generation: int, now: datetime, until: int) -> TokenPair:
        access_until = self._access_until(micros(now), until)
        pair = self._pair(family, generation, access_until - micros(now))
        of_both = {"family": family, "generation": generation}
        rows = [
            {**of_both, "kind": "access", "token_hash": self._hash(pair.access_token), "expires_at": access_until},
            {**of_both, "kind": "refresh", "token_hash": self._hash(pair.refresh_token), "expires_at": until},
        ]
        store.add_tokens(connection, rows)
        return pair

    def _access_until(self, issued: int, until: int) -> int:
        """No access token outlives its session."""
        return min(issued + self._access_life // MICROSECOND, until)

    def _pair(self, family: str, generation: int, micros_left: int) -> TokenPair:
        return TokenPair(
            access_token=token_from("access", self._vault.derive("access", family, generation)),
            expires_in=max(0, micros_left // 1_000_000),
            refresh_token=token_from("refresh", self._vault.derive("refresh", family, generation)),
        )

    def _hash(self, token: str, kind: str | None = None) -> str:
        """The stored form. Raises NotSignedIn for something that is no token of this kind."""
        if kind is not None and kind_of(token) != kind:
            raise NotSignedIn(f"This is not a valid {kind} token. Sign in again.")
        return self._vault.token_hash(token)


def _living(connection: Connection, person_id: int, epoch: int) -> Person | None:
    """The person, unless disabled, deleted, or with a new password since."""
    row = store.person_row(connection, person_id=person_id)
    return None if row is None or row.disabled or row.session_epoch != epoch else store.person_of(row)
