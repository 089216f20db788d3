"""The files through which several workers show one set of figures.

They are named after a worker's number, not after its process: a worker that is started again goes on with the counters
of the one before, and a server that runs for years has no more files than workers.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "metrics-"


def share_metrics(folder: str, worker: int) -> None:
    """Call this before `Metrics` is made: the figures of this process go into `folder`."""
    os.environ[_FOLDER] = folder
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


def shared_folder() -> str | None:
    """None where one process serves alone."""
    return os.environ.get(_FOLDER)


def drop_gauges_of(folder: str, worker: int) -> None:
    """This worker is gone, and with it what was true of it alone."""
    mark_process_dead(worker, folder)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def metrics_folder(data_dir: Path) -> Iterator[Path]:
    """A new folder that nobody else reads; those that killed servers left behind are removed."""
    for old in data_dir.glob(f"{_PREFIX}*"):
        pid = old.name.removeprefix(_PREFIX)
        if not (pid.isdigit() and _is_running(int(pid))):
            shutil.rmtree(old, ignore_errors=True)
    folder = data_dir / f"{_PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    """Whether a process of this number runs; one with our own is ourselves, and we have just begun."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != os.getpid()
