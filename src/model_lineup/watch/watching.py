"""What is worth a notice, and in which words."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from model_lineup.catalog.lifecycle import notice_of
from model_lineup.changes.staged.shown import late
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros, moment
from model_lineup.jobs.chores import Chores
from model_lineup.jobs.rounds import rounds
from model_lineup.notices.notices import Notices
from model_lineup.notices.shapes import KINDS, Notice
from model_lineup.watch import store

CHORE = "watch"
LOOK_EVERY_S = 10.0
_EVERY = timedelta(seconds=30)
_LEASE = timedelta(minutes=2)
_STAGED_BEHIND = timedelta(days=7)
_KEYS_AHEAD, _KEYS_BEHIND = timedelta(days=7), timedelta(days=7)


class Watch:
    """`ahead`: how long before a model's end it is told."""

    def __init__(self, database: Database, clock: Clock, chores: Chores, notices: Notices, *, ahead: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._chores = chores
        self._notices = notices
        self._ahead = ahead

    async def run(self) -> None:
        """For ever, once for all processes."""
        await rounds(lambda: asyncio.to_thread(self.in_turn), every_s=LOOK_EVERY_S, what=CHORE)

    def in_turn(self) -> int | None:
        """Look, if it is due and nobody else does; returns how many notices were made. Raises Unavailable."""
        if not self._chores.claim(CHORE, lease=_LEASE):
            return None
        try:
            return self.look()
        finally:
            self._chores.done(CHORE, again_in=_EVERY)

    def look(self) -> int:
        """Have everything noticed that holds now. Raises Unavailable."""
        with self._database.read() as connection:
            found = list(self._found(connection))
        return sum(self._notices.settle(kind, [one for one in found if one.kind == kind]) for kind in KINDS)

    def _found(self, connection: Connection) -> Iterator[Notice]:
        now = self._clock.now()
        yield from map(_vanished, store.vanished(connection))
        yield from filter(None, (self._retiring(row, now) for row in store.ending(connection)))
        failing, refused = store.failing(connection), set()
        for row in store.fetches(connection):
            outcome = msgspec.json.decode(row.outcome)
            if outcome.get("outcome") == "failed":
                stage = outcome.get("stage") or outcome.get("code") or "unknown"
                if stage == "auth":
                    refused.add(row.provider_id)
                    yield _refused(row)
                else:
                    yield _provider_failing(row, str(stage))
        for row in failing:
            stage = _stage_of(row.last_test)
            if stage == "auth" and row.provider_id not in refused:
                refused.add(row.provider_id)
                yield _refused(row)
            elif stage != "auth":
                yield _model_failing(row, stage)
        until, since = micros(now + _KEYS_AHEAD), micros(now - _KEYS_BEHIND)
        yield from (_key(row, now) for row in store.ending_keys(connection, since, until))
        yield from map(_staged, store.staged_ended(connection, micros(now - _STAGED_BEHIND)))

    def _retiring(self, row: Row[Any], now: datetime) -> Notice | None:
        said = notice_of(msgspec.json.decode(row.lifecycle), moment(row.created_at))
        if said is None or said.sunset_at is None or said.retired:
            return None
        ends = datetime.fromtimestamp(said.sunset_at, UTC)
        if ends > now + self._ahead:
            return None
        day = ends.date().isoformat()
        text = f"{row.model_id} of {row.provider_name} ends on {day}."
        return Notice(
            kind="model_retiring",
            subject=f"model {row.id}",
            state=day,
            text=_cut(text),
            details={**_model(row), "retires_at": ends.isoformat().replace("+00:00", "Z")},
        )


def _vanished(row: Row[Any]) -> Notice:
    text = f"{row.model_id} is not in the list of {row.provider_name} any more; it is visible."
    return Notice(
        kind="model_vanished", subject=f"model {row.id}", state="vanished", text=_cut(text), details=_model(row)
    )


def _model_failing(row: Row[Any], stage: str) -> Notice:
    text = f"{row.model_id} of {row.provider_name} fails its test at {stage}; it is visible."
    details = {**_model(row), "stage": stage}
    return Notice(kind="model_failing", subject=f"model {row.id}", state=stage, text=_cut(text), details=details)


def _provider_failing(row: Row[Any], stage: str) -> Notice:
    text = f"The list of {row.provider_name} cannot be read: {stage}."
    details = {**_provider(row), "stage": stage}
    return Notice(
        kind="provider_failing", subject=f"provider {row.provider_id}", state=stage, text=_cut(text), details=details
    )


def _refused(row: Row[Any]) -> Notice:
    text = f"{row.provider_name} refuses its API key: it is wrong, revoked or expired."
    return Notice(
        kind="credential_failing",
        subject=f"provider {row.provider_id}",
        state=f"key {row.key_hint or ''}".strip(),
        text=_cut(text),
        details=_provider(row),
    )


def _key(row: Row[Any], now: datetime) -> Notice:
    ends = moment(row.expires_at)
    over = ends <= now
    text = f"The {row.kind} key {row.name!r} {'ended' if over else 'ends'} on {ends.date().isoformat()}."
    return Notice(
        kind="key_expiring",
        subject=f"key {row.id}",
        state=f"{'expired' if over else 'expires'} {ends.date().isoformat()}",
        text=_cut(text),
        details={"key": {"id": row.id, "name": row.name, "kind": row.kind}, "expires_at": ends},
    )


def _staged(row: Row[Any]) -> Notice:
    """What became of a staged change."""
    details: dict[str, Any] = {"staged_change": {"id": row.id, "title": row.title}, "due_at": moment(row.due_at)}
    subject, title = f"staged {row.id}", row.title
    if row.state == "refused":
        refusal = msgspec.json.decode(row.refusal)
        details["refusal"] = refusal
        text = f"The staged change {title!r} was not carried out: {refusal['message']}"
        return Notice(kind="staged_refused", subject=subject, state="refused", text=_cut(text), details=details)
    late_s = late(row.ended_at, row.due_at)
    details["carried_out_at"], details["late_s"] = moment(row.ended_at), late_s
    tail = "." if late_s is None else f", {late_s} s late: nobody was there at its moment."
    text = _cut(f"The staged change {title!r} was carried out{tail}")
    return Notice(kind="staged_done", subject=subject, state="done", text=text, details=details)


def _model(row: Row[Any]) -> dict[str, Any]:
    return {"model": {"id": row.id, "model_id": row.model_id}, **_provider(row)}


def _provider(row: Row[Any]) -> dict[str, Any]:
    return {"provider": {"id": row.provider_id, "name": row.provider_name, "slug": row.slug}}


def _stage_of(last_test: str | None) -> str:
    said = msgspec.json.decode(last_test) if last_test else {}
    return str(said.get("stage") or "unknown")


def _cut(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:499]}…"
