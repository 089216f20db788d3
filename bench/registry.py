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
import itertools
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench._registry_data import BY, fill  # noqa: E402
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

DOCS = ROOT / "docs"
EMAIL, PASSWORD = "admin@example.com", "correct horse battery"
BULK, IMPORT, LISTED = 10_000, 5_000, 10_000
SIZES = (10_000, 100_000)
COLUMNS = """m.*, p.name AS provider_name, p.slug, p.kind, p.enabled, h.last_test, h.last_benchmark
    FROM models m JOIN providers p ON p.id = m.provider_id LEFT JOIN activity.model_health h ON h.model_row = m.id"""
BARE_PAGE = f"SELECT {COLUMNS} WHERE m.deleted_at IS NULL ORDER BY m.id LIMIT 100"
BARE_ALL = f"SELECT {COLUMNS} WHERE m.deleted_at IS NULL ORDER BY m.id"
BARE_ALIASES = "SELECT model_row, alias FROM aliases WHERE deleted_at IS NULL"


@dataclass
class Case:
    """One sort of request, or of bare fetch. `run` does it once and returns ms, and what it blocked the loop for."""

    name: str
    target_ms: float | None
    run: Callable[[], Awaitable[float]]
    bare: str | None = None
    each_round: int = 1
    ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    blocked_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    database: str
    models: int
    case: str
    target_ms: float | None
    median_ms: float
    best_ms: float
    p99_ms: float
    cpu_ms: float
    n: int
    bare_cpu_ms: float | None
    loop_blocked_ms: float | None

    @property
    def ratio(self) -> float | None:
        """CPU of the request by CPU of the bare fetch: what else the machine does counts in neither."""
        return None if not self.bare_cpu_ms else self.cpu_ms / self.bare_cpu_ms


READS = (
    ("page of 100", 5.0, "/api/admin/models"),
    ("page of 100, the last", 5.0, "/api/admin/models?offset={last}"),
    ("sorted by name", 25.0, "/api/admin/models?sort=display_name"),
    ("sorted by context, descending", 25.0, "/api/admin/models?sort=-context_length,model_id"),
    ("sorted by TTFT", 25.0, "/api/admin/models?sort=ttft_ms"),
    ("sorted by status", 25.0, "/api/admin/models?sort=status"),
    ("visible, by name", 25.0, "/api/admin/models?visible=true&sort=display_name"),
    ("provider and tools, newest first", 25.0, "/api/admin/models?provider_id=3&supports_tools=true&sort=-updated_at"),
    ("failing chat models, by provider", 25.0, "/api/admin/models?status=failing&task=chat&sort=provider"),
    ("with alias, by id", 25.0, "/api/admin/models?has_alias=true&sort=model_id"),
    ("q, few match", 60.0, "/api/admin/models?q=model-77&sort=model_id"),
    ("q, many match", 60.0, "/api/admin/models?q=coder"),
    ("q, none match", 60.0, "/api/admin/models?q=zzzzz"),
    ("q, an alias", 60.0, "/api/admin/models?q=Team-1&sort=-display_name"),
)


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
        cases = [*_bare(connection), *_reads(caller, size), *_writes(caller, rooms, base_url)]
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
    return [_row(database, size, case, cpu) for case in chosen]


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


def _bare(connection: Any) -> list[Case]:
    def fetch(*statements: str) -> Callable[[], Any]:
        async def run() -> float:
            started = time.perf_counter()
            for statement in statements:
                connection.execute(statement).fetchall()
            return (time.perf_counter() - started) * 1000

        return run

    return [
        Case("bare page", None, fetch(BARE_PAGE), each_round=10),
        Case("bare list", None, fetch(BARE_ALL, BARE_ALIASES)),
    ]


def _reads(caller: Caller, size: int) -> list[Case]:
    def get(target: str) -> Callable[[], Any]:
        async def run() -> float:
            return (await caller.ask("GET", target)).ms

        return run

    pages = [
        Case(name, target_ms, get(target.format(last=size - 100)), "bare page", each_round=5)
        for name, target_ms, target in READS
    ]
    return [*pages, Case("all as NDJSON", None, get("/api/admin/models.ndjson"), "bare list")]


def _writes(caller: Caller, rooms: Rooms, base_url: str) -> list[Case]:
    chosen = list(range(1, BULK + 1))
    shown, flips = itertools.cycle((True, False)), itertools.cycle((True, False))
    batches, fetched = itertools.count(), itertools.count()

    async def show() -> float:
        body = _flag(chosen, "visible", next(shown))
        return (await caller.ask("PUT", "/api/admin/models/bulk/visibility", body)).ms

    async def agents() -> float:
        body = _flag(chosen, "agents_enabled", next(flips))
        return (await caller.ask("PUT", "/api/admin/models/bulk/agents-enabled", body)).ms

    names = {model.id: model.model_id for model in rooms.models.stream(_everything()) if model.id <= IMPORT}

    async def import_aliases() -> float:
        batch = next(batches)
        items = [{"model_id": name, "alias": f"import-{batch}-{row}"} for row, name in names.items()]
        return (await caller.ask("POST", "/api/admin/models/import-aliases", {"aliases": items})).ms

    async def provider() -> int:
        body = {
            "name": f"Fetched {next(fetched)}",
            "type": "openai",
            "base_url": base_url,
            "network_scope": "loopback",
        }
        return int((await caller.ask("POST", "/api/admin/providers", body)).json["id"])

    first: list[int] = []

    async def plan() -> float:
        if not first:
            first.append(await provider())
        return (await caller.ask("POST", f"/api/admin/providers/{first[0]}/fetch?dry_run=true")).ms

    filled: list[int] = []

    async def fetch() -> float:
        filled.append(await provider())
        return (await caller.ask("POST", f"/api/admin/providers/{filled[-1]}/fetch")).ms

    async def again() -> float:
        return (await caller.ask("POST", f"/api/admin/providers/{filled[0]}/fetch?dry_run=true")).ms

    return [
        Case(f"show or hide {BULK}", 120.0, show),
        Case(f"agents for {BULK}, or not", 120.0, agents),
        Case(f"import {IMPORT} aliases", 400.0, import_aliases),
        Case(f"fetch plan, {LISTED} new", 1500.0, plan),
        Case(f"fetch, {LISTED} new stored", 1500.0, fetch),
        Case(f"fetch plan, {LISTED} known", 1500.0, again),
    ]


def _everything() -> Any:
    from model_lineup.catalog.shapes import ModelFilter

    return ModelFilter()


def _flag(chosen: list[int], name: str, value: bool) -> dict[str, Any]:
    return {"model_ids": chosen, name: value}


def _row(database: str, size: int, case: Case, cpu: dict[str, float]) -> Row:
    ranked = sorted(case.ms)
    watched = case.each_round == 1 and not case.name.startswith("bare")
    return Row(
        database,
        size,
        case.name,
        case.target_ms,
        statistics.median(ranked),
        ranked[0],
        ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))],
        cpu[case.name],
        len(ranked),
        cpu.get(case.bare or ""),
        max(case.blocked_ms) if watched else None,
    )


def table(rows: Sequence[Row]) -> str:
    lines = [f"{rows[0].database}, {rows[0].models} models; ms"] if rows else []
    lines.append(f"{'':34}{'target':>7}{'median':>9}{'best':>9}{'p99':>9}{'n':>5}{'CPU':>9}{'x bare':>8}{'loop':>6}")
    for row in rows:
        target = "" if row.target_ms is None else f"{row.target_ms:.0f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        loop = "" if row.loop_blocked_ms is None else f"{row.loop_blocked_ms:.0f}"
        late = " <--" if row.target_ms is not None and row.median_ms > row.target_ms else ""
        times = "".join(f"{ms:9.2f}" for ms in (row.median_ms, row.best_ms, row.p99_ms))
        lines.append(f"{row.case:34}{target:>7}{times}{row.n:5}{row.cpu_ms:9.2f}{ratio:>8}{loop:>6}{late}")
    return "\n".join(lines)


def write_json(rows: Sequence[Row], rounds: int) -> None:
    """What was measured now takes the place of the same database and size; the rest of the file stays."""
    path = DOCS / "registry-speed.json"
    machine = {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count()}
    new = [
        {
            "database": row.database,
            "models": row.models,
            "case": row.case,
            "target_ms": row.target_ms,
            "median_ms": _rounded(row.median_ms),
            "best_ms": _rounded(row.best_ms),
            "p99_ms": _rounded(row.p99_ms),
            "n": row.n,
            "cpu_ms": _rounded(row.cpu_ms),
            "cpu_times_the_bare_fetch": _rounded(row.ratio),
            "loop_blocked_ms": _rounded(row.loop_blocked_ms),
        }
        for row in rows
    ]
    measured = {(row.database, row.models) for row in rows}
    old = json.loads(path.read_text())["figures"] if path.exists() else []
    kept = [figure for figure in old if (figure["database"], figure["models"]) not in measured]
    figures = sorted(kept + new, key=lambda figure: (figure["database"] != "sqlite", figure["models"]))
    document = {"command": "python bench/registry.py", "rounds": rounds, "machine": machine, "figures": figures}
    path.write_text(json.dumps(document, indent=1) + "\n")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


if __name__ == "__main__":
    sys.exit(main())
