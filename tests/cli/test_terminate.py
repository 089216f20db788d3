"""`--terminate` beside a running server: each verb that withdraws ends the streams that it withdraws, and no others."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.cli.conftest import Lineup
from tests.fakes.counts import patient
from tests.fakes.provider import delta, event_bytes, fake_provider, stream
from tests.fakes.server import Server, Workbench

VERBS = {
    "hidden": "models hide hidden",
    "filtered": "models hide --q filtered",
    "changed": "models change changed --hidden",
    "deleted": "models delete deleted",
    "off": "providers disable withdrawing-off",
    "gone": "providers delete withdrawing-gone --force",
    "moved": "aliases change moved --to stays",
    "freed": "aliases delete freed",
    "shared": "models agents-off shared",
}
"""What is called under a name, and the verb that withdraws it; `shared` by an agent, and by a person who may go on."""
STAYS = ("stays", "runs-on")
"""A model that nobody touches, and one that is hidden without `--terminate`."""


@pytest.fixture
def stocked(server: Server, workbench: Workbench) -> Iterator[Lineup]:
    """The command line over the folder of that server, with models that begin to answer and never end."""
    with fake_provider() as endless:
        endless.answer("/chat/completions", stream([event_bytes(delta("Hel")), 3600.0]))
        at = {
            name: workbench.provider(endless.base_url, name=f"withdrawing {name}")["id"] for name in ("", "off", "gone")
        }
        for model in (*VERBS, *STAYS):
            if model not in ("moved", "freed"):
                workbench.model(at.get(model, at[""]), model, visible=True, agents_enabled=True)
        workbench.alias("runs-on", "moved")
        workbench.alias("stays", "freed")
        yield Lineup(server.data_dir)


class Calls:
    """Streams of one server that have begun, each under a label."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server, self._stack = server, stack
        self._open: dict[str, socket.socket] = {}

    def begin(self, name: str, key: str, label: str = "") -> None:
        body = json.dumps({"model": name, "stream": True, "messages": [{"role": "user", "content": "Hi"}]})
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        call = self._stack.enter_context(self._server.raw(request.encode()))
        self._open[label or name] = call
        self._until(call, b"Hel")

    def ended(self, label: str) -> None:
        """In the event that says so."""
        rest = self._until(self._open[label], b'"code":"model_withdrawn"')
        assert b"[DONE]" not in rest, label

    def goes_on(self, label: str) -> None:
        self._open[label].settimeout(0.1)
        with pytest.raises(TimeoutError):
            self._open[label].recv(1)

    def _until(self, call: socket.socket, mark: bytes) -> bytes:
        came = b""
        while mark not in came:
            piece = call.recv(4096)
            assert piece, came
            came += piece
        return came


@pytest.fixture
def calls(server: Server) -> Iterator[Calls]:
    with ExitStack() as stack:
        yield Calls(server, stack)


def test_each_verb_ends_what_it_withdraws_and_nothing_else(stocked: Lineup, workbench: Workbench, calls: Calls) -> None:
    user, agent = (workbench.key(kind)["key"] for kind in ("user", "agent"))
    for name in (*VERBS, *STAYS):
        calls.begin(name, agent if name == "shared" else user)
    calls.begin("shared", user, "shared with people")
    stocked.ok("models", "hide", "runs-on", "--confirm")
    for verb in VERBS.values():
        stocked.ok(*verb.split(), "--confirm", "--terminate")
    began = time.monotonic()
    for name in VERBS:
        calls.ended(name)
    assert time.monotonic() - began < patient(6)
    for name in (*STAYS, "shared with people"):
        calls.goes_on(name)
