"""The cable between Lineup and PostgreSQL, in the hands of a test: cut, held, slowed down, or deaf to notifications.

with cable(postgres_url) as between:
    Server(folder, database_url=between.url)
    between.cut()      # every connection ends, and none is made
    between.mend()
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

_PIECE = 65_536
_NOTIFICATION = b"A"


class Cable:
    """Listens on a free port of its own until it is closed; what comes there goes on to PostgreSQL's Unix socket."""

    def __init__(self, url: str, *, deaf: bool = False) -> None:
        """`deaf`: no notification comes through, as with a pooler that hands one connection to many clients."""
        parts = urlsplit(url)
        self._path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._deaf = deaf
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._delay_s = 0.0
        self._mended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """As when the server is gone: connections end, new ones end at once."""
        with self._lock:
            self._is_cut = True
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """As when a network swallows everything: connections stay, nothing comes through, not even their end."""
        self._flows.clear()

    def slow_down(self, delay_s: float) -> None:
        """Each piece goes on so much later, in both directions."""
        self._mended.clear()
        self._delay_s = delay_s

    def mend(self) -> None:
        """As if nothing had been; what is under way with a delay arrives now."""
        self._is_cut, self._delay_s = False, 0.0
        self._mended.set()
        self._flows.set()

    def close(self) -> None:
        self.cut()
        self._flows.set()
        self._mended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._flows.wait()
        far = socket.socket(socket.AF_UNIX)
        try:
            if self._is_cut:
                raise ConnectionRefusedError
            far.connect(self._path)
        except OSError:
            near.close()
            far.close()
            return
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {near, far}
        back = threading.Thread(target=self._pump, args=(far, near, self._deaf), daemon=True)
        back.start()
        self._pump(near, far, False)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pump(self, source: socket.socket, target: socket.socket, deaf: bool) -> None:
        with contextlib.suppress(OSError):
            pieces = _without_notifications(source) if deaf else iter(lambda: source.recv(_PIECE), b"")
            for piece in pieces:
                if self._delay_s:
                    self._mended.wait(self._delay_s)
                self._flows.wait()
                target.sendall(piece)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _without_notifications(source: socket.socket) -> Iterator[bytes]:
    """Whole messages of PostgreSQL's: a letter, four bytes of length, the rest."""
    kept = b""
    while piece := source.recv(_PIECE):
        kept += piece
        while len(kept) >= 5 and len(kept) > (length := int.from_bytes(kept[1:5])):
            message, kept = kept[: length + 1], kept[length + 1 :]
            if message[:1] != _NOTIFICATION:
                yield message


@contextlib.contextmanager
def cable(url: str, *, deaf: bool = False) -> Iterator[Cable]:
    with contextlib.closing(Cable(url, deaf=deaf)) as between:
        yield between
