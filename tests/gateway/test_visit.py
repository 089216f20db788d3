"""What is known of a request when it is over, however it ended."""

import asyncio
from typing import Any

import pytest

from model_lineup.gateway.visit import Visit
from model_lineup.shell import Shell
from tests.fakes.desk import BY
from tests.fakes.provider import CUT, HANG, FakeProvider, Step, delta, event_bytes, head, hello, reply, sse, stream
from tests.fakes.v1 import CHAT, HELLO, V1, Line

ANSWER = {
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}
BEGUN: list[Step] = [head(200, "text/event-stream", "connection: close"), event_bytes(delta("Hel")), HANG]


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    """A provider with one visible model, `m`, and a hidden one, `h`."""
    row = v1.provider("Acme", provider.base_url)
    v1.desk.model(row, "m", visible=True)
    v1.desk.model(row, "h")
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def the_one(v1: V1) -> Visit:
    [visit] = v1.visits
    return visit


def ending(visit: Visit) -> tuple[str, int | None, str | None]:
    return visit.outcome, visit.status, visit.code


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_is_completed_with_its_route_and_its_usage(v1: V1, there: FakeProvider, streamed: bool) -> None:
    if streamed:
        there.answer("/chat/completions", hello())
    got = v1.chat("m", stream=streamed)
    visit = the_one(v1)
    assert ending(visit) == ("completed", 200, None)
    assert (visit.surface, visit.name, visit.stream, visit.caller.name) == ("chat", "m", streamed, "user")
    assert visit.request_id == got.headers["x-request-id"]
    assert visit.opened is not None
    assert (visit.opened.model.model_id, visit.opened.provider.slug, visit.opened.place) == ("m", "acme", 0)
    assert visit.meter is not None
    assert visit.meter.usage is not None
    assert visit.meter.usage.prompt_tokens == (5 if streamed else 3)
    assert (visit.meter.first_content_at is not None) == streamed


def test_headers_that_somebody_added_are_in_the_answer(
    v1: V1, there: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Visit.__init__

    def noticed(visit: Visit, *given: Any) -> None:
        begin(visit, *given)
        visit.headers.append((b"deprecation", b"@1"))

    monkeypatch.setattr(Visit, "__init__", noticed)
    assert v1.chat("m").headers["deprecation"] == "@1"


@pytest.mark.parametrize(
    ("body", "status", "code", "name"),
    [
        ({"model": "nope"}, 404, "model_not_found", "nope"),
        ({"model": "h"}, 404, "model_not_found", "h"),
        ({}, 400, "model_missing", None),
        ({"model": 1}, 400, "invalid_model", None),
    ],
)
def test_a_refusal_is_heard_of_with_its_code(
    v1: V1, there: FakeProvider, body: Any, status: int, code: str, name: str | None
) -> None:
    assert v1.call(CHAT, body).status == status
    visit = the_one(v1)
    assert (ending(visit), visit.name, visit.route) == (("refused", status, code), name, None)


def test_an_agent_that_may_not_is_refused(v1: V1, there: FakeProvider) -> None:
    v1.chat("m", key=v1.agent)
    assert ending(the_one(v1)) == ("refused", 403, "model_not_enabled_for_agents")


def test_nobody_hears_of_strangers(v1: V1, there: FakeProvider) -> None:
    v1.call(CHAT, {"model": "m"}, key="lnp_user_unknown")
    v1.call(CHAT, {"model": "m"}, key=None)
    assert v1.visits == []


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [(500, 502, "upstream_server_error"), (400, 400, "upstream_rejected_request"), (429, 429, "upstream_rate_limited")],
)
def test_an_error_of_the_provider_is_its_own(v1: V1, there: FakeProvider, status: int, told: int, code: str) -> None:
    there.answer("/chat/completions", reply({"error": {"message": "x"}}, status=status))
    v1.chat("m")
    assert ending(the_one(v1)) == ("upstream_failed", told, code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (stream([event_bytes(delta("Hel")), CUT]), "upstream_broken"),
        (sse(delta("Hel")), "upstream_truncated"),
        (sse(delta("Hel"), "nonsense"), "upstream_malformed"),
        (sse(delta("Hel"), {"error": {"message": "out of memory", "code": 500}}), "upstream_server_error"),
    ],
)
def test_a_stream_that_breaks_says_with_which_error(v1: V1, there: FakeProvider, answer: Any, code: str) -> None:
    there.answer("/chat/completions", answer)
    got = v1.chat("m", stream=True)
    assert got.events[-1]["error"]["code"] == code
    assert ending(the_one(v1)) == ("upstream_failed", 200, code)


@pytest.mark.parametrize("begun", [False, True])
def test_a_caller_who_leaves_is_known_by_that(v1: V1, there: FakeProvider, begun: bool) -> None:
    there.answer("/chat/completions", BEGUN if begun else [HANG])

    async def leave(shell: Shell) -> None:
        line = Line(shell)
        call = asyncio.create_task(v1.on(line, CHAT, {"model": "m", "messages": HELLO, "stream": True}))
        if begun:
            await line.seen(b"Hel")
        else:
            while not there.requests:
                await asyncio.sleep(0.01)
        line.leave()
        await call

    v1.run(leave)
    visit = the_one(v1)
    assert ending(visit) == ("client_closed", 200 if begun else None, None)
    assert (visit.meter is not None and visit.meter.first_content_at is not None) == begun


def test_a_caller_who_leaves_with_everything_has_a_completed_request(v1: V1, there: FakeProvider) -> None:
    """The end of the provider's body is still waited for then, so that its connection can be used again."""
    whole = [event_bytes(event) for event in (delta("Hel"), delta(finish="stop"), "[DONE]")]
    there.answer("/chat/completions", stream([*whole, HANG]))

    async def leave(shell: Shell) -> None:
        line = Line(shell)
        call = asyncio.create_task(v1.on(line, CHAT, {"model": "m", "messages": HELLO, "stream": True}))
        await line.seen(b"[DONE]")
        line.leave()
        await call

    v1.run(leave)
    assert ending(the_one(v1)) == ("completed", 200, None)


@pytest.mark.parametrize(("begun", "status"), [(False, 401), (True, 200)])
def test_a_key_that_is_revoked_meanwhile_is_a_refusal(v1: V1, there: FakeProvider, begun: bool, status: int) -> None:
    there.answer("/chat/completions", BEGUN if begun else [HANG])

    async def revoke(shell: Shell) -> None:
        line = Line(shell)
        await shell._start()
        call = asyncio.create_task(v1.on(line, CHAT, {"model": "m", "messages": HELLO, "stream": True}))
        while not there.requests:
            await asyncio.sleep(0.01)
        if begun:
            await line.seen(b"Hel")
        for key in v1.rooms.keys.page(limit=9, offset=0)[0]:
            await asyncio.to_thread(v1.rooms.keys.delete, key.id, BY)
        await asyncio.wait_for(call, 30)
        await shell.wind_up()

    v1.run(revoke)
    assert ending(the_one(v1)) == ("refused", status, "key_revoked")


@pytest.mark.parametrize(
    ("said", "expected"),
    [("completed", ("completed", 200, None)), ("failed", ("upstream_failed", 200, "upstream_response_failed"))],
)
def test_responses_are_read_along(v1: V1, there: FakeProvider, said: str, expected: Any) -> None:
    used = {"input_tokens": 4, "output_tokens": 2}
    end = {"type": f"response.{said}", "response": {"usage": used}}
    there.answer("/responses", sse({"type": "response.output_text.delta", "delta": "Hi"}, end))
    got = v1.call("/v1/responses", {"model": "m", "input": "x", "stream": True})
    assert got.events[-1]["type"] == f"response.{said}"
    visit = the_one(v1)
    assert ending(visit) == expected
    assert visit.meter is not None
    assert visit.meter.usage is not None
    assert (visit.meter.usage.prompt_tokens, visit.meter.usage.completion_tokens) == (4, 2)
    assert visit.meter.first_content_at is not None


def test_embeddings_are_counted(v1: V1, there: FakeProvider) -> None:
    there.answer("/embeddings", reply({"model": "m", "data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": 6}}))
    assert v1.call("/v1/embeddings", {"model": "m", "input": "x"}).status == 200
    meter = the_one(v1).meter
    assert meter is not None
    assert meter.usage is not None
    assert meter.usage.prompt_tokens == 6
