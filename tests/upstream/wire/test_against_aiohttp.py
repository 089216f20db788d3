"""aiohttp as oracle: for raw answers made at random, both give the same bytes, or the difference has a name."""

import asyncio
import http.client
import io
import random
import socket
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import aiohttp
import pytest

from model_lineup.upstream.wire import Client, Deadlines, Path, Request, Scope, WireError
from tests.fakes.counts import SEED, count
from tests.fakes.wire_server import Asked, WireServer

from .conftest import Run

COUNT = count(300, 10_000)
DEADLINES = Deadlines(connect_s=5, first_byte_s=5, idle_s=5, total_s=10)
Outcome = tuple[int, bytes] | str


def make_answer(chance: random.Random) -> list[bytes]:
    """A response from a grammar in which about every other one is odd; then cut into segments anywhere."""
    body = chance.randbytes(chance.choice([0, 1, 5, 40, 700, 5000]))
    status = chance.choice([200, 200, 200, 201, 204, 206, 304, 400, 429, 500, 503])
    version = chance.choice([b"1.1"] * 8 + [b"1.0"])
    headers, framed = _frame(chance, body)
    headers += chance.sample(_EXTRAS, chance.choice([0, 0, 1, 2]))
    chance.shuffle(headers)
    lines = [b"HTTP/%s %d Some Reason" % (version, status), *(b"%s: %s" % header for header in headers)]
    raw = chance.choice(_INTERIM) + b"\r\n".join(lines) + b"\r\n\r\n" + framed
    if chance.random() < 0.1:
        raw = raw[: chance.randrange(len(raw) + 1)]
    if chance.random() < 0.1:
        position = chance.randrange(len(raw) + 1)
        raw = raw[:position] + chance.choice([b"\0", b"\n", b"\r", b" ", b"\xff", b"0"]) + raw[position + 1 :]
    cuts = sorted(chance.randrange(len(raw) + 1) for _ in range(chance.choice([0, 0, 1, 3])))
    return [raw[start:end] for start, end in pairwise([0, *cuts, len(raw)])]


_EXTRAS = [
    (b"Connection", b"close"),
    (b"Connection", b"keep-alive"),
    (b"Content-Encoding", b"identity"),
    (b"Content-Encoding", b"gzip"),
    (b"X-Empty", b""),
    (b"X-Latin", b"caf\xe9"),
    (b"Set-Cookie", b"a=b"),
    (b"Location", b"http://127.0.0.1:1/"),
    (b"Retry-After", b"1"),
]
_INTERIM = [b""] * 9 + [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"]


def _frame(chance: random.Random, body: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    length = b"%d" % len(body)
    chunks = _chunked(chance, body)
    return chance.choice(
        [
            *[([(b"Content-Length", length)], body)] * 6,
            *[([(b"Transfer-Encoding", b"chunked")], chunks)] * 6,
            ([], body),
            ([(b"Content-Length", length)], body + b"surplus"),
            ([(b"Content-Length", b"%d" % (len(body) + 3))], body),
            ([(b"Content-Length", b"+" + length)], body),
            ([(b"Content-Length", length), (b"Content-Length", length)], body),
            ([(b"Content-Length", length), (b"Transfer-Encoding", b"chunked")], chunks),
            ([(b"Transfer-Encoding", b"gzip, chunked")], chunks),
            ([(b"Transfer-Encoding", b"Chunked")], chunks),
            ([(b"Transfer-Encoding", b"identity")], body),
            ([(b"Transfer-Encoding", b"chunked")], chunks[:-5]),
            ([(b"Transfer-Encoding", b"chunked")], chunks + b"surplus"),
        ]
    )


def _chunked(chance: random.Random, body: bytes) -> bytes:
    out = b""
    while body:
        size = chance.randint(1, max(1, len(body)))
        extension = chance.choice([b"", b"", b"", b";a=b", b";a"])
        out += b"%x%s\r\n%s\r\n" % (size, extension, body[:size])
        body = body[size:]
    return out + b"0\r\n" + chance.choice([b"", b"", b"X-Trailer: 1\r\n"]) + b"\r\n"


STRICTER = (
    "compressed although identity",
    "Transfer-Encoding other than",
    "not HTTP/1.1",
    "not an HTTP/1.1 response",
    "cannot be parsed",
    "switches protocols",
    "closed before the response was complete",
)
"""Refusals that aiohttp need not share, by their words: docs/decisions/0003-own-http-client.md names each."""


class _Recording(io.BytesIO):
    """As much of a socket as http.client needs."""

    def makefile(self, _mode: str) -> io.BytesIO:
        return self


def by_http_client(raw: bytes) -> Outcome:
    """The standard library's opinion; it ignores whatever follows a response, so it settles quarrels over surplus."""
    for interim in _INTERIM[-2:]:
        raw = raw.removeprefix(interim)
    response = http.client.HTTPResponse(cast(socket.socket, _Recording(raw)), method="GET")
    try:
        response.begin()
        return response.status, b"" if response.status in (204, 304) else response.read()  # RFC 9112, section 6.3
    except (http.client.HTTPException, ValueError) as error:
        return type(error).__name__


async def by_ours(client: Client, url: str) -> Outcome | WireError:
    try:
        request = Request("GET", url)
        async with await client.send(request, path=Path(scope=Scope.LOOPBACK), deadlines=DEADLINES) as response:
            return response.status, await response.read(1 << 20)
    except WireError as error:
        return error


async def by_aiohttp(session: aiohttp.ClientSession, url: str) -> Outcome:
    try:
        async with session.get(url, allow_redirects=False) as response:
            return response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__  # it waits for ever on some, hence a deadline


def difference(ours: Outcome | WireError, theirs: Outcome, raw: bytes) -> str | None:
    """None when both agree, "named" when the decision record explains it, otherwise what is odd."""
    if isinstance(ours, WireError):
        if isinstance(theirs, str):
            return None
        return "named" if any(reason in ours.message for reason in STRICTER) else f"only ours refuses: {ours}"
    if ours == theirs:
        return None
    if isinstance(theirs, str) and by_http_client(raw) == ours:
        return "named"  # surplus bytes: aiohttp throws the response away, ours gives it and closes the connection
    return f"ours {ours!r}, aiohttp {theirs!r}"


@pytest.mark.hard
@pytest.mark.timeout(1_800)
def test_both_clients_read_the_same_or_the_difference_is_named(run: Run, did: Callable[[str], None]) -> None:
    chance = random.Random(SEED)
    answers: dict[str, list[bytes]] = {}
    verdicts: list[str | None] = []

    async def talk(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for segment in answers[asked.head.split(b" ")[1].decode()]:
            writer.write(segment)
            await asyncio.sleep(0)
        writer.close()

    async def scenario() -> None:
        async with (
            WireServer(talk) as server,
            aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=0.5)) as session,
        ):
            client = Client()
            for number in range(COUNT):
                segments = answers[f"/{number}"] = make_answer(chance)
                ours = await by_ours(client, f"{server.url}/{number}")
                theirs = await by_aiohttp(session, f"{server.url}/{number}")
                verdicts.append(difference(ours, theirs, b"".join(segments)))
            await client.close()

    run(scenario())
    assert [verdict for verdict in verdicts if verdict not in (None, "named")] == []
    assert verdicts.count(None) > COUNT * 0.6
    did(f"{COUNT} answers made at random: {verdicts.count(None)} read alike, {verdicts.count('named')} by a named rule")
