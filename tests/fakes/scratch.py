"""Where tests keep their files: in memory where there is room, for they write and sync thousands of small databases.

On a disk that others use too, the tests of the catalog took three times as long. No test pulls the plug: what is killed
is a process, and what it has written is there whatever it lies on. `--basetemp` keeps the files elsewhere.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30
"""Bytes that must be free. A whole run leaves 300 MB, most of it until it ends."""
_PREFIX = "lineup-tests-"


def folder() -> Path | None:
    """A new one, or None where the usual place has to do. It names this process."""
    if not os.access(IN_MEMORY, os.W_OK) or shutil.disk_usage(IN_MEMORY).free < ROOM:
        return None
    _clear_up()
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=IN_MEMORY))


def _clear_up() -> None:
    """What runs have left that were killed, or whose failures somebody wanted to look into."""
    for left in IN_MEMORY.glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path(f"/proc/{process}").exists():
            with contextlib.suppress(OSError):  # another user's
                shutil.rmtree(left)
