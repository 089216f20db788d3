"""A provider that holds on to each request, in this event loop, and knows when its caller went away.

How far it answers is said by the model's name: `silent…` gets nothing, `half…` the head and a part of the body, and
`pouring…` an endless stream as fast as it is taken.
"""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field

PLAIN = b'HTTP/1.1 200 -\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"model":'
STREAM = b"HTTP/1.1 200 -\r\ncontent-type: text/event-stream\r\n\r\n"
CHAT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
MESSAGE = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"m","role":"assistant",'
    b'"content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
)
RESPONSE = b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"Hel"}\n\n'
FIRST = {"/v1/chat/completions": CHAT, "/v1/messages": MESSAGE, "/v1/responses": RESPONSE}
POURED = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 4000 + b'"}}]}\n\n'


@dataclass
class Holding:
    """`held`: requests that are here now; `left_at`: when each of the others went, `time.monotonic()`."""

    port: int = 0
    held: int = 0
    left_at: list[float] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next(line for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            body = json.loads(await reader.readexactly(int(length.partition(":")[2])))
            self.held += 1
            try:
                await self._answer(head.split(" ")[1], body, reader, writer)
            finally:
                self.held -= 1
                self.left_at.append(time.monotonic())
        writer.close()

    async def _answer(
        self, path: str, body: dict[str, object], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        model = str(body["model"])
        if model.startswith("half"):
            writer.write(STREAM + FIRST[path] if body.get("stream") else PLAIN)
        if model.startswith("pouring"):
            writer.write(STREAM)
            while not reader.at_eof():
                writer.write(POURED * 16)
                await writer.drain()
        await reader.read()
