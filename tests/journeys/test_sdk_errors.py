"""Every failure as the official SDKs raise it: the class, the code, and what else a program can go by."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from tests.fakes.counts import count
from tests.fakes.kind_wire import wire_of
from tests.fakes.provider import CUT, HANG, reply, stream
from tests.fakes.sdk_stage import DIALECTS, Stage, stage
from tests.fakes.server import Server, Workbench

HELLO: Any = [{"role": "user", "content": "Hello"}]
SAID = {"error": {"message": "said by the provider", "type": "some_error"}}
UPSTREAM = [
    (400, 400, "upstream_rejected_request", openai.BadRequestError, anthropic.BadRequestError),
    (401, 502, "upstream_auth_error", openai.InternalServerError, anthropic.InternalServerError),
    (403, 502, "upstream_auth_error", openai.InternalServerError, anthropic.InternalServerError),
    (404, 502, "upstream_model_not_found", openai.InternalServerError, anthropic.InternalServerError),
    (409, 409, "upstream_rejected_request", openai.ConflictError, anthropic.ConflictError),
    (413, 413, "upstream_rejected_request", openai.APIStatusError, anthropic.RequestTooLargeError),
    (422, 422, "upstream_rejected_request", openai.UnprocessableEntityError, anthropic.UnprocessableEntityError),
    (429, 429, "upstream_rate_limited", openai.RateLimitError, anthropic.RateLimitError),
    (500, 502, "upstream_server_error", openai.InternalServerError, anthropic.InternalServerError),
    (503, 503, "upstream_overloaded", openai.InternalServerError, anthropic.ServiceUnavailableError),
]
"""What the provider answers; what the caller gets: status, code, and the exception of each SDK."""
ONE_BY_ONE = [(DIALECTS[row % len(DIALECTS)], *case) for row, case in enumerate(UPSTREAM)]
ALL = [(dialect, *case) for dialect in DIALECTS for case in UPSTREAM]


@pytest.fixture(scope="module")
def on(server: Server, workbench: Workbench) -> Iterator[Stage]:
    with stage(server, workbench) as made:
        yield made


def ask_openai(on: Stage, name: str, *, streamed: bool = False, client: Any = None, **more: Any) -> Any:
    chat = (client or on.of_openai()).chat.completions
    answer = chat.create(model=name, messages=HELLO, stream=streamed, **more)
    return list(answer) if streamed else answer


def ask_anthropic(on: Stage, name: str, *, streamed: bool = False, client: Any = None, **more: Any) -> Any:
    messages = (client or on.of_anthropic()).messages
    answer = messages.create(model=name, max_tokens=9, messages=HELLO, stream=streamed, **more)
    return list(answer) if streamed else answer


@pytest.mark.hard
@pytest.mark.parametrize(("dialect", "upstream", "status", "code", "of_openai", "of_anthropic"), count(ONE_BY_ONE, ALL))
def test_what_a_provider_refuses(
    on: Stage, dialect: str, upstream: int, status: int, code: str, of_openai: Any, of_anthropic: Any
) -> None:
    """One caller streams, the other does not, in turn; each meets a provider that has failed nobody yet. Every day each
    status comes from one format, in `make hard` from each."""
    refusal, streamed = reply(SAID, status=upstream, headers=["retry-after: 7"]), upstream % 2 == 0
    on.answers(dialect, refusal, streamed=streamed)
    with pytest.raises(of_openai) as one:
        ask_openai(on, on.another(dialect), streamed=streamed)
    on.answers(dialect, refusal, streamed=not streamed)
    with pytest.raises(of_anthropic) as other:
        ask_anthropic(on, on.another(dialect), streamed=not streamed)
    assert (one.value.status_code, one.value.code) == (status, code)
    assert (other.value.status_code, other.value.error_code) == (status, code)
    for error in (one.value, other.value):
        assert error.request_id == error.response.headers["x-request-id"]
        assert ("retry-after" in error.response.headers) == (status in (429, 503))
    assert other.value.type == one.value.type


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_that_breaks_is_an_exception_and_no_end(on: Stage, dialect: str) -> None:
    wire = wire_of(dialect)
    broken = stream([*wire.opening(), wire.piece("Hel"), CUT], content_type=wire.stream_type)
    on.answers(dialect, broken, streamed=True)
    with pytest.raises(openai.APIError) as one:
        ask_openai(on, on.another(dialect), streamed=True)
    assert one.value.code == "upstream_broken"
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        ask_anthropic(on, on.another(dialect), streamed=True)
    name, messages = on.another(dialect), on.of_anthropic().messages
    with (
        pytest.raises(anthropic.APIStatusError),
        messages.stream(model=name, max_tokens=9, messages=HELLO) as pieces,
    ):
        pieces.until_done()


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_what_lineup_refuses_itself(on: Stage, dialect: str) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        on.of_openai().chat.completions.create(model="nobody", messages=HELLO)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(anthropic.NotFoundError) as nobody:
        on.of_anthropic().messages.create(model="nobody", max_tokens=1, messages=HELLO)
    assert (nobody.value.error_code, nobody.value.type) == ("model_not_found", "not_found_error")
    for body in ({"api_base": "http://x"}, {"Model": "other"}):
        with pytest.raises(openai.BadRequestError):
            ask_openai(on, on.name(dialect), extra_body=body)
        with pytest.raises(anthropic.BadRequestError):
            ask_anthropic(on, on.name(dialect), extra_body=body)
    with pytest.raises(openai.AuthenticationError):
        ask_openai(on, on.name(dialect), client=on.of_openai(api_key="nobody"))
    with pytest.raises(anthropic.AuthenticationError):
        ask_anthropic(on, on.name(dialect), client=on.of_anthropic(api_key="nobody"))
    with pytest.raises(openai.AuthenticationError):
        on.of_openai(api_key="nobody").models.list()


def test_an_agent_is_refused_where_a_user_is_not(on: Stage) -> None:
    with pytest.raises(openai.PermissionDeniedError) as one:
        ask_openai(on, on.name("anthropic"), client=on.of_openai(api_key=on.agent_key))
    assert one.value.code == "model_not_enabled_for_agents"
    with pytest.raises(anthropic.PermissionDeniedError) as other:
        ask_anthropic(on, on.name("anthropic"), client=on.of_anthropic(api_key=on.agent_key))
    assert (other.value.error_code, other.value.type) == ("model_not_enabled_for_agents", "permission_error")


def test_a_caller_who_does_not_wait_and_one_who_finds_nobody(on: Stage) -> None:
    on.answers("openai", [HANG])
    with pytest.raises(openai.APITimeoutError):
        ask_openai(on, on.name("openai"), client=on.of_openai(timeout=0.1))
    with pytest.raises(anthropic.APITimeoutError):
        ask_anthropic(on, on.name("openai"), client=on.of_anthropic(timeout=0.1))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(openai.APIConnectionError):
        ask_openai(on, on.name("openai"), client=on.of_openai(base_url=f"http://127.0.0.1:{port}/v1"))
    with pytest.raises(anthropic.APIConnectionError):
        ask_anthropic(on, on.name("openai"), client=on.of_anthropic(base_url=f"http://127.0.0.1:{port}"))


def test_asynchronous_clients_raise_the_same(on: Stage) -> None:
    async def ask() -> None:
        async with on.of_async_openai() as one, on.of_async_anthropic() as other:
            with pytest.raises(openai.NotFoundError):
                await one.chat.completions.create(model="nobody", messages=HELLO)
            with pytest.raises(anthropic.NotFoundError):
                await other.messages.create(model="nobody", max_tokens=1, messages=HELLO)

    asyncio.run(ask())
