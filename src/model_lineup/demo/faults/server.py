"""The provider that misbehaves, as a server: `http://127.0.0.1:<port>/fault/<case>`, in the format that it is asked in.

GET /               every case, where it is, and what is expected of whoever meets it
GET /stats          what was asked of which case, what is open now, and who fell for a bait (DELETE forgets)
GET /authority.pem  the authority of its certificates, for the cases of TLS
"""

import asyncio
import json
import re
from collections import Counter
from types import TracebackType
from typing import Any, Self

from model_lineup.demo.faults.case import FIN, HANG, RST, Asked, Case, Step, cases
from model_lineup.demo.faults.doors import HERE, Doors, reset
from model_lineup.demo.faults.saying import reply
from model_lineup.demo.faults.wires import BASE_PATHS, WIRES, wire_of

_TARGET = re.compile(r"/fault/([a-z0-9-]{1,60})(/[^ ]*)?")
_SECOND_HOST = "127.0.0.2"
_LARGEST_HEAD = 256 * 1024
_KEPT_BAITED = 100


class FaultServer:
    """Runs in the caller's loop: `async with FaultServer() as server`, then `server.base_url("connect-refused")`.

    `baited`: the first line of whoever followed an address that a case gave; there should be none.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._doors = Doors(self._talk)
        self._talks: set[asyncio.Task[Any]] = set()
        self._asked: Counter[str] = Counter()
        self.baited: list[str] = []

    async def __aenter__(self) -> Self:
        """Raises OSError when the port is taken."""
        await self._doors.open(self._port)
        self._bait = await _listen_elsewhere(self._take_bait)
        host, port = self._bait.sockets[0].getsockname()[:2]
        self._bait_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._doors.close()
        self._bait.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def origin(self) -> str:
        """Where the main door is."""
        return self._doors.origins["main"]

    def base_url(self, case: str, wire: str = "openai") -> str:
        """What a provider of this format has as its base URL."""
        return f"{self._doors.origins[cases()[case].door]}/fault/{case}{BASE_PATHS.get(wire, '')}"

    def index(self) -> dict[str, Any]:
        """What `GET /` answers."""
        return {"bait": self._bait_url, "cases": [self._entry(case) for case in cases().values()]}

    def _entry(self, case: Case) -> dict[str, Any]:
        return {
            "case": case.name,
            "story": case.story,
            "expected": {what: case.expected(what) for what in ("list", "test", "plain")},
            "slow": case.slow,
            "base_urls": {wire: self.base_url(case.name, wire) for wire in WIRES if wire in case.wires},
            "authority": self._doors.authority.pem if case.trusted and case.door.startswith("tls-") else None,
        }

    # What happens behind the doors.

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        finally:
            self._talks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether another may come on this connection."""
        method, target, headers, body = await _read(reader)
        found = _TARGET.fullmatch(target)
        case = cases().get(found[1]) if found else None
        if found is None or case is None:
            writer.write(self._about(method, target))
            await writer.drain()
            return True
        self._asked[case.name] += 1
        return await _play(case, self._asked_of(found[2] or "/", headers, body), reader, writer)

    def _asked_of(self, target: str, headers: dict[str, str], body: bytes) -> Asked:
        path = target.partition("?")[0]
        what: Any = "chat"
        if not body:
            what = "list"
        elif path == "/api/show":
            what = "detail"
        elif "embed" in path.lower():
            what = "embedding"
        stream = what == "chat" and ("streamGenerateContent" in path or bool(_member(body, "stream")))
        return Asked(wire_of(path, headers), what, stream, target, headers, body, self._bait_url)

    def _about(self, method: str, target: str) -> bytes:
        if target == "/":
            return reply(200, json.dumps(self.index()))
        if target == "/authority.pem":
            return reply(200, self._doors.authority.pem, content_type="application/x-pem-file")
        if target == "/stats":
            stats = {"asked": dict(self._asked), "open": len(self._talks) - 1, "baited": list(self.baited)}
            if method == "DELETE":
                self._asked.clear()
                self.baited.clear()
            return reply(200, json.dumps(stats))
        return reply(404, '{"error": {"message": "no such case; GET / lists them"}}')

    async def _take_bait(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whoever comes here followed what a provider said. What it brought is not kept: it may be a key."""
        first = await reader.readline()
        if len(self.baited) < _KEPT_BAITED:
            self.baited.append(first.decode("latin-1").strip() or "a connection")
        writer.close()


async def _listen_elsewhere(take: Any) -> asyncio.Server:
    """The second host is another address of this machine, where there is one (Linux), else another port."""
    try:
        return await asyncio.start_server(take, _SECOND_HOST, 0)
    except OSError:
        return await asyncio.start_server(take, HERE, 0)


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    opening = await reader.readexactly(1)
    if not opening.isalpha():  # the first byte of TLS, for one
        raise asyncio.IncompleteReadError(opening, None)
    first, *lines = (opening + await reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1").split("\r\n")
    method, target, *_ = [*first.split(" "), "", ""]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    return method, target, headers, await reader.readexactly(int(length) if length.isdecimal() else 0)


async def _play(case: Case, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Do what the case says, until it is done or the client has gone."""
    for step in case.answer(asked):
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
            await asyncio.sleep(0)
        elif not await _act(step, reader, writer):
            return False
    return True


async def _act(step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    if step == RST:
        reset(writer)
        return False
    if step == FIN:
        return False
    if step == HANG:
        await reader.read(1)  # ends when the client goes; a second request is not answered either
        return False
    assert isinstance(step, float)
    try:
        await asyncio.wait_for(reader.read(1), step)
    except TimeoutError:
        return True
    return False  # the client has gone, or speaks out of turn


def _member(body: bytes, name: str) -> Any:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value.get(name) if isinstance(value, dict) else None
