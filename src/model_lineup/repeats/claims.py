"""One request, carried out once: the claim before it, the answer after it, and what is left when a process dies.

take ── running ──┬── keep ──▶ answered: the answer is given again
                  ├── release ─▶ (gone): the request may be tried again
                  └── the process dies, the lease ends; whoever asks next looks into the journal:
                         the change was made ─▶ lost: never again, and the change set is named
                         it was not          ─▶ the request is carried out, under the same claim
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from sqlalchemy import Row

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import (
    DatabaseBusy,
    IdempotencyAnswerLost,
    IdempotencyInProgress,
    IdempotencyKeyReused,
)
from model_lineup.journal import store as journal_store
from model_lineup.repeats import store
from model_lineup.telemetry import log
from model_lineup.vault import Vault

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was given, but for secrets."""

    status: int
    headers: Pairs
    body: bytes


class Claims:
    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        stretch: Callable[[str, bytes], str],
        *,
        kept: timedelta,
        lease: timedelta,
        answer_bytes: int,
    ) -> None:
        """`stretch` makes of a password and a salt what is dear to guess; `answer_bytes`: the largest answer kept."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._stretch = stretch
        self._kept = kept
        self._lease = lease
        self._answer_bytes = answer_bytes

    @property
    def renewed_every_s(self) -> float:
        return self._lease.total_seconds() / 3

    def digest(self, request: Mapping[str, object]) -> str:
        """By which a repeated request is known as the same one. Nobody learns a password from it."""
        salt = self._vault.derive("passwords in requests")[:16]
        hidden = _without_passwords(request, lambda password: self._stretch(password, salt))
        return self._vault.derive("request", msgspec.json.encode(hidden, order="sorted").decode()).hex()

    def take(self, scope: tuple[str, ...], digest: str) -> str | Stored:
        """A claim, with which the request is carried out; or the answer that it had.

        `scope`: who asks, for what, with which key. Raises IdempotencyKeyReused when that was another request,
        IdempotencyInProgress while it is carried out, IdempotencyAnswerLost when it was and the answer is gone.
        """
        now = self._clock.now()
        mine = secrets.token_hex(16)
        values = {
            "scope": self._vault.derive("idempotency", *(part.encode().hex() for part in scope)).hex(),
            "claim": mine,
            "digest": digest,
            "state": "running",
            "lease_until": micros(now + self._lease),
            "expires_at": micros(now + self._kept),
        }
        with self._database.write_activity() as connection:
            row = store.take(connection, values, micros(now))
        if row.claim == mine:
            return mine
        if row.digest != digest:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was sent with another body or query. Use a new key for a new request."
            )
        if row.state == "answered":
            return _stored(row)
        if row.state == "lost":
            raise _lost(row.change_id)
        return self._go_on(row)

    def renew(self, claim: str) -> None:
        """The request is still being carried out."""
        with self._database.write_activity() as connection:
            store.change(connection, claim, {"lease_until": micros(self._clock.now() + self._lease)})

    def keep(self, claim: str, answer: Stored) -> None:
        """Hold the answer. One that is too large is lost; so is one that a busy database does not take now."""
        fits = len(answer.body) <= self._answer_bytes
        values = {"state": "answered", "status": answer.status, "headers": msgspec.json.encode(answer.headers).decode()}
        values["body"] = answer.body.decode()
        if not fits:
            values = {"state": "lost", "change_id": self._change_of(claim)}
        try:
            with self._database.write_activity() as connection:
                store.change(connection, claim, values)
        except DatabaseBusy as error:
            log().warning("answer not kept", code=error.code)

    def release(self, claim: str) -> None:
        """The request failed and may be tried again; unless it failed after its change was made."""
        change_id = self._change_of(claim)
        with self._database.write_activity() as connection:
            if change_id is None:
                store.forget(connection, claim)
            else:
                store.change(connection, claim, {"state": "lost", "change_id": change_id})

    def _go_on(self, row: Row[tuple[object, ...]]) -> str:
        """The request is running elsewhere, or broke off there."""
        now = self._clock.now()
        in_progress = IdempotencyInProgress(
            "The first request with this Idempotency-Key is still being carried out. Ask again.", retry_after=1
        )
        if row.lease_until > micros(now):
            raise in_progress
        change_id = self._change_of(row.claim)
        if change_id is not None:
            with self._database.write_activity() as connection:
                store.change(connection, row.claim, {"state": "lost", "change_id": change_id})
            raise _lost(change_id)
        with self._database.write_activity() as connection:
            if not store.take_over(connection, row.claim, row.lease_until, micros(now + self._lease)):
                raise in_progress
        return str(row.claim)

    def _change_of(self, claim: str) -> int | None:
        with self._database.read() as connection:
            return journal_store.change_of_claim(connection, claim)


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    return Stored(row.status, msgspec.json.decode(row.headers, type=Pairs), row.body.encode())


def _lost(change_id: int | None) -> IdempotencyAnswerLost:
    done = "It was carried out" if change_id is None else f"It was carried out as change {change_id}"
    look = "." if change_id is None else f"; GET /api/admin/changes/{change_id} shows it."
    return IdempotencyAnswerLost(f"{done}, and its answer was not kept{look}", change_id=change_id)


def _may_be_guessed(name: str) -> bool:
    """Fields with what people choose: a password, or a proxy's address with one."""
    return "password" in name or name == "proxy"


def _without_passwords(value: object, hide: Callable[[str], str]) -> object:
    if isinstance(value, Mapping):
        return {
            name: hide(inner) if "password" in str(name) and isinstance(inner, str) else _without_passwords(inner, hide)
            for name, inner in value.items()
        }
    return value
