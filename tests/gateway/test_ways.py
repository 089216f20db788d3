"""Other providers for the same name: translation, fallbacks, callers who leave, keys that are revoked."""

import asyncio
from typing import Any

import pytest

from model_lineup.shell import Shell
from tests.fakes.desk import BY
from tests.fakes.kind_server import KindServer
from tests.fakes.kind_wire import wire_of
from tests.fakes.provider import HANG, FakeProvider, Step, delta, event_bytes, fake_provider, head, reply, stream
from tests.fakes.v1 import CHAT, HELLO, V1, Line

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("sort", ["anthropic", "google", "ollama", "azure", "openai"])
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("caller", ["chat", "messages"])
def test_a_caller_of_each_format_reaches_every_kind(
    v1: V1, provider: FakeProvider, sort: str, streamed: bool, caller: str
) -> None:
    there, base_path = KindServer("openai" if sort == "ollama" else sort, provider), wire_of(sort).base_path
    wire = there.wire
    whole = [*wire.opening(), wire.piece("Hello "), wire.piece("you"), *wire.closing()]
    answer = stream(whole, content_type=wire.stream_type) if streamed else reply(wire.plain("Hello you"))
    there.answer("/v1/chat/completions" if sort == "ollama" else wire.chat_path("up", stream=streamed), answer)
    base_url = f"http://127.0.0.1:{provider.port}{base_path}"
    row = v1.provider("Acme", base_url, type=sort, api_key="sk-1234567")
    v1.desk.model(row, "up", visible=True)
    got = (v1.chat if caller == "chat" else v1.messages)("up", stream=streamed)
    assert got.status == 200, got
    assert "Hello" in got.body.decode()
    assert "you" in got.body.decode()
    events = got.events if streamed else [got.json]
    assert {(event.get("message") or event)["model"] for event in events if "model" in str(event)} == {"up"}
    if streamed:
        assert got.events[-1] == ("[DONE]" if caller == "chat" else {"type": "message_stop"})


def test_a_field_without_a_counterpart_is_refused_by_name_and_nothing_is_sent(v1: V1, provider: FakeProvider) -> None:
    row = v1.desk.provider(
        "A", type="anthropic", base_url=provider.base_url, network_scope="loopback", api_key="sk-12345"
    )
    v1.desk.model(row, "claude", visible=True)
    got = v1.chat("claude", logprobs=True)
    assert (got.status, got.code, got.json["error"]["param"]) == (400, "untranslatable_field", "logprobs")
    assert provider.requests == []


def test_hints_that_were_left_out_are_named(v1: V1, provider: FakeProvider) -> None:
    v1.desk.model(v1.provider("A", provider.base_url), "m", visible=True)
    provider.answer("/chat/completions", reply(ANSWER))
    marked = [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]
    got = v1.messages("m", system=marked)
    assert got.headers["x-lineup-left-out"] == "system.cache_control"


def test_the_newer_name_of_a_bound_is_learnt(v1: V1, provider: FakeProvider) -> None:
    v1.desk.model(v1.provider("A", provider.base_url), "m", visible=True)
    refusal = reply({"error": {"message": "Use 'max_completion_tokens' instead of max_tokens"}}, status=400)
    provider.answer("/chat/completions", refusal, reply(ANSWER))
    assert v1.messages("m").status == 200
    assert provider.requests[-1].json["max_completion_tokens"] == 9


class TestFallbacks:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_the_next_is_asked_where_the_fault_is_the_providers(
        self, v1: V1, provider: FakeProvider, status: int
    ) -> None:
        got, first, second = self.asked(v1, provider, reply({"error": {"message": "x"}}, status=status))
        assert got.status == 200
        assert (got.headers["x-lineup-model"], got.headers["x-lineup-fallback"]) == ("second", "1")
        assert (first, second) == (1, 1)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    def test_the_next_is_not_asked_where_it_is_not(self, v1: V1, provider: FakeProvider, status: int) -> None:
        got, first, second = self.asked(v1, provider, reply({"error": {"message": "x"}}, status=status))
        assert got.status >= 400
        assert (first, second) == (1, 0)

    def test_never_after_the_first_byte(self, v1: V1, provider: FakeProvider) -> None:
        cut = stream([event_bytes(delta("Hel")), "cut"])
        got, first, second = self.asked(v1, provider, cut, streamed=True)
        assert (got.status, first, second) == (200, 1, 0)
        assert got.events[-1]["error"]

    def test_only_under_the_alias_that_declares_them(self, v1: V1, provider: FakeProvider) -> None:
        self.asked(v1, provider, reply({"error": {"message": "x"}}, status=500))
        assert v1.chat("first").status == 502

    @staticmethod
    def asked(v1: V1, provider: FakeProvider, answer: Any, *, streamed: bool = False) -> tuple[Any, int, int]:
        with fake_provider() as other:
            one, two = v1.provider("One", provider.base_url), v1.provider("Two", other.base_url)
            first, second = v1.desk.model(one, "first", visible=True), v1.desk.model(two, "second", visible=True)
            v1.desk.alias(first, "best", fallbacks=[second.id])
            provider.answer("/chat/completions", answer)
            other.answer("/chat/completions", reply(ANSWER))
            got = v1.chat("best", stream=streamed)
            return got, len(provider.requests), len(other.requests)


class TestLeaving:
    @pytest.mark.parametrize("begun", [False, True])
    def test_a_caller_who_leaves_ends_the_request_upstream(self, v1: V1, provider: FakeProvider, begun: bool) -> None:
        v1.desk.model(v1.provider("A", provider.base_url), "m", visible=True)
        steps: list[Step] = [head(200, "text/event-stream", "connection: close"), event_bytes(delta("Hel")), HANG]
        provider.answer("/chat/completions", steps if begun else [HANG])

        async def leave(shell: Shell) -> bool:
            line = Line(shell)
            call = asyncio.create_task(v1.on(line, CHAT, {"model": "m", "messages": HELLO, "stream": True}))
            if begun:
                await line.seen(b"Hel")
            else:
                while not provider.requests:
                    await asyncio.sleep(0.01)
            line.leave()
            await asyncio.wait_for(call, 30)
            return len(v1.rooms.upstream.get()._pool) == 0

        assert v1.run(leave), "a connection upstream is still open"

    def test_a_running_stream_is_cut_when_its_key_is_revoked(self, v1: V1, provider: FakeProvider) -> None:
        v1.desk.model(v1.provider("A", provider.base_url), "m", visible=True)
        steps: list[Step] = [head(200, "text/event-stream", "connection: close"), event_bytes(delta("Hel")), HANG]
        provider.answer("/chat/completions", steps)

        async def revoke(shell: Shell) -> Any:
            line = Line(shell)
            await shell._start()
            call = asyncio.create_task(v1.on(line, CHAT, {"model": "m", "messages": HELLO, "stream": True}))
            await line.seen(b"Hel")
            key = v1.rooms.keys.page(limit=1, offset=0)[0][0]
            await asyncio.to_thread(v1.rooms.keys.delete, key.id, BY)
            try:
                return await asyncio.wait_for(call, 30)
            finally:
                await shell.wind_up()

        got = v1.run(revoke)
        assert got.events[-1]["error"]["code"] == "key_revoked"
        assert b"[DONE]" not in got.body
