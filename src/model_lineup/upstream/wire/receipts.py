"""When bytes came to this machine, by the kernel's own word, however late this process reads them.

Linux stamps every TCP segment on receipt when a socket asks for it (`SO_TIMESTAMPNS`, socket(7)) and gives the stamp of
the last segment that a `recvmsg` took bytes of. The stamps are on the wall clock; `KernelClock` brings them to
`clock.tick()` and notices when somebody sets the wall clock. Where there is no stamp, the moment of reading stands in,
and is counted.
"""

import socket
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress

from model_lineup.clock import tick_ns, wall_ns

_SO_TIMESTAMPNS = 35
"""asm-generic/socket.h, valid for x86, ARM, RISC-V, POWER and s390; Python has no name for it. The message that comes
back has the same number, and two longs."""
_TIMESPEC = struct.Struct("@ll")
_timespec, _TIMESPEC_SIZE, _SOL_SOCKET = _TIMESPEC.unpack, _TIMESPEC.size, int(socket.SOL_SOCKET)
"""Looked up once: this is asked for with every piece of every stream."""
ANCILLARY_BYTES = 64
"""Room for one stamp with its header (32 bytes on 64 bits)."""

_STEP_NS = 200_000
"""Both clocks are slewed alike, so that their distance changes by being set alone; what is less is noise of reading."""
_LONGEST_LAG_NS = 60_000_000_000
_KEPT_LAGS = 200_000

Ancillary = Sequence[tuple[int, int, bytes]]


def ask_for_stamps(sock: socket.socket) -> None:
    """Before connecting. A kernel begins to stamp some milliseconds after the first socket of the machine asked for it.

    Where it refuses, no stamp comes, which is noticed when there should be one.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def keep_stamping() -> socket.socket:
    """While this socket is open the kernel stamps, so that the first segment of a connection made meanwhile is too."""
    sock = socket.socket()
    ask_for_stamps(sock)
    return sock


class KernelClock:
    """The distance of the wall clock from the monotonic one, checked at every use. `steps`: how often it was set."""

    def __init__(self, now_ns: Callable[[], int] = tick_ns, wall: Callable[[], int] = wall_ns) -> None:
        self._now_ns = now_ns
        self._wall_ns = wall
        self._offset_ns = self._measure()
        self.steps = 0

    def monotonic_ns(self, stamp_ns: int, now_ns: int) -> int | None:
        """A stamp of the kernel as `clock.tick_ns()`; `now_ns`: when it was read. None when it cannot be trusted."""
        if abs(self._wall_ns() - now_ns - self._offset_ns) > _STEP_NS and self._was_set():
            return None
        at_ns = stamp_ns - self._offset_ns
        return min(at_ns, now_ns) if -_STEP_NS <= now_ns - at_ns <= _LONGEST_LAG_NS else None

    def _was_set(self) -> bool:
        """Looks again with care: we may only have been interrupted between two readings."""
        offset_ns = self._measure()
        if abs(offset_ns - self._offset_ns) <= _STEP_NS:
            return False
        self._offset_ns = offset_ns
        self.steps += 1
        return True

    def _measure(self) -> int:
        """Wall minus monotonic: of several readings the one that was interrupted least."""
        readings = []
        for _ in range(5):
            before, wall, after = self._now_ns(), self._wall_ns(), self._now_ns()
            readings.append((after - before, wall - (before + after) // 2))
        return min(readings)[1]


class Receipts:
    """What a client knows of its own reading: how many reads the kernel stamped, and how late each of them was.

    `by_kernel`, `by_reading`: reads with a stamp of the kernel, and those where the moment of reading stood in.
    """

    def __init__(self, clock: KernelClock | None = None, *, kernel: bool = True) -> None:
        """`kernel`: ask for the kernel's stamps."""
        self.clock = clock or KernelClock()
        self.kernel = kernel
        self.by_kernel = 0
        self.by_reading = 0
        self.longest_lag_s = 0.0
        self._lags = array("d")
        self._every = 1

    def stamp(self, ancillary: Ancillary) -> float:
        """`clock.tick()` of the receipt; called straight after the `recvmsg` that gave `ancillary`."""
        now_ns = tick_ns()
        for level, kind, data in ancillary:
            if kind == _SO_TIMESTAMPNS and level == _SOL_SOCKET and len(data) == _TIMESPEC_SIZE:
                seconds, nanoseconds = _timespec(data)
                at_ns = self.clock.monotonic_ns(seconds * 1_000_000_000 + nanoseconds, now_ns)
                if at_ns is not None:
                    self._note((now_ns - at_ns) / 1e9)
                    return at_ns / 1e9
        self.by_reading += 1
        return now_ns / 1e9

    def forget(self) -> None:
        """What counts begins now."""
        self.by_kernel = self.by_reading = 0
        self.longest_lag_s = 0.0
        self._lags = array("d")
        self._every = 1

    @property
    def lags_s(self) -> Sequence[float]:
        """Seconds from receipt by the kernel to reading, of every read, or of every second, fourth … in a long run."""
        return self._lags

    def _note(self, lag_s: float) -> None:
        """Bounded: when there are too many, every second one goes, and only every second is kept from then on."""
        if lag_s > self.longest_lag_s:
            self.longest_lag_s = lag_s
        self.by_kernel += 1
        if self.by_kernel % self._every == 0:
            self._lags.append(lag_s)
            if len(self._lags) >= _KEPT_LAGS:
                self._lags = self._lags[::2]
                self._every *= 2
