"""Sessions of browsers: one opaque token, which lives as long as it is used.

They are sessions like those of the API, so whatever ends one (signing out, a new password, disabling, a restore) ends
these too. Their token opens nothing but the panel: it names its kind, and the API takes another.
"""

import contextlib
from datetime import timedelta

from model_lineup.access import store
from model_lineup.access.actor import Actor, Role
from model_lineup.access.sessions import MICROSECOND, Sessions
from model_lineup.access.tokens import kind_of, new_token
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import NotSignedIn, StorageFull, Unavailable
from model_lineup.security.visit import LOCAL, Visit
from model_lineup.vault import Vault

EXTENDED_EVERY = timedelta(minutes=10)
"""A session in use is written at most that often."""


class BrowserSessions:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        sessions: Sessions,
        *,
        idle_life: timedelta,
        session_life: timedelta,
    ) -> None:
        """A session ends after `idle_life` without a request, and never lives longer than `session_life`."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._sessions = sessions
        self.idle_life = min(idle_life, session_life)
        self._session_life = session_life

    def sign_in(self, email: str, password: str, visit: Visit = LOCAL) -> str:
        """The token of a new session. Raises NotSignedIn, SignInThrottled, PasswordsBusy."""
        row = self._sessions.prove(email, password, visit)
        return self._open(row, visit)

    def open_for(self, person_id: int, visit: Visit = LOCAL, *, at_most: timedelta | None = None) -> str:
        """The token of a new session of somebody who has just proven himself by other means; it ends after `at_most`,
        however much it is used. Raises NotSignedIn for somebody who is gone."""
        with self._database.read() as connection:
            row = store.person_row(connection, person_id=person_id)
        if row is None or row.disabled:
            raise NotSignedIn("This account is gone. Ask an administrator.")
        return self._open(row, visit, at_most)

    def goes_on(self, family: str, person_id: int) -> bool:
        """Whether this session of the person is in force."""
        with self._database.read() as connection:
            return store.session_goes_on(connection, family, person_id, micros(self._clock.now()))

    def actor(self, token: str) -> Actor | None:
        """Who a token belongs to; None when it is unknown, late, revoked, or the person is disabled."""
        if kind_of(token) != "browser":
            return None
        now, hashed = micros(self._clock.now()), self._vault.token_hash(token)
        with self._database.read() as connection:
            row = store.session_in_force(connection, hashed)
        if row is None or min(row.expires_at, row.token_expires_at) <= now:
            return None
        if row.expires_at - now < (self.idle_life - EXTENDED_EVERY) // MICROSECOND:
            with contextlib.suppress(Unavailable, StorageFull):  # it goes on as it is
                self._extend(hashed, now)
        return Actor(row.email, Role(row.role), person_id=row.id, session=row.family)

    def form_secret(self, cookie: str) -> bytes:
        """32 bytes that only pages made for this cookie can know."""
        return self._vault.derive("form", cookie)

    def _open(self, row: store.PersonRow, visit: Visit, at_most: timedelta | None = None) -> str:
        token, now = new_token("browser"), self._clock.now()
        ends_at = None if at_most is None else micros(now + at_most)
        until = min(micros(now + self.idle_life), ends_at or micros(now + self.idle_life))
        with self._database.write_activity() as connection:
            family = self._sessions.begin(connection, row, now, until, visit, ends_at=ends_at)
            of_token = {"token_hash": self._vault.token_hash(token), "kind": "access", "expires_at": until}
            store.add_tokens(connection, [{"family": family, "generation": 1, **of_token}])
        return token

    def _extend(self, hashed: str, now: int) -> None:
        with self._database.write_activity() as connection:
            row = store.session_of(connection, hashed, "access", lock=True)
            if row is None or row.revoked_at is not None:
                return
            ends_at = row.created_at + self._session_life // MICROSECOND
            until = min(now + self.idle_life // MICROSECOND, ends_at, row.ends_at or ends_at)
            if until <= row.expires_at:
                return
            store.change_session(connection, row.family, {"expires_at": until, "refreshed_at": now})
            store.prolong_tokens(connection, row.family, until)
