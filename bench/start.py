"""How long from `lineup serve` to ready: `python -m bench.start [--models 10000] [--workers 1 2] [--turns 3]`.

Each turn is a new process over the same data directory, timed from its start to the first `/readyz` that answers 200.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.snapshot import furnish
from model_lineup.app import open_instance
from model_lineup.settings import Settings
from tests.fakes.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        with open_instance(Settings.model_validate({"data_dir": data_dir})) as rooms:
            furnish(rooms, options.models)
        for workers in options.workers:
            taken = [_start(data_dir, workers) for _ in range(options.turns)]
            shown = " ".join(f"{one:.2f}" for one in taken)
            sys.stdout.write(f"{workers} worker(s): median {statistics.median(taken):.2f} s ({shown})\n")


def _start(data_dir: Path, workers: int) -> float:
    began = time.monotonic()
    with Server(data_dir, workers=workers, log_level="warning"):
        return time.monotonic() - began


if __name__ == "__main__":
    main()
