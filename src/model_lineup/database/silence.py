"""Connections to PostgreSQL that do not wait for ever: a server, or a network, that falls silent is out of reach.

The driver waits for an answer as long as it takes. A network that swallows packets, or a pooler that holds them back,
then keeps threads and connections until everybody waits. Here each answer has its time; afterwards the connection is
closed, and whoever waited hears what callers can act on (`failures.told`: Unavailable).
"""

import functools
from typing import Any

CONNECT_S = 5
_PROBED = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_UNHEARD_MS = 15_000
PARAMETERS = {"connect_timeout": CONNECT_S, **_PROBED, "tcp_user_timeout": _UNHEARD_MS}
"""Of libpq, where the address does not say otherwise: so long for a connection, and for a dead one to be known as such
(a lost machine, a firewall that forgot it). They mean nothing on a Unix socket."""


def connect(silence_s: float | None, *arguments: Any, **parameters: Any) -> Any:
    """A connection whose every answer takes `silence_s` at most; None: as long as it takes."""
    made = _connection_class().connect(*arguments, **parameters)
    made.silence_s = silence_s
    return made


@functools.cache
def _connection_class() -> Any:
    """Made when it is needed: the driver is an extra."""
    import psycopg
    from psycopg.errors import _WaitTimeout  # what `wait` says of its own timeout; it has no public name

    class Limited(psycopg.Connection[Any]):
        silence_s: float | None = None

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            """Of every statement, commit and piece of COPY."""
            if arguments or options.get("timeout") is not None or self.silence_s is None:
                return super().wait(gen, *arguments, **options)
            try:
                return super().wait(gen, **{**options, "timeout": self.silence_s})
            except _WaitTimeout:
                self.pgconn.finish()  # nobody knows what it would answer to
                raise psycopg.OperationalError(f"PostgreSQL did not answer within {self.silence_s:g} s.") from None

    return Limited
