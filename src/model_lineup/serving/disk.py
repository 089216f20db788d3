"""A disk that did not keep what was written ends the server: only a new process reads what is really there."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from model_lineup.database.engines import Database
from model_lineup.database.failures import not_durable
from model_lineup.telemetry import log

DISK_FAILED = 74
"""The exit code (`EX_IOERR`)."""


@contextlib.contextmanager
def ended_by_its_disk(database: Database) -> Iterator[None]:
    """Around serving: ends it in order, as SIGTERM does, and then raises SystemExit(74)."""
    failed: list[None] = []

    def end() -> None:
        failed.append(None)
        log().critical("disk failed", state="nothing more is written; this process ends")
        os.kill(os.getpid(), signal.SIGTERM)

    database.on_not_durable = end
    yield
    if failed:
        sys.stderr.write(f"{not_durable().detail}\n")
        raise SystemExit(DISK_FAILED)
