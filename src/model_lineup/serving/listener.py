"""The listening socket, which is bound once, before anything else is done, and shared by all workers."""

import socket

from model_lineup.errors import StartRefused
from model_lineup.settings import Settings

BACKLOG = 2048


def bound(settings: Settings) -> socket.socket:
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
    _notice_the_dead(listener)
    _keep_little(listener, settings.unsent_kib * 1024)
    listener.listen(BACKLOG)
    return listener


def _notice_the_dead(listener: socket.socket) -> None:
    """A client that vanished without a word is missed after two minutes; connections inherit this from the listener."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _keep_little(listener: socket.socket, unsent_bytes: int) -> None:
    """What the kernel takes from us and has not sent yet; connections inherit it. Without a bound it is 3 MB for a
    client who does not read (seen on Linux 6.18, 2026-11-23). What is under way is not bounded, so that a long line
    stays as quick as it is, and an answer of 4.5 MB takes no longer."""
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, unsent_bytes)
