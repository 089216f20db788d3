"""A golden catalogue stays as it is under every kind of failed or partial fetch: asked for directly, as a plan, and by
a schedule that may apply everything alone."""

import asyncio
import socket
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.plan_outcomes import DOABLE
from model_lineup.catalog.shapes import ModelChanges, Provider
from model_lineup.errors import UpstreamFailed
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Bounds
from tests.fakes.desk import BY, Desk
from tests.fakes.provider import CUT, HANG, LAST_CHUNK, RESET, Answer, FakeProvider, Step, fake_provider, head, reply

KEPT = ("activity.provider_fetches", "activity.chores")
"""How a fetch ended is kept, and when the next one is due."""
GOLDEN = {
    "data": [
        {"id": "listed", "max_model_len": 1_000, "name": "Listed"},
        {"id": "pinned", "max_model_len": 2_000},
        {"id": "deleted"},
        {"id": "plain"},
    ]
}
FEWER = {"data": [{"id": "listed", "max_model_len": 5}]}
JSON = "application/json"
MORE = {**FEWER, "has_more": True, "last_id": "listed"}
DRIPS: list[Step] = [b"[", 0.05] * 40
CASES: dict[str, tuple[Answer, ...]] = {
    "a refused key": (reply({"error": {"message": "Incorrect API key."}}, status=401),),
    "a forbidden list": (reply("", status=403),),
    "a bill that is not paid": (reply({"error": "pay"}, status=402),),
    "no such path": (reply({"detail": "Not Found"}, status=404),),
    "too many requests": (reply({"error": {"message": "slow down"}}, status=429),),
    "a failing server": (reply("oops", status=500),),
    "a gateway without its server": (reply("<html>Bad Gateway", status=502, content_type="text/html"),),
    "a server that is overloaded": (reply("", status=503),),
    "a redirect": (reply("", status=301, headers=["location: /elsewhere"]),),
    "a web page": (reply("<!doctype html><p>Sign in", content_type="text/html"),),
    "no content": (reply("", status=204),),
    "an empty body": (reply(""),),
    "an error in a 200": (reply({"error": {"message": "no", "code": "invalid_api_key"}}),),
    "an empty list": (reply({"data": []}),),
    "something else": (reply({"hello": "there"}),),
    "half a document": (reply('{"data": [{"id": "listed"}, {"id": "pin'),),
    "bytes that are no text": (reply(b'{"data": [{"id": "\xff\xfe"}]}'),),
    "a number that is none": (reply('{"data": [{"id": "listed", "max_model_len": NaN}]}'),),
    "nesting without end": (reply("[" * 50_000),),
    "an entry that is none": (reply({"data": [{"id": "listed"}, "pinned"]}),),
    "an entry without an id": (reply({"data": [{"id": "listed"}, {"object": "model"}]}),),
    "an id that cannot be one": (reply({"data": [{"id": "listed"}, {"id": "a\u0000b"}]}),),
    "more models than are taken": (reply({"data": [{"id": f"m{number}"} for number in range(41)]}),),
    "more bytes than are read": (reply({"data": [{"id": "listed", "description": "x" * 70_000}]}),),
    "a body that is cut": ([head(200, JSON, "content-length: 99"), b'{"data": [{"id"', CUT],),
    "a body that is reset": ([head(200, JSON, "content-length: 99"), b'{"data": [{"id"', RESET],),
    "a chunk that is cut": ([head(200, JSON, "transfer-encoding: chunked"), b'f\r\n{"data":[{"id', CUT],),
    "chunks that are none": ([head(200, JSON, "transfer-encoding: chunked"), b"zz\r\n[]\r\n", LAST_CHUNK],),
    "a page that fails after a good one": (reply(MORE), reply("oops", status=500)),
    "a page that is cut after a good one": (reply(MORE), [head(200, JSON, "content-length: 99"), b"{", CUT]),
    "pages in a circle": (reply(MORE), reply(MORE)),
    "a promise of more after nothing": (reply({"data": [], "has_more": True}),),
}
SLOW: dict[str, tuple[Answer, ...]] = {
    "silence": ([HANG],),
    "a body that drips": ([head(200, JSON, "content-length: 99"), *DRIPS],),
}
MOST_BYTES = 80 * 2**20
"""The entries alone, as Python holds them, are 30 MB."""
Way = Callable[[Rooms, Provider], Awaitable[Any]]


async def directly(rooms: Rooms, provider: Provider) -> None:
    with pytest.raises(UpstreamFailed):
        await rooms.discovery.fetch(provider.id, BY)


async def as_a_plan(rooms: Rooms, provider: Provider) -> None:
    with pytest.raises(UpstreamFailed):
        await rooms.plans.make(provider.id, BY)


async def by_schedule(rooms: Rooms, provider: Provider) -> None:
    state = await rooms.scheduled.run_now(provider.id)
    assert (state.last or {})["outcome"] == "failed"


WAYS: tuple[Way, ...] = (directly, as_a_plan, by_schedule)


@pytest.fixture
def upstream() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/models", reply(GOLDEN))
        yield provider


@pytest.fixture
def provider(desk: Desk, upstream: FakeProvider) -> Provider:
    """With a model of every sort: as listed, pinned, with an alias, deleted, made by hand; and an open plan."""
    rooms, schedule = desk.rooms, FetchSchedule(60, DOABLE)
    rooms.providers.bounds = Bounds(list_models=40, list_bytes=64 * 1024)  # so that too much is quickly made
    made = desk.provider(base_url=upstream.base_url, network_scope="loopback", fetch_schedule=schedule)
    _carried(rooms, rooms.discovery.fetch(made.id, BY))
    row = {name: rooms.models.find(name).id for name in ("listed", "pinned", "deleted")}
    rooms.models.change(row["pinned"], ModelChanges(visible=True, pins={"context_length": 7}), BY)
    rooms.models.delete(row["deleted"], BY)
    desk.alias(row["listed"], "team")
    desk.model(made, "by-hand", pins={"supports_tools": True})
    upstream.answer("/models", reply({"data": [*GOLDEN["data"], {"id": "new"}]}))
    _carried(rooms, rooms.plans.make(made.id, BY))
    return made


def test_a_golden_catalogue_is_untouched_by_whatever_a_list_may_be(
    desk: Desk, provider: Provider, upstream: FakeProvider
) -> None:
    assert touched(desk, provider, upstream, CASES) == []
    desk.change_provider(provider.id, timeouts={"test_s": 0.15})
    assert touched(desk, provider, upstream, SLOW) == []
    assert len(CASES) > 20


def touched(desk: Desk, provider: Provider, upstream: FakeProvider, cases: dict[str, tuple[Answer, ...]]) -> list[str]:
    """The cases after which anything was another than before, whichever way the list was asked for."""
    before, found = desk.tables(*KEPT), []
    for name, answers in cases.items():
        _carried(desk.rooms, every_way(desk.rooms, provider, partial(upstream.answer, "/models", *answers)))
        if desk.tables(*KEPT) != before:
            found.append(name)
    return found


async def every_way(rooms: Rooms, provider: Provider, prepare: Callable[[], None]) -> None:
    for way in WAYS:
        prepare()
        await way(rooms, provider)


def test_it_is_untouched_when_nobody_listens(desk: Desk, provider: Provider) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        desk.change_provider(provider.id, base_url=address)
        before = desk.tables(*KEPT)
        _carried(desk.rooms, every_way(desk.rooms, provider, lambda: None))
    assert desk.tables(*KEPT) == before


def test_the_same_ways_take_a_list_that_is_good(desk: Desk, provider: Provider, upstream: FakeProvider) -> None:
    """So that the above holds because of what the lists were."""
    upstream.answer("/models", reply(FEWER))
    rooms, before = desk.rooms, desk.tables(*KEPT)
    _carried(rooms, rooms.plans.make(provider.id, BY))
    planned = desk.tables(*KEPT)
    assert planned != before
    state = _carried(rooms, rooms.scheduled.run_now(provider.id))
    assert (state.last["outcome"], state.last["left"]) == ("ok", 0)
    assert rooms.models.find("listed").context_length == 5
    assert rooms.models.find("plain").missing_since is not None


def test_a_hundred_thousand_entries_are_refused_at_the_cap_without_being_looked_at(
    desk: Desk, provider: Provider, upstream: FakeProvider
) -> None:
    desk.rooms.providers.bounds = Bounds()
    upstream.answer("/models", reply(b'{"data":[' + b",".join(b'{"id":"m%06d"}' % n for n in range(100_000)) + b"]}"))
    before = desk.tables(*KEPT)
    tracemalloc.start()
    try:
        _carried(desk.rooms, as_a_plan(desk.rooms, provider))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES
    assert desk.tables(*KEPT) == before
    with pytest.raises(UpstreamFailed, match=r"more than 20000 models \(LINEUP_FETCH_MODELS\)"):
        _carried(desk.rooms, desk.rooms.plans.make(provider.id, BY))


def test_what_fails_is_told_and_the_open_plan_stays_good(
    desk: Desk, provider: Provider, upstream: FakeProvider
) -> None:
    upstream.answer("/models", reply("oops", status=500))
    _carried(desk.rooms, as_a_plan(desk.rooms, provider))
    [waiting] = desk.rooms.plans.to_review()
    assert desk.rooms.plans.apply(waiting.id, BY).applied == 1
    told = desk.rooms.providers.get(provider.id).last_fetch
    assert told is not None


def _carried(rooms: Rooms, doing: Awaitable[Any]) -> Any:
    async def carried() -> Any:
        try:
            return await doing
        finally:
            await rooms.upstream.close()

    return asyncio.run(carried())
