"""A provider that keeps time: an OpenAI-compatible echo server whose pace is set and whose truth is recorded.

Stands in for a model where none can be installed, and is the other side of every test of our measuring. Run
`python -m model_lineup.demo.paced --help`; the port is the first line on stdout. `GET /stats` tells for each request
when it came, how long after that its first token had gone, the gaps between tokens, how late against its schedule the
latest of them was, and how long the sending of one took (`DELETE /stats` forgets). `paced_socket` takes the stamps.
"""

import argparse
import asyncio
import gc
import json
import os
import socket
import ssl
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import httptools

from model_lineup.demo import paced_wire
from model_lineup.demo.paced_socket import PunctualSelector, StampedSocket, accept_all, listen
from model_lineup.demo.paced_tls import StampedTlsSocket, context_of

FAULTS = ("none", "unauthorized", "quota", "server_error", "hang", "cut")
_KEPT_RECORDS = 20_000
Stamped = StampedSocket | StampedTlsSocket


@dataclass(frozen=True)
class Pace:
    """When what is sent. Every `stall_every`-th gap lasts `stall_ms` instead of `gap_ms`; 0 for never."""

    ttft_ms: float = 100.0
    gap_ms: float = 10.0
    tokens: int = 100
    early_role_chunk: bool = False
    stall_every: int = 0
    stall_ms: float = 0.0
    fault: str = "none"
    model: str = "paced-echo"

    def offsets(self, tokens: int) -> list[float]:
        """Seconds after the request came at which each token is due."""
        due = [self.ttft_ms / 1000]
        for gap in range(1, tokens):
            stalls = self.stall_every and gap % self.stall_every == 0
            due.append(due[-1] + (self.stall_ms if stalls else self.gap_ms) / 1000)
        return due


@dataclass
class Record:
    """What truly happened to one request; monotonic seconds. `came_at`: its last segment, at the kernel."""

    came_at: float
    sent_at: list[float] = field(default_factory=list)
    late_s: float = 0.0
    sending_s: float = 0.0
    completed: bool = False

    def note(self, due_at: float, transport: Stamped) -> None:
        """One token has just gone."""
        self.sent_at.append(transport.sent_at)
        self.late_s = max(self.late_s, transport.sent_at - due_at)
        self.sending_s += transport.send_took_s

    def facts(self) -> dict[str, Any]:
        gaps = [(later - earlier) * 1000 for earlier, later in zip(self.sent_at, self.sent_at[1:], strict=False)]
        return {
            "came_at": self.came_at,
            "ttft_ms": (self.sent_at[0] - self.came_at) * 1000 if self.sent_at else None,
            "gaps_ms": gaps,
            "late_ms": self.late_s * 1000,
            "sending_ms": self.sending_s * 1000 / len(self.sent_at) if self.sent_at else None,
            "tokens": len(self.sent_at),
            "completed": self.completed,
        }


class Connection:
    """One client. Requests on it are answered one after the other, as HTTP/1.1 has it."""

    def __init__(self, pace: Pace, records: deque[Record], transport: Stamped) -> None:
        self.pace = pace
        self.records = records
        self.transport = transport
        self.timer: asyncio.TimerHandle | None = None
        self._begin()
        transport.start(self.receive, self.end)

    def _begin(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.url = b""
        self.body = b""

    def end(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def receive(self, data: bytes, arrived_at: float) -> None:
        self.came_at = arrived_at
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        method, path, body = self.parser.get_method(), self.url.partition(b"?")[0].removeprefix(b"/v1"), self.body
        self._begin()
        if path == b"/chat/completions":
            self._chat(body)
        elif path == b"/models":
            self._reply(200, {"object": "list", "data": [{"id": self.pace.model, "object": "model"}]})
        elif path == b"/health":  # what load tools ask before they begin
            self._reply(200, {"status": "ok"})
        elif path == b"/stats":
            self._stats(method)
        else:
            self._fail(404, "no such path", "not_found")

    def _stats(self, method: bytes) -> None:
        facts = [record.facts() for record in self.records]
        if method == b"DELETE":
            self.records.clear()
        self._reply(200, {"requests": facts})

    def _chat(self, body: bytes) -> None:
        try:
            asked = json.loads(body)
            words = paced_wire.words(asked["messages"])
            tokens = min(self.pace.tokens, asked.get("max_completion_tokens") or asked.get("max_tokens") or sys.maxsize)
        except (ValueError, KeyError, TypeError):
            self._fail(400, "the body is not a chat request", "invalid_request_error")
            return
        if not self._faulty():
            record = Record(self.came_at)
            self.records.append(record)
            text = [f"{word} " for word in islice(cycle(words), tokens)]
            (self._stream if asked.get("stream") else self._plain)(asked, text, record)

    def _faulty(self) -> bool:
        """Whether the set fault has already answered, or will never answer, this request."""
        match self.pace.fault:
            case "unauthorized":
                self._fail(401, "Incorrect API key provided", "invalid_api_key")
            case "quota":
                self._fail(429, "You exceeded your current quota", "insufficient_quota")
            case "server_error":
                self._fail(500, "The server had an error", "server_error")
            case "hang":
                pass
            case _:
                return False
        return True

    def _plain(self, asked: dict[str, Any], text: list[str], record: Record) -> None:
        due_at = record.came_at + self.pace.offsets(len(text))[-1]

        def send() -> None:
            message = {"role": "assistant", "content": "".join(text)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = paced_wire.usage(asked, len(text))
            self._reply(
                200, {**paced_wire.envelope(self.pace.model, "chat.completion"), "choices": [choice], "usage": usage}
            )
            record.note(due_at, self.transport)
            record.completed = True

        self._at(due_at, send)

    def _stream(self, asked: dict[str, Any], text: list[str], record: Record) -> None:
        """Does as little as possible at once, or the next request would wait to be read: the head goes out with the
        first event, and each event is made after the one before it was sent."""
        due = [record.came_at + offset for offset in self.pace.offsets(len(text))]
        events = (paced_wire.token(self.pace.model, word) for word in text)
        head = paced_wire.head(200, "text/event-stream", "transfer-encoding: chunked")
        if self.pace.early_role_chunk:
            self.transport.write(head + paced_wire.chunk(self.pace.model, {"role": "assistant", "content": ""}))
            head = b""
        prepared = head + next(events)

        def send() -> None:
            nonlocal prepared
            self.transport.write(prepared)
            record.note(due[len(record.sent_at)], self.transport)
            prepared = next(events, b"")
            if prepared:
                self._at(due[len(record.sent_at)], send)
            elif self.pace.fault == "cut":
                self.transport.close()
            else:
                record.completed = True
                self.transport.write(paced_wire.tail(self.pace.model, asked, len(text)))

        self._at(due[0], send)

    def _at(self, when: float, callback: Callable[[], None]) -> None:
        self.timer = asyncio.get_running_loop().call_at(when, callback)

    def _reply(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.transport.write(paced_wire.head(status, "application/json", f"content-length: {len(body)}") + body)

    def _fail(self, status: int, message: str, code: str) -> None:
        self._reply(status, {"error": {"message": message, "type": code, "code": code}})


async def serve(
    pace: Pace,
    host: str,
    port: int,
    *,
    on_ready: Callable[[int], None],
    until_stdin_closes: bool,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Listens until cancelled, or until stdin ends. `on_ready` is told the port. Over TLS where there is a context."""
    loop = asyncio.get_running_loop()
    records: deque[Record] = deque(maxlen=_KEPT_RECORDS)
    listener = listen(host, port)

    def accepted(sock: socket.socket) -> None:
        stamped = StampedSocket(loop, sock)
        Connection(pace, records, stamped if tls is None else StampedTlsSocket(stamped, tls))

    loop.add_reader(listener.fileno(), accept_all, listener, accepted)
    over = asyncio.Event()
    if until_stdin_closes:
        loop.add_reader(0, lambda: None if os.read(0, 4096) else over.set())
    gc.freeze()
    on_ready(listener.getsockname()[1])
    try:
        await over.wait()
    finally:
        loop.remove_reader(listener.fileno())
        listener.close()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m model_lineup.demo.paced", description="A provider that keeps time."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--ttft-ms", type=float, default=100.0, help="request came → first token")
    parser.add_argument("--gap-ms", type=float, default=10.0, help="between tokens")
    parser.add_argument("--tokens", type=int, default=100, help="at most; max_tokens of a request may ask for fewer")
    parser.add_argument("--early-role-chunk", action="store_true", help="send an empty role chunk at once")
    parser.add_argument("--stall-every", type=int, default=0, help="every n-th gap is a stall; 0 for never")
    parser.add_argument("--stall-ms", type=float, default=100.0)
    parser.add_argument("--fault", choices=FAULTS, default="none", help="what to do wrong on each chat request")
    parser.add_argument("--model", default="paced-echo", help="the id that /v1/models lists")
    parser.add_argument("--certificate", help="PEM file; speaks TLS with it, and with --key")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started this one")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = vars(_arguments(arguments))
    host, port, until = options.pop("host"), options.pop("port"), options.pop("until_stdin_closes")
    certificate, key = options.pop("certificate"), options.pop("key")
    tls = context_of(certificate, key) if certificate and key else None
    pace = Pace(**options)
    loop = asyncio.SelectorEventLoop(PunctualSelector())
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(pace, host, port, on_ready=_tell, until_stdin_closes=until, tls=tls))
    except KeyboardInterrupt:
        pass


def _tell(port: int) -> None:
    print(port, flush=True)


if __name__ == "__main__":
    main()
