"""A chat at a provider that speaks the caller's format: what goes out, what comes back."""

import json

import pytest

from tests.fakes.provider import CUT, FakeProvider, delta, event_bytes, head, hello, reply, sse, stream, usage
from tests.fakes.v1 import CHAT, V1

ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "model": "up/stream",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """A provider with one visible model, `up/stream`, that has the alias `best`."""
    row = v1.provider("Acme", provider.base_url, api_key="sk-upstream-1")
    model = v1.desk.model(row, "up/stream", visible=True)
    v1.desk.alias(model, "best")
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def test_an_answer_comes_back_under_the_callers_name(v1: V1, there: FakeProvider) -> None:
    got = v1.chat("best")
    assert got.status == 200
    assert got.json == {**ANSWER, "model": "best"}
    assert got.headers["x-lineup-model"] == "up/stream"
    assert got.headers["x-lineup-provider"] == "acme"
    assert int(got.headers["x-lineup-revision"]) == v1.desk.revision()
    assert got.headers["x-request-id"]


@pytest.mark.parametrize("name", ["best", "BEST", "up/stream", "acme/up/stream"])
def test_each_of_its_names_reaches_the_model(v1: V1, there: FakeProvider, name: str) -> None:
    assert v1.chat(name).json["model"] == name
    assert there.requests[-1].json["model"] == "up/stream"


def test_the_bytes_of_a_request_pass_but_for_the_model(v1: V1, there: FakeProvider) -> None:
    raw = (
        b'{ "temperature": 1.50, "model" :"best", "messages": [{"role":"user","content":"\\u00e9\xc3\xa9"}], "x": 1e3 }'
    )
    assert v1.call(CHAT, raw=raw).status == 200
    assert there.requests[-1].body == raw.replace(b'"best"', b'"up/stream"')
    assert there.requests[-1].header("authorization") == "Bearer sk-upstream-1"


def test_nothing_of_the_caller_but_his_body_goes_on(v1: V1, there: FakeProvider) -> None:
    v1.call(CHAT, {"model": "best", "messages": []}, headers=[("cookie", "a=b"), ("x-forwarded-for", "1.2.3.4")])
    assert set(there.requests[-1].headers) == {
        *("host", "accept-encoding", "accept", "user-agent", "authorization", "content-type", "content-length"),
        "via",
    }


def test_a_stream_passes_and_the_usage_that_lineup_counts_stays_here(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", hello())
    got = v1.chat("best", stream=True)
    assert got.headers["content-type"].startswith("text/event-stream")
    assert there.requests[-1].json["stream_options"] == {"include_usage": True}
    assert [event["choices"][0]["delta"].get("content") for event in got.events[:3]] == ["", "Hel", "lo"]
    assert {event["model"] for event in got.events[:-1]} == {"best"}
    assert "usage" not in got.body.decode()
    assert got.events[-1] == "[DONE]"


def test_a_caller_who_wants_the_usage_gets_it(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", hello())
    got = v1.chat("best", stream=True, stream_options={"include_usage": True, "other": 1})
    assert there.requests[-1].json["stream_options"] == {"include_usage": True, "other": 1}
    assert got.events[-2]["usage"]["prompt_tokens"] == 5


def test_a_server_that_knows_no_stream_options_is_asked_without_and_then_always_so(v1: V1, there: FakeProvider) -> None:
    refusal = reply({"error": {"message": "Unknown field stream_options"}}, status=400)
    there.answer("/chat/completions", refusal, hello())
    assert v1.chat("best", stream=True).events[-1] == "[DONE]"
    assert ["stream_options" in got.json for got in there.requests] == [True, False]


@pytest.mark.parametrize("cut_after", range(4))
def test_a_stream_that_is_cut_ends_in_an_error_and_never_in_a_mark(v1: V1, there: FakeProvider, cut_after: int) -> None:
    whole = [delta(role="assistant", content=""), delta("Hel"), delta("lo"), delta(finish="stop")]
    there.answer("/chat/completions", stream([*map(event_bytes, whole[:cut_after]), b'data: {"par', CUT]))
    got = v1.chat("best", stream=True)
    assert got.status == 200
    assert "[DONE]" not in got.body.decode()
    assert got.events[-1]["error"]["code"] in ("upstream_truncated", "upstream_broken")
    assert not any(event.get("choices", [{}])[0].get("finish_reason") for event in got.events[:-1])


def test_an_error_in_the_middle_of_a_stream_is_told_as_one(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", sse(delta("Hel"), {"error": {"message": "out of memory", "code": 500}}, "[DONE]"))
    got = v1.chat("best", stream=True)
    assert "out of memory" in got.events[-1]["error"]["message"]
    assert "[DONE]" not in got.body.decode()


@pytest.mark.parametrize(
    ("status", "body", "expected", "code"),
    [
        (400, {"error": {"message": "bad temperature"}}, 400, "upstream_rejected_request"),
        (401, {"error": {"message": "bad key sk-upstream-1"}}, 502, "upstream_auth_error"),
        (403, {"error": {"message": "no"}}, 502, "upstream_auth_error"),
        (404, {"error": {"message": "The model up/stream does not exist"}}, 502, "upstream_model_not_found"),
        (429, {"error": {"message": "slow down"}}, 429, "upstream_rate_limited"),
        (402, {"error": {"message": "pay"}}, 502, "upstream_quota_exhausted"),
        (500, {"error": {"message": "oops"}}, 502, "upstream_server_error"),
        (503, {"error": {"message": "busy"}}, 503, "upstream_overloaded"),
        (504, {"error": {"message": "late"}}, 504, "upstream_timeout"),
        (302, {}, 502, "upstream_redirect"),
        (200, {"error": {"message": "oops", "code": 429}}, 502, "upstream_quota_exhausted"),
        (200, [], 502, "upstream_malformed"),
        (200, "<html>", 502, "upstream_malformed"),
    ],
)
def test_what_a_provider_refuses_is_put_on_whose_fault_it_is(
    v1: V1, there: FakeProvider, status: int, body: object, expected: int, code: str
) -> None:
    there.answer("/chat/completions", reply(body, status=status))
    got = v1.chat("best")
    assert (got.status, got.code) == (expected, code)
    assert "sk-upstream" not in got.body.decode()


def test_how_long_to_wait_is_passed_on(v1: V1, there: FakeProvider) -> None:
    refusal = reply({"error": {"message": "slow down"}}, status=429, headers=["retry-after: 7"])
    there.answer("/chat/completions", refusal)
    assert v1.chat("best").headers["retry-after"] == "7"


def test_an_answer_that_is_not_streamed_though_asked_is_an_error(v1: V1, there: FakeProvider) -> None:
    assert v1.chat("best", stream=True).code == "upstream_not_streamed"
    there.answer("/chat/completions", reply({"error": {"message": "bad field"}}))
    assert v1.chat("best", stream=True).status == 502


def test_a_key_that_cannot_be_opened_is_not_the_callers_fault(v1: V1, there: FakeProvider) -> None:
    from sqlalchemy import text

    with v1.rooms.database.write() as connection:
        connection.execute(text("UPDATE providers SET sealed_key = 'broken', changed_at_revision = 99"))
    got = v1.chat("best")
    assert (got.status, got.code) == (503, "key_undecryptable")


def test_embeddings_and_responses_pass_where_the_provider_speaks_them(v1: V1, there: FakeProvider) -> None:
    there.answer("/embeddings", reply({"model": "up/stream", "data": [{"embedding": [0.5]}]}))
    got = v1.call("/v1/embeddings", {"model": "best", "input": "x"})
    assert got.json == {"model": "best", "data": [{"embedding": [0.5]}]}
    there.answer("/responses", reply({"id": "r", "model": "up/stream", "output": []}))
    assert v1.call("/v1/responses", {"model": "best", "input": "x"}).json["model"] == "best"
    assert json.loads(there.requests[-1].body) == {"model": "up/stream", "input": "x"}


def test_a_stream_of_responses_is_whole_only_when_it_says_so(v1: V1, there: FakeProvider) -> None:
    begin, end = (
        b'event: %b\ndata: {"type":"%b","response":{"model":"up/stream"}}\n\n' % (kind, kind)
        for kind in (b"response.created", b"response.completed")
    )
    there.answer("/responses", stream([begin, CUT]), stream([begin]), stream([begin, end]))
    ask = {"model": "best", "input": "x", "stream": True}
    cut, short, whole = (v1.call("/v1/responses", ask) for _ in range(3))
    assert [said.events[-1]["error"]["code"] for said in (cut, short)] == ["upstream_broken", "upstream_truncated"]
    assert [said["response"]["model"] for said in whole.events] == ["best", "best"]


def test_a_surface_that_the_provider_lacks_is_refused(v1: V1, there: FakeProvider) -> None:
    got = v1.call("/v1/messages/count_tokens", {"model": "best", "messages": []})
    assert (got.status, got.code) == (400, "unsupported_by_provider")
    assert there.requests == []


def test_the_head_alone_is_no_answer(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", [head(200, "application/json", "content-length: 100") + b"{", CUT])
    assert v1.chat("best").status == 502


def test_usage_that_comes_late_is_no_reason_to_wait(v1: V1, there: FakeProvider) -> None:
    there.answer("/chat/completions", sse(delta("a"), delta(finish="stop"), usage(), "[DONE]"))
    assert v1.chat("best", stream=True).events[-1] == "[DONE]"
