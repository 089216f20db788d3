"""How long from `lineup serve` to ready: `python -m bench.start [--models 10000] [--workers 1 2] [--turns 3]`.

Each turn is the command itself, over the same data directory, timed from its start to the first `/readyz` that answers
200. `CPU` is that of all its processes until then, which says more than the time where the machine has other work; `in
use` is the memory that they have between them (PSS), in MB.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.snapshot import furnish
from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson
from model_lineup.app import open_instance
from model_lineup.journal.record import Author
from model_lineup.settings import Settings

WITHIN_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        with open_instance(Settings.model_validate({"data_dir": data_dir})) as rooms:
            person = NewPerson(email="admin@example.com", role=Role.ADMIN, password="correct horse battery")
            rooms.people.create(person, Author("bench"))
            furnish(rooms, options.models)
        for workers in options.workers:
            taken, cpu, memory = zip(*(_start(data_dir, workers) for _ in range(options.turns)), strict=True)
            shown = " ".join(f"{one:.2f}" for one in taken)
            sys.stdout.write(
                f"{workers} worker(s): median {statistics.median(taken):.2f} s ({shown}), CPU "
                f"{statistics.median(cpu):.2f} s, in use {statistics.median(memory):.0f} MB\n"
            )
            sys.stdout.flush()


def _start(data_dir: Path, workers: int) -> tuple[float, float, float]:
    """Seconds until ready; until then seconds of CPU of all its processes, and MB in use between them."""
    began = time.monotonic()
    with _served(data_dir, workers) as (process, port):
        _wait_until_ready(port)
        taken = time.monotonic() - began
        first = psutil.Process(process.pid)
        all_of_it = [first, *first.children(recursive=True)]
        cpu = sum(one.cpu_times().user + one.cpu_times().system for one in all_of_it)
        return taken, cpu, sum(one.memory_full_info().pss for one in all_of_it) / 2**20


@contextlib.contextmanager
def _served(data_dir: Path, workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "model_lineup.cli", "serve", "--port", "0", "--workers", str(workers)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    environment = {**plain, "LINEUP_DATA_DIR": str(data_dir), "LINEUP_LOG_LEVEL": "warning"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline().split("/api/docs")[0].rpartition(":")[2])
        finally:
            process.terminate()


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=WITHIN_S):
            return
        time.sleep(0.01)
    raise TimeoutError(f"not ready within {WITHIN_S:g} s")


if __name__ == "__main__":
    main()
