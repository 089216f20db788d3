"""How quick is the registry with 10 000 and 100 000 models? Each request beside the driver fetching the same rows.

    .venv/bin/python bench/registry.py [--database sqlite|postgres] [--models 10000 100000] [--rounds 7]

Asks the real shell (sign-in, strict reading, FastAPI, database, JSON) over ASGI in this process, in interleaved rounds;
a time is from the request received to the last byte of the answer handed over. Beside it the database's driver fetches
the rows and columns that the answer is made of, on a connection of its own, and does nothing with them.
Prints a table, and writes `docs/registry-speed.json`. `CPU` is the process's, of all threads; `x bare` compares CPU
times; `loop` is the longest that the event loop was held up.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench._registry_cases import LISTED, Case, bare, reads, writes  # noqa: E402
from bench._registry_data import BY, fill  # noqa: E402
from bench._registry_paper import Row, row_of, table, write_json  # noqa: E402
from bench._registry_server import Blocked, Caller, provider_with_a_list, watched_loop  # noqa: E402
from model_lineup.access.actor import Role  # noqa: E402
from model_lineup.access.shapes import NewPerson  # noqa: E402
from model_lineup.app import open_instance  # noqa: E402
from model_lineup.database.engines import sqlite_module  # noqa: E402
from model_lineup.faces import build  # noqa: E402
from model_lineup.rooms import Rooms  # noqa: E402
from model_lineup.serving.memory import settle  # noqa: E402
from model_lineup.settings import Settings  # noqa: E402
from model_lineup.telemetry import configure  # noqa: E402
from tests.fakes.postgres import PostgresServer  # noqa: E402

EMAIL, PASSWORD = "admin@example.com", "correct horse battery"
SIZES = (10_000, 100_000)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Times the registry beside bare fetches of the same rows.")
    parser.add_argument("--database", choices=("sqlite", "postgres"), action="append")
    parser.add_argument("--models", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--no-files", action="store_true", help="only print")
    options = parser.parse_args(arguments)
    databases = options.database or ["sqlite", "postgres"]
    configure("warning", "text")
    rows: list[Row] = []
    for database in databases:
        for size in options.models:
            with instance(database, size) as (rooms, connect):
                rows += asyncio.run(measured(database, size, rooms, connect, options.rounds, options.only))
            print(table([row for row in rows if (row.database, row.models) == (database, size)]), flush=True)
    if not (options.no_files or options.only):
        write_json(rows, options.rounds)
    return 0


@contextlib.contextmanager
def instance(database: str, size: int) -> Iterator[tuple[Rooms, Callable[[], Any]]]:
    """Rooms of a new instance with so many models, and what opens a bare connection to its database."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineup-registry-")))
        values: dict[str, Any] = {"data_dir": folder}
        connect = lambda: _bare_sqlite(folder)  # noqa: E731
        if database == "postgres":
            server = stack.enter_context(PostgresServer())
            values["database_url"] = url = server.fresh_database()
            connect = lambda: _bare_postgres(url)  # noqa: E731
        rooms = stack.enter_context(open_instance(Settings.model_validate(values)))
        rooms.people.create(NewPerson(email=EMAIL, role=Role.ADMIN, password=PASSWORD), BY)
        started = time.perf_counter()
        fill(rooms, size)
        print(f"{database}: made {size} models in {time.perf_counter() - started:.1f} s", flush=True)
        yield rooms, connect


def _bare_sqlite(folder: Path) -> Any:
    connection = sqlite_module().connect(str(folder / "lineup.db"), isolation_level=None)
    connection.execute("ATTACH DATABASE ? AS activity", (str(folder / "activity.db"),))
    return connection


def _bare_postgres(url: str) -> Any:
    import psycopg

    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


async def measured(
    database: str, size: int, rooms: Rooms, connect: Callable[[], Any], rounds: int, only: str
) -> list[Row]:
    """Every case once per round (short ones several times), in turn, so that a slow moment hits them all."""
    caller = Caller(build(rooms), rooms.sessions.sign_in(EMAIL, PASSWORD).access_token)
    with contextlib.closing(connect()) as connection, provider_with_a_list(LISTED) as base_url:
        cases = [*bare(connection), *reads(caller, size), *writes(caller, rooms, base_url)]
        settle()  # as the server does once it is up
        chosen = [case for case in cases if only in case.name or case.name.startswith("bare")]
        for case in chosen:
            await _once(case, keep=False)
        for _ in range(rounds):
            for case in chosen:
                for _ in range(case.each_round):
                    await _once(case)
    await rooms.runs.close()
    cpu = {case.name: statistics.median(case.cpu_ms) for case in chosen}
    return [row_of(database, size, case, cpu) for case in chosen]


async def _once(case: Case, *, keep: bool = True) -> None:
    """Only long requests are watched: the watcher takes time of its own."""
    watch = contextlib.nullcontext(Blocked()) if case.each_round > 1 else watched_loop()
    async with watch as blocked:
        before = time.process_time()
        ms = await case.run()
        cpu_ms = (time.process_time() - before) * 1000
    if keep:
        case.ms.append(ms)
        case.cpu_ms.append(cpu_ms)
        case.blocked_ms.append(blocked.ms)


if __name__ == "__main__":
    sys.exit(main())
