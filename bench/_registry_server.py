"""Lineup as `registry.py` asks it: the real shell in this process, over ASGI, timed from request to last byte; and a
provider in another process whose list is fetched."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from model_lineup.shell import Shell

_LIST_SERVER = """
import http.server, json, sys
entries = int(sys.argv[1])
def entry(n):
    return {"id": f"vendor/model-{n}", "object": "model", "created": 1, "name": f"Vendor: Model {n}",
            "description": "A model of the list that the fetch of this measurement reads. " * 4,
            "context_length": 4096 * (1 + n % 32), "architecture": {"modality": "text->text",
            "input_modalities": ["text"], "output_modalities": ["text"], "tokenizer": "Other"},
            "pricing": {"prompt": "0.0000004", "completion": "0.0000016", "request": "0", "image": "0"},
            "top_provider": {"context_length": 4096, "max_completion_tokens": 2048, "is_moderated": False},
            "supported_parameters": ["max_tokens", "temperature", "tools", "top_p"]}
body = json.dumps({"object": "list", "data": [entry(n) for n in range(entries)]}).encode()
class List(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), List)
print(server.server_port, len(body), flush=True)
import threading
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
"""


@dataclass(frozen=True)
class Timed:
    """An answer, and how long the application worked at it, in ms."""

    status: int
    body: bytes
    ms: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Asks the shell as the HTTP server would, with one credential."""

    def __init__(self, shell: Shell, token: str) -> None:
        self._shell = shell
        self._token = token

    async def ask(self, method: str, target: str, body: Any = None) -> Timed:
        """Raises RuntimeError for an answer that is no success: a refusal is quick, and would look like a gain."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        path, _, query = target.partition("?")
        headers = [(b"authorization", f"Bearer {self._token}".encode()), (b"host", b"localhost")]
        if content:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "server": ("localhost", 8484),
            "client": ("127.0.0.1", 50_000),
        }
        parts: list[bytes] = []
        status = 0
        waiting = [{"type": "http.request", "body": content, "more_body": False}]
        done = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message.get("body"):
                parts.append(message["body"])

        started = time.perf_counter()
        await self._shell(scope, receive, send)
        ms = (time.perf_counter() - started) * 1000
        done.set()
        answer = Timed(status, b"".join(parts), ms)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {target} answered {status}: {answer.body[:300]!r}")
        return answer


@contextlib.contextmanager
def provider_with_a_list(entries: int) -> Iterator[str]:
    """The base URL of a provider that lists so many models, in a process of its own."""
    command = [sys.executable, "-c", _LIST_SERVER, str(entries)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().split()[0]
        yield f"http://127.0.0.1:{port}/v1"
        process.stdin.close()


@dataclass
class Blocked:
    """How long the event loop did nothing else, at the longest, in ms."""

    ms: float = 0.0


@contextlib.asynccontextmanager
async def watched_loop() -> AsyncIterator[Blocked]:
    """Wakes every ms, and notes how late the loop let it."""
    blocked = Blocked()

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            blocked.ms = max(blocked.ms, (time.perf_counter() - before) * 1000 - 1)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.005)
    blocked.ms = 0.0
    try:
        yield blocked
    finally:
        watcher.cancel()
        await asyncio.wait({watcher})
