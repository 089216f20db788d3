"""What one caller asked never reaches another, however many leave in the middle, and however the provider ends its
connections.

Every request carries a word that no other has, the provider says it back (whole or in a stream of several events), and
a quarter of the callers hang up at a random moment. Connections to the provider are kept and used again; the provider
closes some with the answer, some behind its back, resets some, sends some answers late and some bytes that nobody asked
for. Any answer that holds another's word is what must not happen.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httptools
import pytest

from tests.fakes.counts import SEED, count
from tests.fakes.provider import CUT, RESET, Answer, Got, Step, chunked, event_bytes, fake_provider, head, reply, stream
from tests.fakes.server import Server, Workbench, running_server

REQUESTS = count(120, 20_000)
AT_ONCE = 32
LEAVING = 0.25
LEAVES_WITHIN_S = 0.03
WORD = re.compile(rb"nonce-[0-9]{8}-[0-9a-f]{16}")
WAYS = ("kept", "kept", "kept", "late", "announced", "behind its back", "reset", "surplus")
"""How the provider ends an answer: most often so that its connection is used again."""


def echo(rng: random.Random, got: Got) -> Answer:
    """The word of the request, in whichever way."""
    asked = got.json
    word, way = asked["messages"][0]["content"], rng.choice(WAYS)
    late: list[Step] = [rng.uniform(0, 0.02)] if way == "late" else []
    if asked.get("stream"):
        said = [_chunk(word) for _ in range(rng.randrange(1, 5))]
        pieces: list[Step] = [part for one in said for part in (event_bytes(one), *late)]
        closing = [event_bytes(_chunk("", finish="stop")), event_bytes("[DONE]")]
        answer = [*late, *stream([*pieces, *closing])]
    else:
        message = {"role": "assistant", "content": f"{word} {word}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        close = ["connection: close"] if way == "announced" else []
        answer = [*late, *reply({"model": "m", "choices": [choice]}, headers=close)]
    match way:
        case "surplus":
            surplus = head(200, "application/json", "content-length: 42") + b'{"surplus":"nonce-99999999-'
            *first, last = answer  # in one piece: what comes later, when the connection is in use again, is an answer
            return [*first, _bytes(last) + chunked(b"") + surplus, CUT]
        case "reset":
            return [*answer, RESET]
        case "behind its back" | "announced":
            return [*answer, CUT]
    return answer


def _bytes(step: Step) -> bytes:
    assert isinstance(step, bytes)
    return step


def _chunk(word: str, finish: str | None = None) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": finish}]}


class Body:
    """The callbacks of a response parser."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.is_whole = False

    def on_body(self, body: bytes) -> None:
        self.bytes += body

    def on_message_complete(self) -> None:
        self.is_whole = True


class Caller:
    """One connection at a time, kept while the caller stays."""

    def __init__(self, port: int, key: str, seed: int) -> None:
        self._port = port
        self._key = key
        self._random = random.Random(seed)
        self._writer: asyncio.StreamWriter | None = None
        self.outcomes: Counter[str] = Counter()
        self.crossed: list[str] = []

    async def ask(self, number: int) -> None:
        word = f"nonce-{number:08}-{self._random.randbytes(8).hex()}"
        streamed = self._random.random() < 0.5
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": word}], "stream": streamed}).encode()
        lines = [
            *("POST /v1/chat/completions HTTP/1.1", "host: x", f"authorization: Bearer {self._key}"),
            *("content-type: application/json", f"content-length: {len(body)}", "", ""),
        ]
        leaves = self._random.random() < LEAVING
        stays_s = self._random.uniform(0, LEAVES_WITHIN_S) if leaves else 30
        reader, writer = await self._connection()
        writer.write("\r\n".join(lines).encode() + body)
        said = Body()
        parser = httptools.HttpResponseParser(said)
        left = False
        try:
            async with asyncio.timeout(stays_s):
                while not said.is_whole:
                    piece = await reader.read(65_536)
                    if not piece:
                        break
                    parser.feed_data(piece)
        except TimeoutError:
            left = True
            self._leave()
        self._judge(word.encode(), bytes(said.bytes), said.is_whole, parser, left=left, streamed=streamed)

    def _judge(self, word: bytes, said: bytes, whole: bool, parser: Any, *, left: bool, streamed: bool) -> None:
        others = set(WORD.findall(said)) - {word}
        if others or b"surplus" in said:
            self.crossed.append(f"{word!r} was told {said[:400]!r}")
        if left:
            self.outcomes["left"] += 1
        elif whole and parser.get_status_code() == 200 and word in said and (not streamed or b"[DONE]" in said):
            self.outcomes["answered"] += 1
        else:
            self.outcomes[f"failed {said[-200:]!r}"] += 1
            self._leave()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self._reader, self._writer

    def _leave(self) -> None:
        """In order, or with a reset."""
        if self._writer is not None:
            (self._writer.close if self._random.random() < 0.5 else self._writer.transport.abort)()
            self._writer = None

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()


async def crowd(server: Server, keys: list[str]) -> list[Caller]:
    numbers = iter(range(REQUESTS))
    callers = [Caller(server.port, keys[n % len(keys)], SEED * 100 + n) for n in range(AT_ONCE)]

    async def work(caller: Caller) -> None:
        for number in numbers:
            await caller.ask(number)
        await caller.close()

    await asyncio.gather(*map(work, callers))
    return callers


@pytest.mark.hard
@pytest.mark.timeout(1_800)
def test_nobody_is_told_what_another_asked(tmp_path: Path, did: Callable[[str], None]) -> None:
    rng = random.Random(SEED)
    with fake_provider() as provider, running_server(tmp_path, log_level="warning") as server:
        provider.answer("/chat/completions", lambda got: echo(rng, got))
        bench = Workbench(server.admin())
        bench.model(bench.provider(provider.base_url)["id"], "m", visible=True)
        callers = asyncio.run(crowd(server, [bench.key("user")["key"] for _ in range(4)]))
        came = len(provider.requests)
    outcomes = sum((caller.outcomes for caller in callers), Counter[str]())
    assert [crossed for caller in callers for crossed in caller.crossed] == []
    failed = {outcome: times for outcome, times in outcomes.items() if outcome.startswith("failed")}
    assert failed == {}
    assert outcomes["left"] >= REQUESTS * LEAVING / 4
    did(f"{REQUESTS} requests, {outcomes['left']} left early, {came} reached the provider: no word in a wrong answer")
