"""More callers than Lineup answers at a time: who is let in is served as before, the rest hears at once (L-10)."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.counts import count
from tests.fakes.provider import fake_provider, reply
from tests.fakes.server import Server, Workbench, running_server
from tests.gateway.test_both_ways import ANSWER

AT_ONCE, TIMES = 10, 5
THINKS_S = 0.1
BODY = b'{"model":"busy","messages":[{"role":"user","content":"Hello"}]}'


@dataclass
class Seen:
    """Milliseconds of requests that were let in, and of those that were not."""

    admitted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)


@pytest.mark.hard
def test_beyond_what_is_answered_at_a_time_the_rest_is_refused_at_once(
    tmp_path: Path, did: Callable[[str], None]
) -> None:
    seconds = count(1.0, 10.0)
    with fake_provider() as provider, running_server(tmp_path / "busy", streams=AT_ONCE) as server:
        provider.answer("/chat/completions", [THINKS_S, *reply(ANSWER)])
        bench = Workbench(server.admin())
        made = bench.provider(provider.base_url)
        bench.model(made["id"], "busy", visible=True)
        key = str(bench.key("user")["key"])
        alone = asyncio.run(load(server, key, AT_ONCE, seconds))
        crowd = asyncio.run(load(server, key, AT_ONCE * TIMES, seconds))
    share = count(0.5, 0.99)  # of a second's few, the slowest one says how busy the machine was
    admitted_ms, before_ms = rank(crowd.admitted, share), rank(alone.admitted, share)
    refused_ms = statistics.median(crowd.refused)
    did(
        f"{len(crowd.refused)} refused, median {refused_ms:.1f} ms, p99 {rank(crowd.refused, 0.99):.1f}; "
        f"{len(crowd.admitted)} admitted, p{share * 100:.0f} {admitted_ms:.0f} ms, {before_ms:.0f} without the crowd"
    )
    assert alone.refused == []
    assert len(crowd.admitted) > len(alone.admitted) / 2
    assert refused_ms < count(THINKS_S * 1000 / 2, 5), "each is refused at once, and does not wait for an answer"
    assert admitted_ms <= count(5, 2) * before_ms


async def load(server: Server, key: str, callers: int, seconds: float) -> Seen:
    """Each asks over and over, on a connection of its own; who is refused waits a little, as an SDK does."""
    seen = Seen()
    until = time.monotonic() + seconds
    await asyncio.gather(*(ask(server, key, until, seen, number / callers) for number in range(callers)))
    return seen


async def ask(server: Server, key: str, until: float, seen: Seen, first_after: float) -> None:
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await asyncio.sleep(first_after * THINKS_S)
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(request)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        took_ms = (time.monotonic() - began) * 1000
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        if lines[0].startswith(b"http/1.1 200"):
            seen.admitted.append(took_ms)
        else:
            assert lines[0].startswith(b"http/1.1 503"), head
            assert b"overloaded" in body
            assert any(line.startswith(b"retry-after:") for line in lines)
            seen.refused.append(took_ms)
            await asyncio.sleep(THINKS_S)
    writer.close()


def rank(values: list[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
