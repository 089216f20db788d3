"""Leaves no secret where a crash or a look at the process would show it."""

import contextlib
import ctypes
import os

from model_lineup.settings import secret_variables


def harden() -> None:
    """No core dumps, of this process or those that it starts; no secret in the environment. Called once they are read.

    The variable is also overwritten where the kernel shows it (`/proc/PID/environ`), as far as the C library has its
    address.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in secret_variables():
        if name in os.environ:
            _overwrite(name)
            del os.environ[name]


def _overwrite(name: str) -> None:
    with contextlib.suppress(OSError, AttributeError):
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_void_p
        place = getenv(name.encode())
        if place:
            ctypes.memset(place, ord("x"), len(os.environb[name.encode()]))
