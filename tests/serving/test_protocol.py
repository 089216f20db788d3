"""One connection to a client, driven by hand: what was sent comes as pieces, what is answered is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from model_lineup.gateway import face
from model_lineup.serving.protocol import Connection, careful_protocol
from model_lineup.shell import UNDERWAY, underway

GET = b"GET /livez?x=1 HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"


class Line(asyncio.Transport):
    """Keeps each write for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = self.paused = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    @property
    def said(self) -> bytes:
        return b"".join(self.writes)


def talk(app: ASGIApp, steps: Callable[[Connection, Line], Awaitable[None]], *, head_s: float = 10) -> Line:
    line = Line()

    async def main() -> None:
        config = Config(app, log_config=None)
        config.load()
        state = ServerState()
        connection = careful_protocol(head_s, 10)(config, state, {})
        connection.connection_made(line)
        await steps(connection, line)
        connection.connection_lost(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not state.connections
        assert not state.tasks

    asyncio.run(main())
    return line


async def turns() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


def sent(*pieces: bytes) -> Callable[[Connection, Line], Awaitable[None]]:
    async def steps(connection: Connection, line: Line) -> None:
        for piece in pieces:
            connection.data_received(piece)
            await turns()

    return steps


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The path, and all of the body."""
    body, more = scope["path"].encode() + b" ", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one", "more_body": True})
    await send({"type": "http.response.body", "body": b"two"})


def test_a_head_goes_out_together_with_its_body() -> None:
    line = talk(echo, sent(GET))
    assert line.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n/livez "]


def test_the_head_of_a_stream_goes_out_at_once() -> None:
    line = talk(stream, sent(GET))
    assert line.writes == [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"3\r\none\r\n",
        b"3\r\ntwo\r\n0\r\n\r\n",
    ]
    assert not line.closed


def test_a_caller_who_knows_no_chunks_gets_a_stream_that_ends_with_the_connection() -> None:
    line = talk(stream, sent(b"GET / HTTP/1.0\r\n\r\n"))
    assert line.said == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo"
    assert line.closed


def test_requests_that_come_together_are_answered_one_after_the_other() -> None:
    line = talk(echo, sent(POST + b"first" + POST + b"other" + GET))
    assert [write.rpartition(b"\r\n\r\n")[2] for write in line.writes] == [b"/v1/x first", b"/v1/x other", b"/livez "]
    assert not line.paused


def test_while_others_wait_for_their_turn_nothing_more_is_read() -> None:
    asked: list[Receive] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(receive)
        await receive()
        await receive()  # until the caller leaves

    async def steps(connection: Connection, line: Line) -> None:
        connection.data_received(GET + GET)
        await turns()
        assert (len(asked), line.paused) == (1, True)

    talk(slow, steps)


@pytest.mark.parametrize("cut", range(1, len(POST) + 5, 7))
def test_it_makes_no_difference_where_the_network_cuts(cut: int) -> None:
    whole = POST + b"hello"
    assert talk(echo, sent(whole[:cut], whole[cut:])).said.endswith(b"/v1/x hello")


def test_a_body_that_waits_for_a_word_gets_it() -> None:
    expecting = POST.replace(b"host: x", b"host: x\r\nexpect: 100-continue")
    line = talk(echo, sent(expecting, b"hello"))
    assert line.writes[0] == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert line.said.endswith(b"/v1/x hello")


def test_a_body_that_is_all_there_can_be_had_at_once_and_once() -> None:
    found = []

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        request = underway(scope)
        assert request is not None
        found.append((request.whole(), request.whole()))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    talk(ask, sent(POST + b"hello"))
    talk(ask, sent(POST + b"hel"))
    assert found == [(b"hello", None), (None, None)]


@pytest.mark.parametrize("early", [True, False])
def test_who_asked_to_hear_that_a_caller_leaves_hears_it_once(early: bool) -> None:
    heard: list[str] = []

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        request = underway(scope)
        assert request is not None
        if not early:
            await asyncio.sleep(0)
        request.on_leave(lambda: heard.append("left"))
        await asyncio.Event().wait() if early else None

    async def steps(connection: Connection, line: Line) -> None:
        connection.data_received(GET)
        await turns() if early else None
        connection.connection_lost(None)
        await turns()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await turns()

    talk(ask, steps)
    assert heard == ["left"]


def test_who_left_after_the_answer_did_not_leave() -> None:
    heard: list[str] = []

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        request = underway(scope)
        assert request is not None
        request.on_leave(lambda: heard.append("left"))
        await echo(scope, receive, send)

    talk(ask, sent(GET))
    assert heard == []


def test_gateway_and_server_use_one_word_for_what_asgi_has_none_for() -> None:
    assert face.UNDERWAY == UNDERWAY


MESSAGES: dict[str, list[Message]] = {
    "a body before its head": [{"type": "http.response.body", "body": b"x"}],
    "too long a body": [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]},
        {"type": "http.response.body", "body": b"xx"},
    ],
    "a header that breaks out of its line": [
        {"type": "http.response.start", "status": 200, "headers": [(b"x-y", b"1\r\nset-cookie: z")]}
    ],
    "a header's name that is none": [{"type": "http.response.start", "status": 200, "headers": [(b"x y", b"1")]}],
    "nothing": [],
}


@pytest.mark.parametrize("what", MESSAGES)
def test_an_application_that_fails_is_a_500_and_the_end_of_the_connection(what: str) -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        for message in MESSAGES[what]:
            await send(message)

    line = talk(wrong, sent(GET))
    assert line.closed
    if what == "too long a body":  # what was begun is not made up for
        assert line.said == b""
    else:
        assert line.said.startswith(b"HTTP/1.1 500 ")


def test_at_the_end_the_running_answer_is_finished_and_an_idle_connection_closed() -> None:
    go_on = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await echo(scope, receive, send)

    async def steps(connection: Connection, line: Line) -> None:
        connection.data_received(GET)
        await turns()
        connection.shutdown()
        assert not line.closed
        go_on.set()
        await turns()
        assert line.closed

    assert b"connection: close" in talk(slow, steps).said

    async def idle(connection: Connection, line: Line) -> None:
        connection.shutdown()
        assert line.closed

    talk(echo, idle)


def test_a_head_that_does_not_come_closes_the_connection_but_not_a_running_answer() -> None:
    answer = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await answer.wait()
        await echo(scope, receive, send)

    async def steps(connection: Connection, line: Line) -> None:
        connection.data_received(GET + GET[:10])
        await asyncio.sleep(0.07)
        assert not line.closed
        answer.set()
        async with asyncio.timeout(60):
            while not line.closed:
                await asyncio.sleep(0.005)

    assert talk(waiting, steps, head_s=0.02).said.endswith(b"/livez ")
