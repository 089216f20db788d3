"""Runs the server: binds, makes sure that somebody can sign in, and hands the shell to uvicorn with limits set."""

import asyncio
import functools
import ipaddress
import os
import socket
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from model_lineup import __version__
from model_lineup.app import build, open_instance
from model_lineup.errors import BadRequest, HeadTooLarge, InvalidInput, LineupError, SetupDone, StartRefused
from model_lineup.rooms import Rooms
from model_lineup.settings import SETUP_LINK_FILE, Settings
from model_lineup.shell import Shell, refusal
from model_lineup.telemetry import configure, log

LARGEST_HEAD = 32 * 1024
MOST_HEADERS = 100
Told = Callable[[str], None]
_say_now = functools.partial(print, flush=True)  # a pipe or a container's log must show the set-up link at once


def serve(settings: Settings, *, allow_remote_setup: bool = False, tell: Told = _say_now) -> None:
    """Serve until SIGTERM or SIGINT. `tell` gets the few lines that are meant for people. Raises StartRefused."""
    configure(settings.log_level, settings.log_format)
    with _bound(settings) as listener:
        here = settings.model_copy(update={"port": listener.getsockname()[1]})
        with open_instance(here) as rooms:
            make_reachable(rooms, allow_remote_setup=allow_remote_setup, tell=tell)
            tell(f"Lineup {__version__} listens on {address(here)} (API reference: {address(here)}/api/docs)")
            log().info("listening", address=address(here), version=__version__)
            _run(rooms, listener)


def make_reachable(rooms: Rooms, *, allow_remote_setup: bool, tell: Told) -> None:
    """Without anybody who may sign in: the first admin from the settings, or a set-up link. Raises StartRefused."""
    if rooms.people.set_up():
        return
    settings = rooms.settings
    if settings.admin_email and settings.admin_password:
        try:
            rooms.people.first_admin(settings.admin_email, settings.admin_password.get_secret_value())
        except SetupDone:
            return  # another process was quicker
        except InvalidInput as error:
            raise StartRefused(f"LINEUP_ADMIN_EMAIL, LINEUP_ADMIN_PASSWORD: {error.detail}.") from None
        tell(f"Created the first administrator, {settings.admin_email}.")
        return
    if not (allow_remote_setup or _is_loopback(settings.host)):
        raise StartRefused(
            f"Nobody can sign in yet, and {settings.host} can be reached from elsewhere. Set LINEUP_ADMIN_EMAIL and "
            "LINEUP_ADMIN_PASSWORD, run `lineup create-admin`, bind to 127.0.0.1, or pass --allow-remote-setup."
        )
    _tell_setup_link(rooms, tell)


def address(settings: Settings) -> str:
    """Where people find the server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"


def _tell_setup_link(rooms: Rooms, tell: Told) -> None:
    """The link goes to the terminal and into a file that only its owner reads; not into the log."""
    token = rooms.people.new_setup_link(timedelta(minutes=rooms.settings.setup_link_minutes))
    link = f"{address(rooms.settings)}/admin/setup?token={token}"
    file = rooms.settings.data_dir / SETUP_LINK_FILE
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(link + "\n")
    tell(f"Nobody can sign in yet. Open this link within {rooms.settings.setup_link_minutes} minutes, once:\n  {link}")


def _bound(settings: Settings) -> socket.socket:
    """A listening socket. Raises StartRefused when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise StartRefused(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "Choose another one with --host, --port, LINEUP_HOST or LINEUP_PORT."
        ) from None
    listener.listen(2048)
    return listener


def _run(rooms: Rooms, listener: socket.socket) -> None:
    settings, shell = rooms.settings, build(rooms)
    config = uvicorn.Config(
        shell,
        http=_protocol(settings.header_receipt_s),
        loop="uvloop" if _has_uvloop() else "asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(settings.keep_alive_s),
        timeout_graceful_shutdown=int(settings.drain_s),
    )
    _Server(config, shell).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, but a signal is an order to end and not a way to die: the exit code is 0.

    What runs for long is wound up first, so that its callers get an answer; a second signal does not wait for them.
    """

    def __init__(self, config: uvicorn.Config, shell: Shell) -> None:
        super().__init__(config)
        self._shell = shell

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._shell.wind_up()
        await super().shutdown(sockets)


def _protocol(head_s: float) -> type[HttpToolsProtocol]:
    """uvicorn's protocol, but a request head must come whole in time, be of bounded size, and its refusals be ours."""

    class CarefulProtocol(HttpToolsProtocol):
        _head_timer: asyncio.TimerHandle | None = None
        _head_size = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head_timer = self.loop.call_later(head_s, transport.close)

        def data_received(self, data: bytes) -> None:
            waiting_for_head = self._head_timer is not None
            super().data_received(data)
            if waiting_for_head and self._head_timer is not None:  # still: all of it was head
                self._head_size += len(data)
                if self._head_size > LARGEST_HEAD and not self.transport.is_closing():
                    self._refuse(HeadTooLarge(f"The request head is larger than {LARGEST_HEAD // 1024} KiB."))

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._head_size = 0
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(head_s, self.transport.close)

        def on_header(self, name: bytes, value: bytes) -> None:
            super().on_header(name, value)
            if len(self.headers) > MOST_HEADERS:
                raise ValueError("too many headers")  # ends in `send_400_response`

        def on_headers_complete(self) -> None:
            self._disarm()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            self._refuse(BadRequest(f"This is not an HTTP/1.1 request with at most {MOST_HEADERS} headers."))

        def _refuse(self, error: LineupError) -> None:
            """Answer and close, unless an earlier request of this connection is still being answered."""
            cycle = self.cycle
            if cycle is None or cycle.response_complete or (cycle.more_body and not cycle.response_started):
                self.transport.write(refusal(error))
            self.transport.close()

        def _disarm(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

    return CarefulProtocol


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True
