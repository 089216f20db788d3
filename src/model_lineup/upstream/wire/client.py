"""The client: one request out, one response back, over a pooled or a fresh connection."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from msgspec import Struct

from model_lineup.clock import tick
from model_lineup.upstream.wire.connection import Connection
from model_lineup.upstream.wire.dial import Dialler, Listeners
from model_lineup.upstream.wire.faults import ClientClosed, ConnectionBroken
from model_lineup.upstream.wire.inbox import Inbox
from model_lineup.upstream.wire.origin import split_url
from model_lineup.upstream.wire.pool import Key, Pool
from model_lineup.upstream.wire.receipts import Receipts, keep_stamping
from model_lineup.upstream.wire.request import Written, write_head
from model_lineup.upstream.wire.resolve import Resolver, SystemResolver
from model_lineup.upstream.wire.response import Response
from model_lineup.upstream.wire.shapes import Deadlines, Path, Request
from model_lineup.upstream.wire.tls import Contexts

_THREADS = 8
"""For getaddrinfo and for loading certificates; both are rare, and slow ones must not queue behind each other."""

_OPENED_AT_ONCE = 16


class Prepared(NamedTuple):
    """A request but for its body: checked and written once, sent many times."""

    written: Written
    key: Key


def prepare(request: Request, path: Path) -> Prepared:
    """Raises `BadUrl`, `BadHeader`, and ValueError for a method that the client does not know."""
    url = split_url(request.url)
    written = write_head(request, url)
    return Prepared(written, Key(url.origin, path, written.credentials))


def no_listeners() -> Collection[tuple[str, int]]:
    """For a client in a process that listens nowhere."""
    return ()


class Pending(Struct):
    """A request that went out over a pooled connection; its response comes into `inbox`. `started`: `clock.tick()`."""

    prepared: Prepared
    body: bytes
    started: float
    deadlines: Deadlines
    inbox: Inbox

    def response(self) -> Response:
        """Once its head is here."""
        head = self.inbox.head
        assert head is not None  # nosec B101
        return Response(self.inbox, head, sent_at=self.inbox.sent_at, reused=self.inbox.reused)


class Client:
    """One per event loop; close it before the loop ends."""

    def __init__(
        self,
        *,
        pool_per_origin: int = 1024,
        pool_total: int = 4096,
        idle_expiry_s: float = 4.0,
        max_head_bytes: int = 64 * 1024,
        resolver: Resolver | None = None,
        forbidden_origins: Listeners = no_listeners,
        receipts: Receipts | None = None,
    ) -> None:
        """`pool_per_origin`: open connections per origin, path and credential, idle or not; `pool_total`: of all.

        `forbidden_origins`: Lineup's own listeners, asked at each dialling; `0.0.0.0` means every address of ours.
        `receipts`: for measuring; pieces then carry the kernel's stamps, and these keep the account of them.
        """
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lineup-wire")
        names, contexts = resolver or SystemResolver(self._threads), Contexts(self._threads)
        self._dialler = Dialler(names, contexts, forbidden_origins, receipts)
        self._stamping = keep_stamping() if receipts is not None and receipts.kernel else None
        self._pool = Pool(per_key=pool_per_origin, total=pool_total, idle_expiry_s=idle_expiry_s)
        self._max_head_bytes = max_head_bytes
        self._closed = False

    async def send(self, request: Request, *, path: Path, deadlines: Deadlines) -> Response:
        """Send and wait for the head. Raises `WireError`, and `BadUrl` or `BadHeader` before anything is sent.

        A pooled connection that proves closed before a byte of response came is replaced by a fresh one, once.
        """
        return await self.send_prepared(prepare(request, path), request.body, deadlines=deadlines)

    async def try_proxy(self, proxy: str, *, within_s: float) -> None:
        """Whether a proxy takes a connection; nothing is sent to it. Raises `WireError`."""
        await self._dialler.try_proxy(proxy, within_s)

    async def send_prepared(self, prepared: "Prepared", body: bytes, *, deadlines: Deadlines) -> Response:
        """As `send`, with another body each time. Raises `WireError`."""
        started = tick()
        pending = self.begin(prepared, body, started=started, deadlines=deadlines)
        if pending is not None:
            return await self.finish(pending)
        return await self._over_a_fresh_one(prepared, body, started, deadlines)

    def begin(self, prepared: "Prepared", body: bytes, *, started: float, deadlines: Deadlines) -> Pending | None:
        """Send over a pooled connection; None where there is none, and nothing was sent. Raises ClientClosed."""
        if self._closed:
            raise ClientClosed("The client is closed.")
        connection = self._pool.take(prepared.key)
        if connection is None:
            return None
        try:
            head = prepared.written.with_length(body)
            inbox = connection.begin(head, body, started=started, deadlines=deadlines)
        except ConnectionBroken:
            return None
        return Pending(prepared, body, started, deadlines, inbox)

    async def finish(self, pending: Pending) -> Response:
        """The head of what `begin` asked for. Raises `WireError`."""
        inbox = pending.inbox
        try:
            return Response(inbox, await inbox.wait_for_head(), sent_at=inbox.sent_at, reused=inbox.reused)
        except ConnectionBroken as error:
            if not error.stale_connection:
                raise
        return await self._over_a_fresh_one(pending.prepared, pending.body, pending.started, pending.deadlines)

    async def _over_a_fresh_one(
        self, prepared: Prepared, body: bytes, started: float, deadlines: Deadlines
    ) -> Response:
        within_s = min(deadlines.connect_s, started + deadlines.total_s - tick())
        connection = await self._connect(prepared.key, within_s)
        head = prepared.written.with_length(body)
        inbox = connection.begin(head, body, started=started, deadlines=deadlines)
        return Response(inbox, await inbox.wait_for_head(), sent_at=inbox.sent_at, reused=inbox.reused)

    async def open_ahead(self, request: Request, *, path: Path, count: int, within_s: float) -> None:
        """Have `count` connections idle in the pool for requests like this one. Raises `WireError` when one fails.

        They wait as long as any idle connection does, so this is for work that begins at once.
        """
        key = prepare(request, path).key
        width = asyncio.Semaphore(_OPENED_AT_ONCE)

        async def open_one() -> None:
            async with width:
                self._pool.put(await self._connect(key, within_s))

        missing = count - self._pool.idle(key)
        opening = [asyncio.create_task(open_one()) for _ in range(missing)]
        try:
            for task in opening:
                await task
        finally:
            for task in opening:
                task.cancel()
            await asyncio.gather(*opening, return_exceptions=True)

    async def close(self) -> None:
        """Abort whatever is open; exchanges under way fail with `ClientClosed`."""
        self._closed = True
        if self._stamping is not None:
            self._stamping.close()
        self._pool.abort_all(ClientClosed("The client was closed."))
        self._threads.shutdown(wait=False, cancel_futures=True)
        for _ in range(10):  # transports close their sockets a few turns of the loop later
            if not self._pool:
                return
            await asyncio.sleep(0)

    async def _connect(self, key: Key, within_s: float) -> Connection:
        connection = Connection(asyncio.get_running_loop(), self._pool, key, self._max_head_bytes)
        self._pool.admit(connection)
        try:
            await self._dialler.open(connection, within_s)
        except BaseException:
            connection.abort()
            connection.never_made()
            self._pool.forget(connection)
            raise
        return connection
