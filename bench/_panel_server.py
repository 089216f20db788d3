"""The panel at the server: how long its answers take, and how large they are."""

import gzip
import itertools
import re
import statistics
import time
from collections.abc import Callable, Iterator

from bench._panel_figures import Figure
from bench.gateway_speed.counters import cpu_s
from model_lineup.panel import assets
from tests.fakes.pages import Looker
from tests.fakes.server import Answer

PAGE_MS, PART_MS, ROWS_KB, ASSETS_KB = 60.0, 40.0, 12.0, 90.0
MODELS = "/admin/models"
PARTS = {
    "filter: visible ones": "visible=true",
    "filter: a provider's, with tools": "provider_id=1&supports_tools=true",
    "search: few match": "q=mistral+70b+vision",
    "search: many match": "q=qwen",
    "sort by context": "sort=-context_length",
    "sort by TTFT": "sort=ttft_ms",
    "sort by status": "sort=status",
    "page in the middle": "offset=5000",
    "200 rows": "limit=200",
}
WARM_UP = 3


def timed(visitor: Looker, pid: int, rounds: int) -> Iterator[Figure]:
    """The whole page, and what is put into it when it is filtered, sorted or switched; medians."""
    yield _figure("first page", PAGE_MS, lambda: visitor.get(MODELS, accept_encoding="gzip"), pid, rounds)
    for what, query in PARTS.items():
        ask = lambda query=query: visitor.get(f"{MODELS}?{query}", accept_encoding="gzip", hx_request="true")  # noqa: E731
        yield _figure(what, PART_MS, ask, pid, rounds)
    row, turns = _row(visitor), itertools.cycle(("true", "false"))
    switch = lambda: visitor.send(f"{MODELS}/{row}/switch?flag=visible&to={next(turns)}", hx_request="true")  # noqa: E731
    yield _figure("show or hide one", PART_MS, switch, pid, rounds)


def timed_pages(visitor: Looker, pid: int, rounds: int, changes: int) -> Iterator[Figure]:
    """Whole pages of what grows with the years; medians."""
    for what, path in (
        ("Overview", "/"),
        ("Activity, newest", "/activity"),
        ("Activity, oldest", f"/activity?offset={max(0, changes - 50)}"),
        ("one change", f"/activity/{max(1, changes - 50)}"),
        ("Usage by model", "/usage"),
        ("Usage by key", "/usage?by=key"),
        ("Usage, single requests", "/usage?view=requests"),
        ("Keys", "/keys"),
    ):
        ask = lambda path=path: visitor.get(f"/admin{path}", accept_encoding="gzip")  # noqa: E731
        yield _figure(what, PAGE_MS, ask, pid, rounds)


def sizes(visitor: Looker) -> Iterator[Figure]:
    """What travels, gzipped."""
    page = visitor.get(MODELS).body
    rows = re.search(rb"<tbody.*?</tbody>", page, re.DOTALL)
    assert rows is not None, "the page has no table"
    yield Figure("rows of the first page", "kB", len(gzip.compress(rows[0], 5)) / 1000, ROWS_KB)
    packed = visitor.get(MODELS, accept_encoding="gzip")
    yield Figure("the first page, whole", "kB", len(packed.body) / 1000)
    served = assets.load().files.items()
    scripts = sum(len(asset.packed) for name, asset in served if name.endswith((".js", ".css")))
    yield Figure("all scripts and styles", "kB", scripts / 1000, ASSETS_KB)


def _row(visitor: Looker) -> int:
    """The first row of the table."""
    found = re.search(rb"/models/(\d+)", visitor.get(f"{MODELS}?sort=id").body)
    assert found is not None, "the table is empty"
    return int(found[1])


def _figure(what: str, target: float, ask: Callable[[], Answer], pid: int, rounds: int) -> Figure:
    for _ in range(WARM_UP):
        _asked(ask)
    before = cpu_s(pid)
    took = [_asked(ask) for _ in range(rounds)]
    cpu_ms = (cpu_s(pid) - before) * 1000 / rounds
    return Figure(what, "ms", statistics.median(took), target, min(took), max(took), cpu_ms)


def _asked(ask: Callable[[], Answer]) -> float:
    began = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, answer
    return took
