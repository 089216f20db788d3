"""What is Ollama's own."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from model_lineup.upstream.contract import (
    Ask,
    Endpoint,
    ListedModel,
    MalformedError,
    ProviderError,
    Quirks,
    Target,
    Timeouts,
)
from model_lineup.upstream.dialects.ollama import LineParser
from model_lineup.upstream.kinds.ollama import KIND
from model_lineup.upstream.sse import MAX_LINE, EventTooLargeError
from tests.fakes.kind_server import KEY, KindServer
from tests.fakes.ollama_wire import SHOWN, WIRE, line, said
from tests.fakes.provider import HANG, Answer, Got, fake_provider, reply
from tests.upstream.test_every_oddity import oddities

TARGET = Target(Endpoint("ollama", "http://127.0.0.1:11434"), "m")
NO_MORE = {"supports_reasoning": False, "supports_audio": False}
LISTED = ListedModel("m", {"description": "llama"})


@pytest.fixture
def ollama() -> Iterator[KindServer]:
    with fake_provider() as provider:
        server = KindServer("ollama", provider)
        server.pages(WIRE.page([WIRE.entry(name) for name in "abcdefgh"]))
        yield server


def facts_of(**shown: Any) -> dict[str, Any]:
    return KIND.detailed(LISTED, json.dumps(shown).encode()).facts


def test_what_tags_and_show_tell_together(ollama: KindServer) -> None:
    models = ollama.listing().models
    assert [model.model_id for model in models] == list("abcdefgh")
    assert models[0].facts == {
        "description": "llama, 8.0B, Q4_K_M",
        "context_length": 8192,
        "supports_tools": True,
        "supports_vision": False,
        "task": "chat",
        **NO_MORE,
    }
    asked = [got.json for got in ollama.provider.requests if got.target == "/api/show"]
    assert sorted(one["model"] for one in asked) == list("abcdefgh")


@pytest.mark.parametrize(
    ("shown", "facts"),
    [
        ({"model_info": {"general.architecture": "qwen2", "qwen2.context_length": 32768}}, {"context_length": 32768}),
        (
            {"capabilities": ["embedding"]},
            {"supports_tools": False, "supports_vision": False, "task": "embedding", **NO_MORE},
        ),
        (
            {"capabilities": ["vision", "completion", "thinking"]},
            {"supports_tools": False, "supports_vision": True, "task": "chat", **NO_MORE, "supports_reasoning": True},
        ),
        (
            {"capabilities": ["image"]},
            {"supports_tools": False, "supports_vision": False, "task": "other", "capabilities": ["image"], **NO_MORE},
        ),
        ({"details": {"parent_model": "llama3.2:3b"}}, {"base_model": "llama3.2:3b"}),
        ({"details": {"parent_model": ""}}, {}),
        ({"details": ["odd"]}, {}),
        ({"parameters": "num_predict 256\nnum_ctx -1"}, {"max_output_tokens": 256}),
        ({"parameters": "num_ctx\nnum_ctx 1.5\nnum_ctx many\n\n  "}, {}),
        ({"parameters": "num_ctx " + "9" * 5000, "model_info": {"llama.context_length": 5}}, {}),
        ({}, {}),
    ],
)
def test_what_a_model_can_do_and_how_much_it_reads(shown: dict[str, Any], facts: dict[str, Any]) -> None:
    assert facts_of(**shown) == {"description": "llama", **facts}


def test_no_odd_detail_makes_the_reader_fall_over() -> None:
    for odd in oddities(SHOWN):
        with suppress(MalformedError, ProviderError):
            KIND.detailed(LISTED, json.dumps(odd).encode())


def test_few_are_asked_about_at_once(ollama: KindServer) -> None:
    """The fifth request has to wait for one of four that hang."""
    ollama.answer("/api/show", [HANG])
    assert ollama.refusal(timeouts=Timeouts(test_s=0.3)).facts["stage"] == "timeout"
    assert len([got for got in ollama.provider.requests if got.target == "/api/show"]) == 4


def test_a_detail_that_fails_refuses_the_list_and_names_the_model(ollama: KindServer) -> None:
    def broken(got: Got) -> Answer:
        return reply({"error": f"cannot read {KEY}"}, status=500) if got.json["model"] == "c" else reply(SHOWN)

    ollama.answer("/api/show", broken)
    refusal = ollama.refusal()
    assert (refusal.facts["reason"], refusal.facts["http_status"]) == ("server_error", 500)
    assert "'c'" in refusal.detail


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_details_is_listed_all_the_same(ollama: KindServer, status: int) -> None:
    ollama.answer("/api/show", reply({"error": "not here"}, status=status))
    assert ollama.listing().models[0].facts == {"description": "llama, 8.0B, Q4_K_M"}


def test_a_list_of_nothing_may_be_null(ollama: KindServer) -> None:
    ollama.pages({"models": None})
    assert ollama.refusal().facts["stage"] == "empty"


def test_an_ask_in_its_words() -> None:
    call = KIND.dialect.call(TARGET, Ask.of("hi", max_tokens=9, seed=3), Quirks())
    assert json.loads(call.body or b"") == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "options": {"num_predict": 9, "seed": 3},
    }
    assert "options" not in json.loads(KIND.dialect.call(TARGET, Ask.of("hi"), Quirks()).body or b"")


def test_where_the_time_went(ollama: KindServer) -> None:
    durations = {"total_duration": 4_000_000_000, "load_duration": 3_000_000_000, "eval_duration": -1}
    end = {**said(True, content=""), "done_reason": "length", **durations}
    exchange = ollama.streamed(line(said(content="x")), line(end))
    assert exchange.finish_reason == "length"
    assert exchange.server_timings == {"total_duration": 4_000_000_000, "load_duration": 3_000_000_000}
    assert exchange.last_event_at is not None
    assert exchange.last_event_at >= exchange.content_at[-1]


def test_a_tool_call_is_content(ollama: KindServer) -> None:
    call = said(content="", tool_calls=[{"function": {"name": "f", "arguments": {}}}])
    exchange = ollama.streamed(line(call), *WIRE.closing())
    assert (len(exchange.content_at), exchange.failure) == (1, None)


def test_a_model_that_is_not_there_is_the_models_failure(ollama: KindServer) -> None:
    [exchange] = ollama.exchanges(reply({"error": "model 'model-1' not found"}, status=404))
    assert exchange.failure is not None
    assert exchange.failure.stage == "model"


def test_a_base_url_with_a_path_too_many_is_hinted_at(ollama: KindServer) -> None:
    base_url = f"{ollama.endpoint().base_url}/openai/v1"
    assert "may have to end before /openai/v1" in ollama.refusal(base_url=base_url).facts["hint"]


def test_lines_are_cut_at_line_feeds_only() -> None:
    parser = LineParser()
    assert parser.feed('{"a": "x\u2028y'.encode()) == []
    assert parser.feed(b'"}\r\n\n{"b"') == [("message", '{"a": "x\u2028y"}\r'.encode())]
    assert parser.feed(b": 1}\n") == [("message", b'{"b": 1}')]


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(EventTooLargeError):
        LineParser().feed(b"x" * (MAX_LINE + 1))
    parser = LineParser()
    parser.feed(b"x" * MAX_LINE)
    with pytest.raises(EventTooLargeError):
        parser.feed(b"xx\n")
