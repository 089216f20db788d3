"""What `registry.py` asks for, and what the database's driver fetches beside it."""

import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bench._registry_server import Caller
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.rooms import Rooms

BULK, IMPORT, LISTED = 10_000, 5_000, 10_000
COLUMNS = """m.*, f.facts, p.name AS provider_name, p.slug, p.kind, p.enabled, h.last_test, h.last_benchmark
    FROM models m JOIN providers p ON p.id = m.provider_id LEFT JOIN effective_facts f ON f.model_row = m.id
    LEFT JOIN activity.model_health h ON h.model_row = m.id"""
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


def bare(connection: Any) -> list[Case]:
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


def reads(caller: Caller, size: int) -> list[Case]:
    def get(target: str) -> Callable[[], Any]:
        async def run() -> float:
            return (await caller.ask("GET", target)).ms

        return run

    pages = [
        Case(name, target_ms, get(target.format(last=size - 100)), "bare page", each_round=5)
        for name, target_ms, target in READS
    ]
    return [*pages, Case("all as NDJSON", None, get("/api/admin/models.ndjson"), "bare list")]


def writes(caller: Caller, rooms: Rooms, base_url: str) -> list[Case]:
    chosen = list(range(1, BULK + 1))
    shown, flips = itertools.cycle((True, False)), itertools.cycle((True, False))
    batches, fetched = itertools.count(), itertools.count()

    async def show() -> float:
        body = _flag(chosen, "visible", next(shown))
        return (await caller.ask("PUT", "/api/admin/models/bulk/visibility", body)).ms

    async def agents() -> float:
        body = _flag(chosen, "agents_enabled", next(flips))
        return (await caller.ask("PUT", "/api/admin/models/bulk/agents-enabled", body)).ms

    names = {model.id: model.model_id for model in rooms.models.stream(ModelFilter()) if model.id <= IMPORT}

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


def _flag(chosen: list[int], name: str, value: bool) -> dict[str, Any]:
    return {"model_ids": chosen, name: value}
