"""How quick is the Admin Panel's page of models with 10 000 of them? At the server, and in a browser.

    .venv/bin/python bench/panel.py [--models 10000] [--rounds 15] [--no-files]
    .venv/bin/python bench/panel.py --models 100000 --changes 100000 --requests 1000000 --no-browser --no-files

A real `lineup serve` in a process of its own. Times at the server are from the request sent over a kept connection to
the last byte of the answer; CPU is the server's. In the browser (Chromium, nothing kept from before): when the first
content was painted, and the longest task that the page's scripts and layout took while it was loaded, searched, sorted
and switched. Prints a table, and writes `docs/panel-speed.json` and the table of docs/explanation/panel-speed.md.
With `--changes` and `--requests` also Overview, Activity and Usage, of a server that has so many in its journal and its
ledger. The exit code is 1 when something is over its target.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench._panel_browser import seen_by_a_browser  # noqa: E402
from bench._panel_figures import late, table, write  # noqa: E402
from bench._panel_history import call_often, change_often  # noqa: E402
from bench._panel_server import sizes, timed, timed_pages  # noqa: E402
from bench._registry_data import BY, fill  # noqa: E402
from model_lineup.access.actor import Role  # noqa: E402
from model_lineup.access.shapes import NewPerson  # noqa: E402
from model_lineup.app import open_instance  # noqa: E402
from model_lineup.settings import Settings  # noqa: E402
from model_lineup.telemetry import configure  # noqa: E402
from tests.fakes.pages import Looker  # noqa: E402
from tests.fakes.server import EMAIL, PASSWORD, Client  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Times the panel's page of models.")
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-files", action="store_true", help="only print")
    parser.add_argument("--changes", type=int, default=0, help="change sets in the journal")
    parser.add_argument("--requests", type=int, default=0, help="requests in the ledger")
    parser.add_argument("--no-browser", action="store_true", help="only ask the server")
    options = parser.parse_args(arguments)
    configure("warning", "text")
    with tempfile.TemporaryDirectory(prefix="lineup-panel-") as folder:
        _fill(Path(folder), options)
        with _served(Path(folder)) as (process, port):
            visitor = Looker(Client(port)).sign_in()
            found = [*timed(visitor, process.pid, options.rounds), *sizes(visitor)]
            if options.changes or options.requests:
                found += timed_pages(visitor, process.pid, options.rounds, options.changes)
            if not options.no_browser:
                found += seen_by_a_browser(f"http://127.0.0.1:{port}", visitor.cookies, options.rounds)
    print(table(found))
    if not options.no_files:
        write(found, options.models, options.rounds)
    return 1 if any(map(late, found)) else 0


def _fill(folder: Path, options: argparse.Namespace) -> None:
    with open_instance(Settings.model_validate({"data_dir": folder})) as rooms:
        rooms.people.create(NewPerson(email=EMAIL, role=Role.ADMIN, password=PASSWORD), BY)
        fill(rooms, options.models)
        change_often(rooms, options.changes)
        call_often(rooms, options.requests)


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port."""
    command = [sys.executable, "-m", "model_lineup.cli", "serve", "--port", "0"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    environment = {**plain, "LINEUP_DATA_DIR": str(folder), "LINEUP_LOG_LEVEL": "warning"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline().split("/api/docs")[0].rpartition(":")[2])
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
