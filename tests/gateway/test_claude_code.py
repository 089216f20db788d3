"""What Claude Code sends to a gateway, and what has to reach the provider of it.

Source: its own reference of the gateway protocol (code.claude.com, read 2026-11-23): `/v1/messages?beta=true`,
`anthropic-version` and `anthropic-beta` unchanged, `/v1/models?limit=1000`, a HEAD of `/` that may fail.
"""

from typing import Any

import pytest

from model_lineup.shell import Shell
from tests.fakes.anthropic_wire import WIRE
from tests.fakes.kind_wire import golden
from tests.fakes.provider import FakeProvider, reply, stream
from tests.fakes.v1 import HELLO, MESSAGES, V1, Line, Reply

BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27"
HEAD = [
    ("anthropic-version", "2023-06-01"),
    ("anthropic-beta", BETAS),
    ("anthropic-dangerous-direct-browser-access", "true"),
    ("x-app", "cli"),
    ("x-claude-code-session-id", "5f9e"),
    ("x-stainless-lang", "js"),
]
BODY: dict[str, Any] = {
    "model": "claude-sonnet",
    "max_tokens": 32_000,
    "stream": True,
    "metadata": {"user_id": "user_1"},
    "system": [{"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral"}}],
    "messages": HELLO,
    "tools": [{"name": "Bash", "input_schema": {"type": "object"}, "eager_input_streaming": True}],
    "thinking": {"type": "adaptive"},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "output_config": {"effort": "high"},
    "a_field_of_next_year": {"x": 1},
}


@pytest.fixture
def claude(v1: V1, provider: FakeProvider) -> FakeProvider:
    row = v1.provider("Anthropic", provider.base_url.removesuffix("/v1"), type="anthropic", api_key="sk-1234567")
    v1.desk.alias(v1.desk.model(row, "claude-4-6", visible=True, agents_enabled=True), "claude-sonnet")
    provider.answer("/messages", stream(golden(WIRE), content_type=WIRE.stream_type))
    provider.answer("/messages/count_tokens", reply({"input_tokens": 7}))
    return provider


def ask(v1: V1, body: Any = BODY, path: str = MESSAGES, head: Any = HEAD, query: bytes = b"beta=true") -> Reply:
    async def on(shell: Shell) -> Reply:
        return await v1.on(Line(shell, query), path, body, key=v1.agent, headers=head)

    return v1.run(on)


def test_a_conversation_passes_with_its_betas_and_fields_that_nobody_here_knows(v1: V1, claude: FakeProvider) -> None:
    got = ask(v1)
    assert (got.status, got.events[-1]) == (200, {"type": "message_stop"})
    assert got.events[0]["message"]["model"] == "claude-sonnet"
    assert got.headers["request-id"] == got.headers["x-request-id"]
    [sent] = claude.requests
    assert sent.json == {**BODY, "model": "claude-4-6"}
    assert (sent.header("anthropic-version"), sent.header("anthropic-beta")) == ("2023-06-01", BETAS)
    travelled = {"anthropic-version", "anthropic-beta", "x-api-key", "host", "accept", "user-agent"}
    assert set(sent.headers) == {*travelled, "accept-encoding", "content-type", "content-length", "via"}


def test_tokens_are_counted(v1: V1, claude: FakeProvider) -> None:
    body = {name: BODY[name] for name in ("model", "messages", "tools")}
    assert ask(v1, body, "/v1/messages/count_tokens").json == {"input_tokens": 7}
    assert claude.requests[-1].header("anthropic-beta") == BETAS


def test_what_the_administrator_set_comes_first(v1: V1, claude: FakeProvider) -> None:
    [row] = v1.rooms.providers.page(limit=1, offset=0)[0]
    v1.desk.change_provider(row.id, api_version="2024-01-01", headers={"anthropic-beta": "ours-1"})
    ask(v1)
    sent = claude.requests[-1]
    assert (sent.header("anthropic-version"), sent.header("anthropic-beta")) == ("2024-01-01", f"ours-1,{BETAS}")


def test_several_lists_of_betas_are_one_and_none_is_none(v1: V1, claude: FakeProvider) -> None:
    ask(v1, head=[("anthropic-beta", "a"), ("anthropic-beta", "b,c")])
    assert claude.requests[-1].header("anthropic-beta") == "a,b,c"
    ask(v1, head=[])
    assert "anthropic-beta" not in claude.requests[-1].headers
    assert claude.requests[-1].header("anthropic-version") == "2023-06-01"


@pytest.mark.parametrize("value", ["a\r\nx-api-key: b", "a;b", "é", "a" * 3000])
def test_a_value_that_is_no_list_of_words_is_refused(v1: V1, claude: FakeProvider, value: str) -> None:
    got = ask(v1, head=[("anthropic-beta", value)])
    assert (got.status, got.code, got.json["error"]["param"]) == (400, "invalid_header", "anthropic-beta")
    assert claude.requests == []


def test_where_the_request_is_translated_betas_are_left_out_and_told(v1: V1, provider: FakeProvider) -> None:
    v1.desk.model(v1.provider("Box", provider.base_url), "claude-sonnet", visible=True, agents_enabled=True)
    provider.answer("/chat/completions", reply({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}))
    plain = {"model": "claude-sonnet", "max_tokens": 9, "messages": HELLO}
    got = ask(v1, plain)
    assert (got.status, got.headers["x-lineup-left-out"]) == (200, "anthropic-beta")
    assert "anthropic-beta" not in provider.requests[-1].headers
    refused = ask(v1)
    assert (refused.status, refused.code) == (400, "untranslatable_field")


def test_the_list_for_its_menu_is_in_anthropics_form(v1: V1, claude: FakeProvider) -> None:
    got = ask(v1, None, "/v1/models", query=b"limit=1000").json
    first = got["data"][0]
    assert (first["type"], first["id"], got["has_more"]) == ("model", "claude-4-6", False)
    assert {"display_name", "created_at", "max_input_tokens", "max_tokens"} <= set(first)


def test_its_look_whether_anybody_is_there_harms_nothing(v1: V1, claude: FakeProvider) -> None:
    async def look(shell: Shell) -> Reply:
        return await v1.on(Line(shell), "/", method="HEAD", key=v1.agent)

    assert v1.run(look).status == 404
