"""Memory and the interpreter, told what they are dealing with: a server that runs for long, in many threads.

A full collection of Python's cyclic garbage walks every object that there is, holding the interpreter all the while:
with what Lineup imports, 200 to 350 ms, and a bulk change of 10 000 models brought about one each time (measured
2026-11-23). What is there once the server is up stays for ever, so it is left out of every later collection; and
collections come by the ten thousand new objects instead of by the 700. The middle ones look at thirty thousand at most
(60 thousand took 20 to 30 ms, a fetch of 10 000 models makes a million), and full ones come seldom.

glibc gives threads heaps of their own, up to eight for each core. What a database or a parser allocated in one of them
is free again soon, but its holes serve that heap alone: after 8 000 mixed operations a server held 118 MiB with heaps
as they come and 111 with two of them, and went on growing for longer (measured 2026-11-23). Threads of one interpreter
hardly ever allocate at the same moment. And what is large comes from the system and goes back to it: left alone, glibc
learns from the first large pieces to keep them in those heaps, between small ones that stay. With both, 24 000
operations after 8 000 grew a server by 3.3 MiB instead of 4.5 (measured 2026-11-24).

And so with the interpreter itself: a thread that reads a long list gives it up when it is asked to for so long. The
event loop asks anew after every wait and every socket, so at Python's 5 ms, beside 200 streams and a fetch of 100 000
models, it was late by 250 ms (measured 2026-11-23).
"""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

THRESHOLDS = (10_000, 2, 400)
HEAPS = 1
LARGE = 128 * 1024
"""Bytes; glibc's own value to begin with."""
SWITCH_S = 0.0005
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of `mallopt`. Source: glibc's malloc.h."""


def share_heaps() -> None:
    """Call it before there are threads. Does nothing where the C library is not glibc."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, HEAPS)
        mallopt(_M_TRIM_THRESHOLD, LARGE)
        mallopt(_M_MMAP_THRESHOLD, LARGE)


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Nothing is collected until `settle`, or the end: a start makes hardly anything but what stays.

    Looking through it again and again took a tenth of the start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Call it when everything that stays has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
    sys.setswitchinterval(SWITCH_S)
