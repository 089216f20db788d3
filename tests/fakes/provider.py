"""A scripted provider: a real HTTP server on loopback, in a thread, that does whatever a test tells it to.

    with fake_provider() as provider:
        provider.answer("/models", reply({"data": [{"id": "m"}]}))
        ...
        assert provider.requests[0].header("authorization") == "Bearer k"

Answers to a path are used up in order, the last one for good. An answer is a list of steps: bytes to send, seconds to
wait, `CUT` (close at once), `RESET` (with a reset instead of an orderly end) or `HANG`.
"""

import asyncio
import json
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

CUT: Literal["cut"] = "cut"
RESET: Literal["reset"] = "reset"
HANG: Literal["hang"] = "hang"
Step = bytes | float | Literal["cut", "reset", "hang"]
Framing = Literal["chunked", "close"]


@dataclass(frozen=True)
class Got:
    """A request as it came. `headers` with names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def path(self) -> str:
        return self.target.partition("?")[0].removeprefix("/v1")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Sequence[Step]
Answerer = Answer | Callable[[Got], Answer]


@dataclass
class FakeProvider:
    """`requests`: everything that came, in order. `base_url` ends in /v1."""

    port: int = 0
    requests: list[Got] = field(default_factory=list)
    answers: dict[str, list[Answerer]] = field(default_factory=lambda: defaultdict(list))
    stop: Callable[[], object] = lambda: None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answer(self, path: str, *answers: Answerer) -> None:
        """Sets what `path` (without /v1) answers from now on."""
        self.answers[path] = list(answers)

    def next_answer(self, got: Got) -> Answer:
        waiting = self.answers.get(got.path)
        if not waiting:
            return reply({"error": {"message": "no such path"}}, status=404)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return answer(got) if callable(answer) else answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                got = await _read(reader)
                self.requests.append(got)
                if not await _play(self.next_answer(got), writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # cancelled: `_listen` ends, and asyncio would log what a cancelled connection says
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Got(method, target, headers, body)


async def _play(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection may serve another request."""
    for step in answer:
        if step == CUT:
            return False
        if step == RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if step == HANG:
            await asyncio.sleep(3_600)  # an event that nobody else holds would be collected, and this task with it
        elif isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        else:
            await asyncio.sleep(float(step))
    return b"connection: close" not in b"".join(step for step in answer[:1] if isinstance(step, bytes))


def head(status: int, content_type: str, *extra: str) -> bytes:
    lines = [f"HTTP/1.1 {status} -", f"content-type: {content_type}", *extra]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def reply(
    value: Any, *, status: int = 200, content_type: str = "application/json", headers: Sequence[str] = ()
) -> Answer:
    """A plain answer; bytes and text go out as they are."""
    text = value if isinstance(value, str | bytes) else json.dumps(value)
    body = text.encode() if isinstance(text, str) else text
    return [head(status, content_type, f"content-length: {len(body)}", *headers) + body]


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


LAST_CHUNK = b"0\r\n\r\n"


def sse(*events: Any, framing: Framing = "chunked", content_type: str = "text/event-stream") -> Answer:
    """A stream that ends well: each event in a piece of its own. Text is sent as data as it is."""
    return stream([event_bytes(event) for event in events], framing=framing, content_type=content_type)


def event_bytes(event: Any) -> bytes:
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()


def stream(pieces: Sequence[Step], *, framing: Framing = "chunked", content_type: str = "text/event-stream") -> Answer:
    """Pieces of a body, as they are; `CUT` among them ends it badly."""
    extra = {"chunked": "transfer-encoding: chunked", "close": "connection: close"}[framing]
    framed = [chunked(step) if isinstance(step, bytes) and framing == "chunked" else step for step in pieces]
    return [head(200, content_type, extra), *framed, *([LAST_CHUNK] if framing == "chunked" else [])]


def delta(content: str | None = None, *, finish: str | None = None, model: str = "m", **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion. `more` goes into the delta."""
    change = {**({} if content is None else {"content": content}), **more}
    choice = {"index": 0, "delta": change, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": model, "choices": [choice]}


def usage(prompt: int = 5, completion: int = 2, cached: int = 0) -> dict[str, Any]:
    """The chunk with the usage."""
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    return {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion, **details}}


def hello() -> Answer:
    """A good stream of two tokens."""
    return sse(delta(role="assistant", content=""), delta("Hel"), delta("lo"), delta(finish="stop"), usage(), "[DONE]")


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Listens on a free port until the block ends."""
    provider = FakeProvider()
    ready = threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(_listen(provider, ready),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield provider
    finally:
        provider.stop()
        thread.join()


async def _listen(provider: FakeProvider, ready: threading.Event) -> None:
    """Until `provider.stop` is called, from whichever thread; what is still under way is then cancelled."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    provider.stop = lambda: loop.call_soon_threadsafe(stopped.set)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, limit=16 * 1024 * 1024)
    provider.port = server.sockets[0].getsockname()[1]
    ready.set()
    await stopped.wait()
    server.close()
