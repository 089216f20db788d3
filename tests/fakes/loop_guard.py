"""Nothing may wait on the event loop: no SQL, file, name look-up or sleep in the thread that serves everybody.

Every server of the tests runs with this guard: what blocks raises there, so that a request is answered 500, and the
log says where. What is allowed: importing, and reading source lines for a traceback.
"""

import asyncio
import sys
import time
import traceback
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

WATCHED = frozenset({"open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir", "os.rmdir"})
"""Audit events of the interpreter."""
LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.getnameinfo")
MAY_READ = ("importlib", "linecache", "traceback", "zipimport", "subprocess", "tokenize", "supervisor")
"""Parts of file names in whose frames reading is allowed; a child process is started from there, too, and the
supervisor of several workers serves nobody."""
MARK = "BLOCKED LOOP"


class BlockedLoop(AssertionError):
    """Something waited where everybody waits."""


def install() -> None:
    """For the rest of this process's life."""
    real_sleep = time.sleep

    def sleep(seconds: Any) -> None:
        refuse(f"time.sleep({seconds})")
        real_sleep(seconds)

    time.sleep = sleep
    event.listen(Engine, "before_cursor_execute", _on_statement)
    sys.addaudithook(_on_audit)


def refuse(what: str) -> None:
    """Raises BlockedLoop when an event loop runs in this thread."""
    if asyncio._get_running_loop() is None:
        return
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_stack(limit=14)[:-2]))
    sys.stderr.write(f"{MARK} by {what}: {where}\n")
    raise BlockedLoop(what)


def _on_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    refuse(f"SQL {statement[:80]!r}")


def _on_audit(what: str, arguments: tuple[Any, ...]) -> None:
    if what in WATCHED or what in LOOKED_UP:
        if asyncio._get_running_loop() is None or _is_allowed():
            return
        refuse(f"{what} {arguments[:1]}")


def _is_allowed() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in MAY_READ):
            return True
        frame = frame.f_back
    return False
