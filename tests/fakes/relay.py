"""Stands between Lineup and a provider, passes bytes on as they come, and keeps every answer: what the provider said.

with relay("127.0.0.1", 8080) as between:
    ...  # use between.base_url as the provider's
    between.streams()[0][-1]["usage"]
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httptools


@dataclass
class Relay:
    """`answers`: bodies of answers, decoded from their chunks, in the order in which they began."""

    port: int = 0
    answers: list[bytearray] = field(default_factory=list)
    stop: Callable[[], object] = lambda: None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def streams(self) -> list[list[dict[str, Any]]]:
        """The events of every answer that was a stream, without `[DONE]`."""
        found = []
        for answer in self.answers:
            lines = [line[6:] for line in bytes(answer).split(b"\n") if line.startswith(b"data: ")]
            if lines:
                found.append([json.loads(line) for line in lines if line.strip() != b"[DONE]"])
        return found


class _Listening:
    """The callbacks of a response parser: one body per answer."""

    def __init__(self, answers: list[bytearray]) -> None:
        self._answers = answers
        self._body = bytearray()

    def on_message_begin(self) -> None:
        self._body = bytearray()
        self._answers.append(self._body)

    def on_body(self, body: bytes) -> None:
        self._body += body


@contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """Listens on a free port until the block ends."""
    between, ready = Relay(), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(_listen(between, host, port, ready),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield between
    finally:
        between.stop()
        thread.join()


async def _listen(between: Relay, host: str, port: int, ready: threading.Event) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    between.stop = lambda: loop.call_soon_threadsafe(stopped.set)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(host, port)
        parser = httptools.HttpResponseParser(_Listening(between.answers))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, there_writer))
                group.create_task(_pass_on(there_reader, writer, parser.feed_data))
        except* ConnectionError:
            pass
        finally:
            there_writer.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    ready.set()
    await stopped.wait()
    server.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[bytes], object] = lambda _: None
) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        hear(piece)
        await writer.drain()
    writer.close()
