"""Callers who hang up, on each endpoint and at each moment: the provider stops, within a second."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.fakes.counts import count, patient
from tests.fakes.holding import Holding
from tests.fakes.server import Server, Workbench

OPENAI = ("/v1/chat/completions", "/v1/embeddings", "/v1/responses")
WAYS = [
    *[(path, "openai", stream, when) for path in OPENAI for stream in (False, True) for when in ("silent", "half")],
    *[("/v1/messages", kind, stream, when) for kind in ("openai", "anthropic") for stream in (False, True)
      for when in ("silent", "half")],
    *[("/v1/messages/count_tokens", "anthropic", False, when) for when in ("silent", "half")],
]  # fmt: skip


def hello(path: str, model: str, key: str, *, stream: bool) -> bytes:
    body: dict[str, Any] = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    if path in ("/v1/embeddings", "/v1/responses"):
        body = {"model": model, "input": "Hi"}
    if stream:
        body["stream"] = True
    said = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(said) + said


@asynccontextmanager
async def holding(workbench: Workbench, names: dict[tuple[str, str], str]) -> AsyncIterator[Holding]:
    """A provider of each kind, with a model for each moment, whose names are put into `names`."""
    upstream = Holding()
    async with await upstream.listen():
        for kind in ("openai", "anthropic"):
            base_url = upstream.origin + ("/v1" if kind == "openai" else "")
            row = workbench.provider(base_url, type=kind, api_key="k")["id"]
            for when in ("silent", "half"):
                name = workbench.name(when)
                workbench.model(row, name, visible=True)
                names[kind, when] = name
        yield upstream


async def wait_for(holds: Any, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def leave_all(server: Server, upstream: Holding, ask: bytes, callers: int, *, begun: bool) -> list[float]:
    """How long after the hanging up each request went away at the provider, s."""
    upstream.left_at.clear()
    lines = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(callers)]
    for _, writer in lines:
        writer.write(ask)
    await wait_for(lambda: upstream.held == callers)
    if begun:
        for reader, _ in lines:
            await reader.readuntil(b"\n\n")
    await asyncio.sleep(0.05)
    assert upstream.left_at == []
    at = time.monotonic()
    for _, writer in lines:
        writer.close()
    await wait_for(lambda: upstream.held == 0)
    return [left_at - at for left_at in upstream.left_at]


@pytest.mark.hard
def test_whoever_leaves_ends_the_request_at_the_provider(server: Server, workbench: Workbench) -> None:
    callers = count(4, 200)
    key = workbench.key("user")["key"]

    async def main() -> dict[Any, list[float]]:
        names: dict[tuple[str, str], str] = {}
        took: dict[Any, list[float]] = {}
        async with holding(workbench, names) as upstream:
            for path, kind, stream, when in WAYS:
                if path == "/v1/embeddings" and stream:
                    continue
                ask = hello(path, names[kind, when], key, stream=stream)
                begun = stream and when == "half"
                took[path, kind, stream, when] = await leave_all(server, upstream, ask, callers, begun=begun)
        return took

    took = asyncio.run(main())
    assert {way: len(seconds) for way, seconds in took.items() if len(seconds) != callers} == {}
    assert {way: max(seconds) for way, seconds in took.items() if max(seconds) > count(patient(1), 1)} == {}
