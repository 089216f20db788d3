"""One worker's server: uvicorn with limits, which ends in order when it is told to.

The order (docs/howto/workers.md): not ready, while requests are still taken, so that a balancer notices; then no new
connections, runs interrupted and their events ended, the other answers finished, or told shortly before the end that it
has come; then everything closed.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import cast

import uvicorn

from model_lineup.clock import tick
from model_lineup.serving.memory import settle
from model_lineup.serving.order import HARD_STOP_S
from model_lineup.serving.protocol import Connection, careful_protocol
from model_lineup.serving.welcome import Welcome
from model_lineup.settings import Settings
from model_lineup.shell import Shell
from model_lineup.telemetry import log


def run(
    settings: Settings, shell: Shell, listener: socket.socket, *, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until a signal says otherwise. `on_ready` is called when requests are taken."""
    welcome = Welcome(listener)
    config = uvicorn.Config(
        shell,
        http=careful_protocol(settings.header_receipt_s, settings.write_stall_s, on_client=welcome.others_too),
        loop="uvloop" if _has_uvloop() else "asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(settings.keep_alive_s),
        timeout_graceful_shutdown=int(settings.drain_s),
    )
    _Server(config, shell, settings, welcome, on_ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, but a signal is an order to end and not a way to die: the exit code is 0. A second signal does
    not wait for anybody."""

    def __init__(
        self,
        config: uvicorn.Config,
        shell: Shell,
        settings: Settings,
        welcome: Welcome,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._shell = shell
        self._settings = settings
        self._welcome = welcome
        self._on_ready = on_ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Also the one that a closing terminal sends, unless we were told to outlive it (`nohup`)."""
        hang_up = getattr(signal, "SIGHUP", None)
        elsewhere = threading.current_thread() is not threading.main_thread()
        with super().capture_signals():
            if elsewhere or hang_up is None or signal.getsignal(hang_up) is signal.SIG_IGN:
                yield
                return
            before = signal.signal(hang_up, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hang_up, before)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._welcome.begin(self._protocol)
        settle()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        settings = self._settings
        _end_for_certain_after(settings.drain_delay_s + settings.drain_s + HARD_STOP_S)
        self._shell.leave()
        await self._still_serve(settings.drain_delay_s)
        await self._shell.wind_up()
        await self._welcome.end()
        beside = [asyncio.create_task(one) for one in (self._bid_farewell(), self._abort_when_forced())]
        try:
            await super().shutdown(sockets)
        finally:
            for task in beside:
                task.cancel()

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes it."""
        made = cast(type[Connection], self.config.http_protocol_class)
        return made(self.config, self.server_state, self.lifespan.state)

    async def _bid_farewell(self) -> None:
        """So long before the end that an error event still goes out."""
        await asyncio.sleep(max(0.0, self._settings.drain_s - self._settings.drain_farewell_s))
        self._shell.end_streams()

    async def _abort_when_forced(self) -> None:
        """Else uvicorn waits for connections to close although it was told twice."""
        while not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()

    async def _still_serve(self, seconds: float) -> None:
        """A second signal ends it at once; it is a flag that uvicorn sets in a signal handler, so there is no event."""
        until = tick() + seconds
        while tick() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _end_for_certain_after(seconds: float) -> None:
    """Nothing that hangs may keep a worker from ending. What was acknowledged is on disk already."""

    def end() -> None:
        log().error("cut off", state="the end took too long")
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
