"""The end of a server that is answering: streams finish, or are told."""

import contextlib
import http.client
import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.counts import HARD, patient
from tests.fakes.provider import Answer, FakeProvider, Got, Step, delta, event_bytes, fake_provider, stream
from tests.fakes.server import Server, Workbench, running_server

SHORT: list[Step] = [event_bytes(delta("One")), 0.7, event_bytes(delta("Two")), event_bytes("[DONE]")]
NO_END: list[Step] = [event_bytes(delta("One")), 3600.0]


class Talk(threading.Thread):
    """One streamed chat; `said` is all that came, `begun` is set with its first bytes."""

    def __init__(self, server: Server, key: str, model: str, path: str = "/v1/chat/completions") -> None:
        super().__init__(daemon=True)
        self.begun = threading.Event()
        self.said = b""
        self._server, self._key, self._model, self._path = server, key, model, path
        self.start()

    def run(self) -> None:
        client = self._server.client(self._key)
        body = {"model": self._model, "stream": True, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        client.connection.request("POST", self._path, json.dumps(body), headers)
        with contextlib.suppress(OSError, http.client.HTTPException):  # a server that is told twice just goes
            response = client.connection.getresponse()
            while piece := response.read1(65536):
                self.said += piece
                self.begun.set()

    @property
    def last(self) -> Any:
        """The data of the last event."""
        data = [line for line in self.said.decode().splitlines() if line.startswith("data:")][-1]
        said = data.removeprefix("data:").strip()
        return said if said == "[DONE]" else json.loads(said)


def by_model(got: Got) -> Answer:
    return stream(SHORT if got.json["model"].startswith("short") else NO_END)


def models_at(server: Server, provider: FakeProvider) -> str:
    """`short` and `endless`, visible; a user's key."""
    provider.answer("/chat/completions", by_model)
    workbench = Workbench(server.admin())
    row = workbench.provider(provider.base_url)["id"]
    for name in ("short", "endless"):
        workbench.model(row, name, visible=True)
    return str(workbench.key("user")["key"])


def test_streams_finish_or_end_in_an_error_in_the_shape_of_their_api(tmp_path: Path) -> None:
    settings = {"workers": 2, "drain_s": 4, "drain_farewell_s": 1}
    with fake_provider() as provider, running_server(tmp_path, **settings) as server:
        key = models_at(server, provider)
        paths = ("/v1/chat/completions", "/v1/messages")
        short = [Talk(server, key, "short", path) for path in paths]
        endless = [Talk(server, key, "endless", path) for path in paths]
        assert all(talk.begun.wait(60) for talk in short + endless)
        code, took_s = server.terminate()
        for talk in short + endless:
            talk.join(60)
    assert (code, took_s < patient(6)) == (0, True)
    assert [short[0].last, short[1].last["type"]] == ["[DONE]", "message_stop"]
    for talk in endless:
        assert talk.last["error"]["code"] == "server_shutting_down"
        assert b"[DONE]" not in talk.said
        assert b"message_stop" not in talk.said


def test_a_second_signal_waits_for_nobody(tmp_path: Path) -> None:
    with fake_provider() as provider, running_server(tmp_path, drain_s=30) as server:
        talk = Talk(server, models_at(server, provider), "endless")
        assert talk.begun.wait(60)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert talk.is_alive()
        _, took_s = server.terminate()
        assert took_s < patient(3)


@pytest.mark.hard
@pytest.mark.skipif(not HARD, reason="takes 40 s; the first test is the same in small")
def test_fifty_streams_at_the_usual_times(tmp_path: Path) -> None:
    """A third ends within the time that running answers get, and is whole; the rest hears two seconds before it."""
    many, seconds = 50, 30
    waits = [0.5 + number % 3 * seconds / 2 for number in range(many)]

    def answer(got: Got) -> Answer:
        wait_s = waits[int(got.json["model"].rpartition("-")[2])]
        return stream([event_bytes(delta("One")), wait_s, event_bytes(delta("Two")), event_bytes("[DONE]")])

    with fake_provider() as provider, running_server(tmp_path, workers=2, drain_s=seconds, drain_delay_s=0) as server:
        key = models_at(server, provider)
        provider.answer("/chat/completions", answer)
        workbench = Workbench(server.admin())
        row = workbench.provider(provider.base_url)["id"]
        for number in range(many):
            workbench.model(row, f"m-{number}", visible=True)
        talks = [Talk(server, key, f"m-{number}") for number in range(many)]
        assert all(talk.begun.wait(60) for talk in talks)
        code, took_s = server.terminate(seconds + 10)
        for talk in talks:
            talk.join(60)
    assert (code, took_s <= seconds + 5) == (0, True)
    finished = [talk.last == "[DONE]" for talk in talks]
    told = [talk.last != "[DONE]" and talk.last["error"]["code"] == "server_shutting_down" for talk in talks]
    assert finished == [wait_s < seconds - 2 for wait_s in waits]
    assert told == [not done for done in finished]
