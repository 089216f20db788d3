"""Open connections, by where they lead and for whom; the one used last goes out first, so that the rest can expire."""

from collections import defaultdict
from dataclasses import dataclass, field

from model_lineup.clock import tick
from model_lineup.upstream.wire.connection import Connection
from model_lineup.upstream.wire.faults import PoolFull, WireError
from model_lineup.upstream.wire.origin import Origin
from model_lineup.upstream.wire.shapes import Path


class Key:
    """Where to, which way, and the credential headers: a connection is never shared between two accounts."""

    __slots__ = ("_hash", "credentials", "origin", "path")

    def __init__(self, origin: Origin, path: Path, credentials: tuple[str, ...]) -> None:
        self.origin = origin
        self.path = path
        self.credentials = credentials
        self._hash = hash((origin, path, credentials))  # asked for twice with each request

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and (self.origin, self.path, self.credentials) == (
            other.origin,
            other.path,
            other.credentials,
        )


READ_AT_ONCE = 16 * 1024
"""Event loops read up to 256 KiB at a time; of that, several pieces are in memory for each stream that is not read."""


@dataclass(slots=True)
class Shelf:
    """The connections of one key. `idle`: oldest first."""

    every: set[Connection] = field(default_factory=set)
    idle: list[Connection] = field(default_factory=list)


class Pool:
    """`per_key` and `total` bound open connections, idle or not; nobody queues, since a queue would hide the load."""

    def __init__(self, *, per_key: int, total: int, idle_expiry_s: float) -> None:
        self._per_key = per_key
        self._total = total
        self._idle_expiry_s = idle_expiry_s
        self._shelves: defaultdict[Key, Shelf] = defaultdict(Shelf)
        self._count = 0
        self.reading = memoryview(bytearray(READ_AT_ONCE))

    def __len__(self) -> int:
        return self._count

    def take(self, key: Key) -> Connection | None:
        """An idle connection that is still good, or None."""
        shelf = self._shelves.get(key)
        while shelf is not None and shelf.idle:
            connection = shelf.idle.pop()
            if connection.is_usable():
                return connection
            connection.abort()
        return None

    def idle(self, key: Key) -> int:
        """How many idle connections there are, some of which may prove closed."""
        shelf = self._shelves.get(key)
        return 0 if shelf is None else len(shelf.idle)

    def put(self, connection: Connection) -> None:
        """Keep a connection whose exchange ended cleanly."""
        self._shelves[connection.key].idle.append(connection)
        connection.park(tick() + self._idle_expiry_s)

    def admit(self, connection: Connection) -> None:
        """Count a connection that is about to be opened. Raises `PoolFull`."""
        shelf = self._shelves[connection.key]
        if len(shelf.every) >= self._per_key:
            raise PoolFull(f"All {self._per_key} connections to {connection.key.origin} are in use.")
        if self._count >= self._total and not self._let_one_go():
            raise PoolFull(f"All {self._total} upstream connections are in use.")
        shelf.every.add(connection)
        self._count += 1

    def forget(self, connection: Connection) -> None:
        """The connection is gone; telling this twice does no harm."""
        shelf = self._shelves.get(connection.key)
        if shelf is None or connection not in shelf.every:
            return
        shelf.every.remove(connection)
        self._count -= 1
        if connection in shelf.idle:
            shelf.idle.remove(connection)
        if not shelf.every:
            del self._shelves[connection.key]

    def abort_all(self, error: WireError) -> None:
        for shelf in list(self._shelves.values()):
            for connection in list(shelf.every):
                connection.abort(error)

    def _let_one_go(self) -> bool:
        """Close some idle connection to make room; every shelf's oldest comes first."""
        for shelf in self._shelves.values():
            if shelf.idle:
                connection = shelf.idle.pop(0)
                connection.abort()
                self.forget(connection)
                return True
        return False
