"""Brings notices to webhooks: once for all processes, a bounded number of times, with an account of each try."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros, moment
from model_lineup.errors import KeyUndecryptable, NotFound
from model_lineup.jobs.chores import Chores
from model_lineup.jobs.rounds import rounds
from model_lineup.notices import store as notice_store
from model_lineup.notices.shapes import StoredNotice
from model_lineup.upstream.contract import Bounds
from model_lineup.upstream.wire import BadHeader, BadUrl, Client, Deadlines, Path, Request, Scope, WireError, within
from model_lineup.vault import Vault
from model_lineup.webhooks import store
from model_lineup.webhooks.messages import body_of, headers_of
from model_lineup.webhooks.shapes import Webhook, WebhookTested
from model_lineup.webhooks.store import Due
from model_lineup.webhooks.webhooks import bound_to

CHORE = "deliver notices"
LOOK_EVERY_S = 3.0
AT_ONCE = 10
AGAIN_IN = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3_600))
"""After the first failure, the second, …; then it is given up."""
_DEADLINES = Deadlines(connect_s=5, first_byte_s=10, idle_s=10, total_s=15)
_LEASE = timedelta(seconds=60)
_MOST_BYTES = 64 * 1024
_TEST = "This is a test of the webhook; nothing has happened."


class Courier:
    """`kept`: how long notices and deliveries stay."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        chores: Chores,
        client: Callable[[], Client],
        bounds: Bounds,
        *,
        kept: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._chores = chores
        self._client = client
        self._bounds = bounds
        self._kept = kept

    async def run(self) -> None:
        """For ever: queue what is new, send what is due."""
        await rounds(self.look, every_s=LOOK_EVERY_S, what=CHORE)

    async def look(self) -> int:
        """Send all that is due, unless somebody else is at it; returns how many were tried. Raises Unavailable."""
        if not await asyncio.to_thread(self._is_ours):
            return 0
        try:
            due = await asyncio.to_thread(self._queue)
            tried = await asyncio.gather(*(self._deliver(one) for one in due), return_exceptions=True)
        finally:
            await asyncio.to_thread(self._chores.done, CHORE, again_in=timedelta(0))
        if wrong := [one for one in tried if one is not None]:
            raise wrong[0]  # only now: the others are not to be sent twice
        return len(due)

    async def test(self, webhook_id: int) -> WebhookTested:
        """One notice that says it is a test, sent once, whether or not the webhook is on. Raises NotFound."""
        hook, notice = await asyncio.to_thread(self._made_up, webhook_id)
        status, message = await self._send(hook, notice)
        delivered = _arrived(status)
        return WebhookTested(delivered=delivered, http_status=status, message=message or "It took the notice.")

    def _is_ours(self) -> bool:
        with self._database.read() as connection:
            waits = store.waits(connection, micros(self._clock.now()))
        return waits and self._chores.claim(CHORE, lease=_LEASE)

    def _queue(self) -> list[Due]:
        now = self._clock.now()
        with self._database.read() as connection:
            hooks = store.wanted_by(connection)
        with self._database.write_activity() as connection:
            store.spread(connection, hooks, micros(now))
            notice_store.prune(connection, micros(now - self._kept))
            store.prune(connection, micros(now - self._kept))
            return store.due(connection, micros(now), AT_ONCE)

    async def _deliver(self, due: Due) -> None:
        found = await asyncio.to_thread(self._load, due)
        if found is None:
            gone = {"status": "failed", "due_at": None, "message": "The webhook is gone or off."}
            await asyncio.to_thread(self._keep, due, gone)
            return
        status, message = await self._send(*found)
        values: dict[str, Any] = {"attempts": due.attempts + 1, "http_status": status, "message": message}
        if _arrived(status):
            values |= {"status": "delivered", "due_at": None}
        elif status == 410 or due.attempts >= len(AGAIN_IN):
            values |= {"status": "failed", "due_at": None}
        else:
            values["due_at"] = micros(self._clock.now() + AGAIN_IN[due.attempts])
        await asyncio.to_thread(self._keep, due, values)

    def _load(self, due: Due) -> tuple[Webhook, StoredNotice] | None:
        with self._database.read() as connection:
            hook, row = store.one(connection, due.webhook_id), store.notice(connection, due.notice_id)
        return None if hook is None or row is None or not hook.enabled else (hook, notice_store.stored(row))

    def _keep(self, due: Due, values: dict[str, Any]) -> None:
        with self._database.write_activity() as connection:
            store.keep(connection, due.id, values)

    def _made_up(self, webhook_id: int) -> tuple[Webhook, StoredNotice]:
        with self._database.read() as connection:
            hook = store.one(connection, webhook_id)
        if hook is None:
            raise NotFound(f"There is no webhook {webhook_id}. GET /api/admin/webhooks lists them.", id=webhook_id)
        now = moment(micros(self._clock.now()))
        return hook, StoredNotice(
            id=0, at=now, kind="test", subject=f"webhook {webhook_id}", state="test", text=_TEST, details={}
        )

    async def _send(self, hook: Webhook, notice: StoredNotice) -> tuple[int | None, str | None]:
        """The status that came, and what is wrong with it; the message holds neither the address nor the secret."""
        if not within(hook.network_scope, self._bounds.widest_scope):
            return None, f"This instance allows {self._bounds.widest_scope!r} at most (LINEUP_EGRESS_MAX_SCOPE)."
        try:
            url, secret = await asyncio.to_thread(self._opened, hook)
        except (KeyUndecryptable, NotFound) as error:
            return None, error.detail
        body = body_of(notice, hook.format)
        headers = headers_of(notice, body, secret, int(self._clock.now().timestamp()))
        try:
            request = Request("POST", url, headers, body)
            path = Path(Scope(hook.network_scope))
            async with await self._client().send(request, path=path, deadlines=_DEADLINES) as response:
                with contextlib.suppress(WireError):
                    await response.read(_MOST_BYTES)
                status = response.status
        except WireError as error:
            return None, error.message
        except (BadUrl, BadHeader):
            return None, "The address cannot be called."
        if _arrived(status):
            return status, None
        return status, "It answered with a redirect, which is not followed." if 300 <= status < 400 else (
            f"It answered {status}."
        )

    def _opened(self, hook: Webhook) -> tuple[str, str | None]:
        """Raises KeyUndecryptable, NotFound."""
        with self._database.read() as connection:
            sealed = store.sealed(connection, hook.id)
        if sealed is None:
            raise NotFound("The webhook was deleted meanwhile.", id=hook.id)
        url = self._vault.open(sealed.url, bound_to(hook.id, "url"))
        secret = None if sealed.secret is None else self._vault.open(sealed.secret, bound_to(hook.id, "secret"))
        return url, secret


def _arrived(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
