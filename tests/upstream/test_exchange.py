"""One exchange: whatever a provider does, there is an answer that says what happened and where."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.upstream.contract import Ask, Endpoint, Exchange, Quirks, Target, Timeouts, Usage
from model_lineup.upstream.exchange import converse
from tests.fakes.provider import (
    CUT,
    HANG,
    LAST_CHUNK,
    Answer,
    FakeProvider,
    Got,
    chunked,
    delta,
    event_bytes,
    fake_provider,
    head,
    hello,
    reply,
    sse,
    stream,
    usage,
)
from tests.fakes.running import with_client

KEY = "canary-key-1234"
PATH = "/chat/completions"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


def target_of(provider: FakeProvider, task: Any = "chat", **changes: Any) -> Target:
    facts = {"base_url": provider.base_url, "network_scope": "loopback", "api_key": KEY, **changes}
    return Target(Endpoint("openai", **facts), "m", task)


def ask(provider: FakeProvider, answer: Answer, *, stream: bool = True, **changes: Any) -> Exchange:
    provider.answer(PATH, answer)
    target = target_of(provider, **changes)
    exchange = with_client(lambda client: converse(client, target, Ask.of("hi", max_tokens=9, stream=stream)))
    assert KEY not in repr(exchange)
    return exchange


def failure_of(exchange: Exchange) -> tuple[str, str, int | None]:
    assert exchange.failure is not None
    assert not exchange.succeeded
    assert len(exchange.failure.message) <= 200
    return exchange.failure.stage, exchange.failure.code, exchange.failure.http_status


def test_a_stream(provider: FakeProvider) -> None:
    exchange = ask(provider, hello())
    assert exchange.succeeded
    assert (exchange.text, exchange.finish_reason, exchange.answered_model) == ("Hello", "stop", "m")
    assert exchange.usage == Usage(5, 2, 0)
    assert len(exchange.content_at) == 2
    assert exchange.http_status == 200
    assert not exchange.reused
    [request] = provider.requests
    assert request.json["stream_options"] == {"include_usage": True}
    assert request.header("authorization") == f"Bearer {KEY}"


def test_stamps_are_in_order_and_an_early_role_chunk_is_no_content(provider: FakeProvider) -> None:
    events = [delta(role="assistant", content=""), delta("x"), "[DONE]"]
    role, token, end = (chunked(event_bytes(event)) for event in events)
    answer: Answer = [
        head(200, "text/event-stream", "transfer-encoding: chunked"),
        role,
        0.05,
        token,
        0.05,
        end + LAST_CHUNK,
    ]
    exchange = ask(provider, answer)
    [content_at] = exchange.content_at
    assert exchange.head_at is not None
    assert exchange.first_event_at is not None
    assert exchange.sent_at <= exchange.head_at <= exchange.first_event_at
    assert content_at - exchange.first_event_at >= 0.04
    assert exchange.last_event_at == content_at
    assert exchange.ended_at > content_at


def test_a_plain_answer(provider: FakeProvider) -> None:
    value = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "model": "m-2", "timings": {"x": 1}}
    exchange = ask(provider, reply(value), stream=False)
    assert (exchange.text, exchange.answered_model, exchange.server_timings) == ("Hi", "m-2", {"x": 1})
    assert exchange.content_at == ()
    assert not exchange.streamed
    assert exchange.last_event_at is not None
    assert "stream_options" not in provider.requests[0].json


def test_a_plain_answer_to_a_streamed_ask_is_taken_for_what_it_is(provider: FakeProvider) -> None:
    exchange = ask(provider, reply({"choices": [{"message": {"content": "Hi"}}]}))
    assert exchange.succeeded
    assert not exchange.streamed


def test_an_embedding(provider: FakeProvider) -> None:
    provider.answer("/embeddings", reply({"data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": 2}}))
    exchange = with_client(lambda client: converse(client, target_of(provider, "embedding"), Ask.of("hi")))
    assert exchange.succeeded
    assert exchange.usage == Usage(2, None, None)
    assert provider.requests[0].json == {"model": "m", "input": ["hi"]}


def test_usage_that_never_comes_is_unknown(provider: FakeProvider) -> None:
    assert ask(provider, sse(delta("x"), delta(finish="stop"), "[DONE]")).usage is None


def test_the_last_usage_counts(provider: FakeProvider) -> None:
    exchange = ask(provider, sse(usage(5, 1), delta("x"), usage(5, 7), delta(finish="stop"), "[DONE]"))
    assert exchange.usage == Usage(5, 7, 0)


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
def test_a_stream_under_a_wrong_type_is_still_a_stream(provider: FakeProvider, content_type: str) -> None:
    assert ask(provider, sse(delta("x"), "[DONE]", content_type=content_type)).succeeded


def test_a_stream_without_done_is_whole_if_it_gave_its_reason(provider: FakeProvider) -> None:
    assert ask(provider, sse(delta("x"), delta(finish="stop"))).succeeded


def test_what_follows_done_says_nothing_and_does_not_hold_us_up(provider: FakeProvider) -> None:
    pieces: Answer = [event_bytes(delta("x")), event_bytes("[DONE]"), event_bytes({"error": "late"}), HANG]
    exchange = ask(provider, stream(pieces))
    assert exchange.succeeded
    assert exchange.ended_at - exchange.sent_at < 2


def test_a_second_ask_uses_the_connection_again(provider: FakeProvider) -> None:
    provider.answer(PATH, hello())

    async def twice(client: Any) -> list[Exchange]:
        return [await converse(client, target_of(provider), Ask.of("hi")) for _ in range(2)]

    assert [exchange.reused for exchange in with_client(twice)] == [False, True]


REFUSALS: dict[str, tuple[Answer, str, str, int | None]] = {
    "401": (reply({"error": {"message": f"bad key {KEY}"}}, status=401), "auth", "auth", 401),
    "403": (reply({"error": {"message": "no"}}, status=403), "auth", "auth", 403),
    "402": (reply({"error": {"message": "pay"}}, status=402), "quota", "quota", 402),
    "429": (reply({"error": {"message": "slow"}}, status=429), "quota", "quota", 429),
    "529": (reply({"error": {"message": "full"}}, status=529), "quota", "overloaded", 529),
    "404": (reply({"error": {"message": "The model `m` does not exist"}}, status=404), "model", "model", 404),
    "400 naming the model": (reply({"error": {"message": "model m not found"}}, status=400), "model", "model", 400),
    "400": (reply({"error": {"message": "too long"}}, status=400), "protocol", "upstream_error", 400),
    "500": (reply("Internal", status=500), "protocol", "server_error", 500),
    "503": (reply({"error": {"message": "busy"}}, status=503), "protocol", "overloaded", 503),
    "501": (reply({"error": {"message": "no embeddings here"}}, status=501), "protocol", "upstream_error", 501),
    "504": (reply("", status=504), "timeout", "timeout", 504),
    "redirect": (
        reply("", status=307, headers=["location: http://127.0.0.1:1/"]),
        "protocol",
        "upstream_redirect",
        307,
    ),
    "html": (reply("<html>", content_type="text/html"), "protocol", "html", 200),
    "html 404": (reply("<html>", status=404, content_type="text/html"), "protocol", "html", 404),
    "no json": (reply("{nope"), "protocol", "malformed", 200),
    "no choices": (reply({"id": 1}), "protocol", "malformed", 200),
    "error in a 200": (reply({"error": {"message": "no", "code": 429}}), "quota", "quota", 200),
    "overloaded in a 200": (
        reply({"error": {"message": "no", "type": "overloaded_error"}}),
        "quota",
        "overloaded",
        200,
    ),
    "empty": (sse(delta(role="assistant", content=""), delta(finish="stop"), "[DONE]"), "empty", "empty", 200),
    "empty plain": (reply({"choices": []}), "empty", "empty", 200),
    "bad chunk": (sse(delta("x"), "{nope", "[DONE]"), "protocol", "malformed", 200),
    "bad utf-8": (stream([b'data: {"choices": "\xff"}\n\n']), "protocol", "malformed", 200),
    "error first": (sse({"error": {"message": "quota", "code": "insufficient_quota"}}), "quota", "quota", 200),
    "error midway": (sse(delta("x"), {"error": {"message": "boom"}}, "[DONE]"), "protocol", "upstream_error", 200),
    "error last": (
        sse(delta("x"), {"object": "error", "message": "boom", "code": 500}),
        "protocol",
        "server_error",
        200,
    ),
    "error event": (stream([b'event: error\ndata: {"message": "boom"}\n\n']), "protocol", "upstream_error", 200),
    "no finish": (sse(delta("x")), "protocol", "truncated", 200),
    "cut chunk": (stream([event_bytes(delta("x")), CUT]), "protocol", "truncated", 200),
    "closed by a stranger": (
        stream([event_bytes(delta("x", finish="stop"))], framing="close"),
        "protocol",
        "truncated",
        200,
    ),
    "no head": ([b"HTTP/1.1 200 OK\r\n", CUT], "protocol", "", None),
    "no http": ([b"SSH-2.0-OpenSSH_9.0\r\n\r\n", CUT], "protocol", "", None),
    "endless line": (stream([b"data: " + b"x" * 1_100_000]), "protocol", "too_large", 200),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_failure_has_its_stage(provider: FakeProvider, name: str) -> None:
    answer, stage, code, status = REFUSALS[name]
    exchange = ask(provider, answer)
    found = failure_of(exchange)
    assert found[0] == stage
    assert code in ("", found[1])
    assert found[2] == status
    assert exchange.failure is not None
    assert exchange.failure.message
    assert len(provider.requests) == 1


def test_a_web_page_is_never_quoted(provider: FakeProvider) -> None:
    exchange = ask(provider, reply("<html>secret-of-an-internal-host", status=500, content_type="text/html"))
    assert "secret" not in repr(exchange)


def test_html_hints_at_a_missing_v1(provider: FakeProvider) -> None:
    exchange = ask(provider, reply("<html>", content_type="text/html"), base_url=provider.base_url.removesuffix("/v1"))
    assert exchange.failure is not None
    assert "may lack /v1" in exchange.failure.hint


def test_a_stream_cut_at_any_byte_is_never_finished(provider: FakeProvider) -> None:
    events = [delta(f"t{number} ") for number in range(4)] + [delta(finish="stop"), usage()]
    body = b"".join(chunked(event_bytes(event)) for event in [*events, "[DONE]"])
    start = head(200, "text/event-stream", "transfer-encoding: chunked")
    done = body.index(b"[DONE]") + len(b"[DONE]\n\n")
    cuts = range(done)
    answers: Iterator[Answer] = iter([[start + body[:cut], CUT] for cut in cuts])

    def next_answer(_: Got) -> Answer:
        return next(answers)

    provider.answer(PATH, next_answer)

    async def all_of_them(client: Any) -> list[Exchange]:
        return [await converse(client, target_of(provider), Ask.of("hi")) for _ in cuts]

    assert all(exchange.failure is not None for exchange in with_client(all_of_them))


def test_a_stream_by_close_needs_its_closing_mark(provider: FakeProvider) -> None:
    assert ask(provider, sse(delta("x"), "[DONE]", framing="close")).succeeded


@pytest.mark.parametrize(
    ("message", "gone", "there"),
    [
        ("Unknown field: stream_options", "stream_options", "stream"),
        ("'max_tokens' is not supported, use 'max_completion_tokens'", "max_tokens", "max_completion_tokens"),
    ],
)
def test_a_quirk_is_learnt_and_kept(provider: FakeProvider, message: str, gone: str, there: str) -> None:
    def picky(got: Got) -> Answer:
        return reply({"error": {"message": message}}, status=400) if gone in got.json else hello()

    provider.answer(PATH, picky)
    quirks = Quirks()

    async def twice(client: Any) -> list[Exchange]:
        asked = Ask.of("hi", max_tokens=9)
        return [await converse(client, target_of(provider), asked, quirks=quirks) for _ in range(2)]

    assert all(exchange.succeeded for exchange in with_client(twice))
    assert [gone in request.json for request in provider.requests] == [True, False, False]
    assert there in provider.requests[-1].json


@pytest.mark.parametrize(
    "answer",
    [
        [HANG],
        [b"HTTP/1.1 200 OK\r\n", HANG],
        stream([event_bytes(delta("x")), HANG]),
        stream([step for _ in range(99) for step in (b": ping\n\n", 0.05)]),
        [head(500, "application/json", "content-length: 9"), HANG],
    ],
    ids=["nothing", "half a head", "half a stream", "only comments", "an error without its body"],
)
def test_nothing_outlives_the_deadline(provider: FakeProvider, answer: Answer) -> None:
    provider.answer(PATH, answer)
    target = target_of(provider)
    exchange = with_client(lambda client: converse(client, target, Ask.of("hi"), total_s=0.3))
    assert failure_of(exchange)[0] in ("timeout", "protocol")
    assert exchange.ended_at - exchange.sent_at < 1


def test_the_endpoint_bounds_the_first_byte_of_a_stream(provider: FakeProvider) -> None:
    exchange = ask(provider, [HANG], timeouts=Timeouts(first_byte_s=0.2))
    assert failure_of(exchange)[0] == "timeout"


def test_redirects_reach_no_second_host(provider: FakeProvider) -> None:
    with fake_provider() as second:
        location = f"location: {second.base_url}{PATH}"
        for status in (301, 302, 303, 307, 308):
            ask(provider, reply("", status=status, headers=[location]))
        assert second.requests == []


def test_no_environment_variable_diverts_a_request(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_provider() as canary:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        assert ask(provider, hello()).succeeded
        assert canary.requests == []


def test_an_exchange_travels_as_json(provider: FakeProvider) -> None:
    import msgspec

    exchange = ask(provider, hello())
    assert msgspec.json.decode(msgspec.json.encode(exchange), type=Exchange) == exchange
    assert json.loads(msgspec.json.encode(exchange))["text"] == "Hello"
