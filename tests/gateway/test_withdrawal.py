"""`?terminate=true`: what may not be asked any more is ended while it is answered, and nothing else is."""

import asyncio
from typing import Any

import pytest

from model_lineup.gateway import hearing
from model_lineup.shell import Shell
from tests.fakes.provider import FakeProvider, delta, event_bytes, fake_provider, reply, stream
from tests.fakes.v1 import CHAT, HELLO, V1, Line, Reply

MODELS = "/api/admin/models"
ENDLESS = stream([event_bytes(delta("Hel")), 3600.0])


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "_HEARS_EVERY_S", 0.05)


class Table:
    """Streams that run, each under a name, while an administrator changes things."""

    def __init__(self, v1: V1, shell: Shell) -> None:
        self.v1, self.shell, self.admin = v1, shell, v1.key("admin")
        self.calls: dict[str, asyncio.Task[Reply]] = {}

    async def ask(self, name: str, *, key: str = "", path: str = CHAT) -> None:
        line = Line(self.shell)
        body = {"model": name, "messages": HELLO, "stream": True, "max_tokens": 9}
        self.calls[name] = asyncio.create_task(self.v1.on(line, path, body, key=key))
        await asyncio.wait_for(line.seen(b"Hel"), 60)

    async def change(self, method: str, path: str, body: Any = None) -> Reply:
        got = await self.v1.on(Line(self.shell), path, body, key=self.admin, method=method)
        assert got.status < 300, got.body
        return got

    async def ended(self, *names: str) -> None:
        """These end in the event that says so."""
        for name in names:
            got = await asyncio.wait_for(self.calls.pop(name), 60)
            assert got.events[-1]["error"]["code"] == "model_withdrawn"
            assert b"[DONE]" not in got.body

    async def go_on(self, *names: str) -> None:
        await asyncio.sleep(0.2)
        assert not any(self.calls[name].done() for name in names)


def test_each_change_that_withdraws_ends_what_it_withdraws(v1: V1, provider: FakeProvider) -> None:
    with fake_provider() as other:
        one, two = v1.provider("One", provider.base_url), v1.provider("Two", other.base_url)
        for each in (provider, other):
            each.answer("/chat/completions", ENDLESS)
        rows = {name: v1.desk.model(one, name, visible=True, agents_enabled=True).id for name in "abcdefgz"}
        rows |= {"h": v1.desk.model(two, "h", visible=True).id, "i": v1.desk.model(two, "i", visible=True).id}
        moved, freed = v1.desk.model(one, "j", visible=True), v1.desk.model(one, "k", visible=True)
        v1.desk.alias(moved, "moved")
        v1.desk.alias(freed, "freed")

        async def withdraw(shell: Shell) -> None:
            await shell._start()
            table = Table(v1, shell)
            for name in (*"abcdfghiz", "moved", "freed", "j"):
                await table.ask(name)
            await table.ask("e", key=v1.agent)
            await table.change("PUT", f"{MODELS}/{rows['a']}", {"visible": False})
            await table.change("PUT", f"{MODELS}/{rows['b']}?terminate=true", {"visible": False})
            chosen = {"filter": {"q": "c"}, "visible": False}
            await table.change("PUT", f"{MODELS}/bulk/visibility?terminate=true", chosen)
            await table.change("DELETE", f"{MODELS}/{rows['d']}?terminate=true")
            agents_off = {"model_ids": [rows["e"], rows["f"]], "agents_enabled": False}
            await table.change("PUT", f"{MODELS}/bulk/agents-enabled?terminate=true", agents_off)
            await table.change("POST", f"{MODELS}/bulk/delete?terminate=true", {"model_ids": [rows["g"]]})
            await table.change("PUT", f"/api/admin/providers/{two.id}/toggle?terminate=true", {"enabled": False})
            where = f"{MODELS}/by-id/aliases?terminate=true&confirm=true&model_id"
            await table.change("PUT", f"{where}=j&alias=moved", {"id": rows["z"]})
            await table.change("DELETE", f"{where}=k&alias=freed")
            await table.ended("b", "c", "d", "e", "g", "h", "i", "moved", "freed")
            await table.go_on("a", "f", "z", "j")
            await table.change("PUT", f"{MODELS}/{rows['a']}?terminate=true", {"visible": False})
            await table.ended("a")
            await shell.wind_up()
            shell.end_streams()
            assert {(await call).events[-1]["error"]["code"] for call in table.calls.values()} == {
                "server_shutting_down"
            }

        v1.run(withdraw)


def test_a_dry_run_ends_nothing(v1: V1, provider: FakeProvider) -> None:
    provider.answer("/chat/completions", ENDLESS)
    row = v1.desk.model(v1.provider("One", provider.base_url), "m", visible=True).id

    async def try_out(shell: Shell) -> None:
        await shell._start()
        table = Table(v1, shell)
        await table.ask("m", path="/v1/messages")
        chosen = {"model_ids": [row], "visible": False}
        await table.change("PUT", f"{MODELS}/bulk/visibility?terminate=true&dry_run=true", chosen)
        await table.go_on("m")
        await table.change("PUT", f"{MODELS}/bulk/visibility?terminate=true", chosen)
        await table.ended("m")

    v1.run(try_out)


def test_a_passed_test_lets_a_model_be_asked_again(v1: V1, provider: FakeProvider) -> None:
    good = reply({"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]})
    provider.answer("/chat/completions", *[reply({"error": {"message": "no"}}, status=500)] * 5, good)
    row = v1.desk.model(v1.provider("One", provider.base_url), "m", visible=True).id

    async def recover(shell: Shell) -> None:
        await shell._start()
        ask = {"model": "m", "messages": HELLO}
        codes = [(await v1.on(Line(shell), CHAT, ask)).code for _ in range(6)]
        assert codes == ["upstream_server_error"] * 5 + ["upstream_unavailable"]
        await v1.rooms.tests.connection(row, "tester")
        for _ in range(600):
            if (await v1.on(Line(shell), CHAT, ask)).status == 200:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("it is still left alone")

    v1.run(recover)
