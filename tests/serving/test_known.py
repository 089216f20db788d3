"""A head that was read before is not read again, and nobody can tell: neither the application nor its caller."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from model_lineup.serving import protocol
from model_lineup.serving.known import known_head
from model_lineup.serving.protocol import Connection
from tests.fakes.counts import count
from tests.serving.test_protocol import Line, talk, turns


async def all_of_it(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was given."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    names = ("method", "path", "raw_path", "query_string", "http_version", "headers")
    said = json.dumps([[repr(scope[name]) for name in names], repr(body)]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


def post(body: bytes = b"hello", *more: bytes, length: bytes | None = None, line: bytes = b"POST /v1/x?y=1") -> bytes:
    length = b"%d" % len(body) if length is None else length
    head = [line + b" HTTP/1.1", b"Host: x", b"Content-Length: " + length, *more]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


WHOLE = [post(), post(b"other"), post(b"a longer one"), post(b"x" * 1000), post(b"\r\ncontent-length: 5\r\n\r\n")]
ODD = [
    *(post(length=length) for length in (b"05", b"+5", b"5 ", b"", b"5, 5", b"0", b"4", b"6", b"99999999")),
    post(b"", length=b"0"),
    post(b"x" * 70_000),
    *(
        post(b"hello", more)
        for more in (
            b"content-length: 5",
            b"X-More: 1",
            b"Connection: close",
            b"Connection: keep-alive",
            b"Upgrade: h2c",
        )
    ),
    post(b"hello", b"Expect: 100-continue"),
    post(b"hello", line=b"POST /v1/other"),
    post(b"hello", line=b"HEAD /v1/x?y=1"),
    post() + post(b"other"),
    b"\r\n" + post(),
    post()[:40],
    post()[40:],
    post(b"5\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", length=b"9"),
    b"POST /v1/x?y=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    post().replace(b"Host: x", b"Host : x"),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
]


def said(pieces: list[bytes], *, knows: bool) -> tuple[list[bytes], bool]:
    async def steps(connection: Connection, line: Line) -> None:
        if not knows:
            connection._may_know = 0
        for piece in pieces:
            if line.closed:
                break
            connection.data_received(piece)
            await turns()

    line = talk(all_of_it, steps)
    return line.writes, line.closed


@pytest.mark.hard
@settings(max_examples=count(40, 3_000), deadline=None)
@given(st.lists(st.sampled_from([*WHOLE * 4, *ODD]), max_size=10), st.lists(st.integers(0, 4000), max_size=3))
@example([*WHOLE, post(length=b"4"), post()], [])
@example([*WHOLE, post()[:40], post()[40:], post(), post()], [])
def test_nobody_can_tell_which_heads_were_read(requests: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(requests)
    ends = itertools.accumulate(map(len, requests))
    edges = sorted({0, *ends, *(cut % (len(whole) + 1) for cut in cuts)})
    pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]
    assert stamped_out(said(pieces, knows=True)) == stamped_out(said(pieces, knows=False))


def stamped_out(told: tuple[list[bytes], bool]) -> Any:
    """Refusals have an id of their own."""
    writes, closed = told
    return [write for write in writes if b"x-request-id" not in write], len(writes), closed


NAMES = ["Content-Length", "content-length", "Transfer-Encoding", "Proxy-Connection", "Connection", "Expect", "TE"]
VALUES = ["5", "6", "05", " 5", "5 ", "5\t", "chunked", "close", "keep-alive", "upgrade", "100-continue", "x", ""]
header = st.tuples(st.sampled_from([*NAMES, "X-A", "Authorization", "Trailer"]), st.sampled_from(VALUES))


@pytest.mark.hard
@settings(max_examples=count(40, 3_000), deadline=None)
@given(
    st.lists(header, max_size=3),
    st.lists(header, max_size=2),
    st.lists(st.binary(max_size=12) | st.just(b"hello") | st.just(post()), min_size=2, max_size=5),
    st.sampled_from([b"", b"\r\n", b" ", b"0\r\n\r\n"]),
)
@example([("X-A", "x")], [("Content-Length", "5")], [b"hello", b"hello", post()], b"")
@example([("Proxy-Connection", "close")], [], [b"hello"] * 4, b"")
def test_no_head_means_something_else_the_second_time(
    before: list[tuple[str, str]], behind: list[tuple[str, str]], bodies: list[bytes], surplus: bytes
) -> None:
    """Whatever else stands in it, twice the same or once; and bodies that hold requests."""
    lines = ["POST /v1/x HTTP/1.1", *(f"{name}: {value}" for name, value in before)]
    rest = [f"{name}: {value}" for name, value in behind]
    heads = ["\r\n".join([*lines, f"Content-Length: {len(body)}", *rest, "", ""]) for body in bodies]
    pieces = [head.encode() + body for head, body in zip(heads, bodies, strict=True)]
    pieces[-1] += surplus
    assert stamped_out(said(pieces, knows=True)) == stamped_out(said(pieces, knows=False))


def test_what_an_application_puts_into_the_headers_is_gone_with_the_request() -> None:
    seen: list[int] = []

    async def adds(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(len(scope["headers"]))
        scope["headers"].append((b"x-user", b"somebody"))
        await all_of_it(scope, receive, send)

    async def steps(connection: Connection, line: Line) -> None:
        for _ in range(5):
            connection.data_received(post())
            await turns()

    talk(adds, steps)
    assert len(set(seen[2:])) == 1


def test_from_the_third_on_the_same_head_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    parse = Connection._parse

    def noted(self: Connection, data: bytes) -> None:
        read.append(data)
        parse(self, data)

    monkeypatch.setattr(Connection, "_parse", noted)
    writes, closed = said([*WHOLE, post(b"hello", b"X-More: 1"), post()], knows=True)
    assert (len(writes), closed) == (len(WHOLE) + 2, False)
    assert read == [*WHOLE[:2], post(b"hello", b"X-More: 1"), post()]
    told = json.loads(writes[3].partition(b"\r\n\r\n")[2])
    assert "(b'content-length', b'1000')" in told[0][5]


def test_so_is_that_of_a_client_who_says_that_he_stays() -> None:
    learnt: list[bool] = []

    async def steps(connection: Connection, line: Line) -> None:
        for answer in (b"Keep-Alive", b"close"):
            connection._known, connection._requests = None, 1
            connection.data_received(post(b"hello", b"Connection: " + answer))
            await turns()
            learnt.append(connection._known is not None)

    talk(all_of_it, steps)
    assert learnt == [True, False]


def test_who_sends_another_head_each_time_is_not_remembered_for_long() -> None:
    learnt = []

    async def steps(connection: Connection, line: Line) -> None:
        for number in range(20):
            connection.data_received(post(b"hello", b"X-Number: %d" % number))
            await turns()
            learnt.append(connection._may_know)

    talk(all_of_it, steps)
    assert learnt[:3] == [protocol.HEADS_LEARNT, protocol.HEADS_LEARNT - 1, protocol.HEADS_LEARNT - 2]
    assert learnt[-1] == 0


def test_nothing_is_known_of_a_request_that_is_not_there() -> None:
    assert known_head(post(), None) is None
