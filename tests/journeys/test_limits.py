"""Limits and ends of models as the official SDKs meet them, at a real server; and limits over several workers."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.fakes.counts import count
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import Server, Workbench, running_server
from tests.fakes.several import one_client_each

Sdks = Callable[[str], tuple[openai.OpenAI, anthropic.Anthropic]]
HELLO: Any = [{"role": "user", "content": "Hello"}]
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
ANSWER = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [CHOICE]}


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/chat/completions", reply(ANSWER))
        yield provider


@pytest.fixture
def sdks(server: Server) -> Iterator[Sdks]:
    """`sdks(key)`: one of each with this key, closed when the test ends."""
    with contextlib.ExitStack() as opened:

        def sdks(key: str) -> tuple[openai.OpenAI, anthropic.Anthropic]:
            one = opened.enter_context(openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0))
            other = anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0)
            return one, opened.enter_context(other)

        yield sdks


def visible_model(workbench: Workbench, provider: FakeProvider) -> dict[str, Any]:
    return workbench.model(workbench.provider(provider.base_url)["id"], visible=True)


def test_both_sdks_raise_their_error_of_rates_and_read_what_is_left(
    sdks: Sdks, workbench: Workbench, provider: FakeProvider
) -> None:
    name = visible_model(workbench, provider)["model_id"]
    key = workbench.key("user", limits={"requests_per_minute": 2, "tokens_per_minute": 500})["key"]
    of_openai, of_anthropic = sdks(key)
    raw = of_openai.chat.completions.with_raw_response.create(model=name, messages=HELLO, max_tokens=9)
    assert raw.headers["x-ratelimit-remaining-requests"] == "1"
    with pytest.raises(openai.RateLimitError) as too_large:
        of_openai.chat.completions.create(model=name, messages=HELLO, max_tokens=1_000)
    assert too_large.value.code == "request_exceeds_key_limit"
    assert of_openai.chat.completions.create(model=name, messages=HELLO, max_tokens=9).choices
    with pytest.raises(openai.RateLimitError) as refused:
        of_openai.chat.completions.create(model=name, messages=HELLO, max_tokens=9)
    assert refused.value.code == "key_limit_reached"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 61
    with pytest.raises(anthropic.RateLimitError, match="2 requests per minute"):
        of_anthropic.messages.create(model=name, max_tokens=9, messages=HELLO)


def test_an_end_in_the_past_is_an_end_now_and_is_stored_within_seconds(
    sdks: Sdks, workbench: Workbench, provider: FakeProvider
) -> None:
    old, new = visible_model(workbench, provider), visible_model(workbench, provider)
    alias = workbench.alias(old["model_id"], workbench.name("ending"))["alias"]
    key = workbench.key("user")["key"]
    client, _ = sdks(key)
    body = {"lifecycle": {"sunset_at": "2026-01-01T00:00:00Z", "successor_id": new["id"]}}
    workbench.admin.must("PUT", f"/api/admin/models/{old['id']}", body)
    with pytest.raises(openai.NotFoundError) as gone:
        client.chat.completions.create(model=old["model_id"], messages=HELLO)
    assert gone.value.code == "model_retired"
    raw = client.chat.completions.with_raw_response.create(model=alias, messages=HELLO)
    assert raw.headers["x-lineup-model"] == new["model_id"]
    while workbench.admin.must("GET", f"/api/admin/models/{old['id']}")["status"] != "retired":
        pass
    assert workbench.admin.must("GET", f"/api/admin/models/{new['id']}")["aliases"] == [alias]


def test_both_sdks_read_from_the_list_when_a_model_ends(
    sdks: Sdks, workbench: Workbench, provider: FakeProvider
) -> None:
    stays, ends = visible_model(workbench, provider), visible_model(workbench, provider)
    lifecycle = {"sunset_at": "2127-01-31T12:00:00Z", "deprecated_at": "2026-11-01T00:00:00Z"}
    workbench.admin.must("PUT", f"/api/admin/models/{ends['id']}", {"lifecycle": lifecycle, "supports_vision": True})
    key = workbench.key("user")["key"]
    of_openai, of_anthropic = sdks(key)
    days = {one.id: one.shutdown_date for one in of_openai.models.list()}
    assert (days[stays["model_id"]], days[ends["model_id"]]) == (None, "2127-01-31")
    listed = {one.id: one for one in of_anthropic.models.list()}
    staying, ending = listed[stays["model_id"]], of_anthropic.models.retrieve(ends["model_id"])
    assert (staying.lifecycle, staying.deprecated_at, staying.retires_at) == ("active", None, None)
    assert ending == listed[ends["model_id"]]
    assert ending.lifecycle == "deprecated"
    assert ending.deprecated_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert ending.retires_at == datetime(2127, 1, 31, 12, tzinfo=UTC)
    assert ending.capabilities is not None
    assert ending.capabilities.image_input.supported


@pytest.mark.hard
def test_three_workers_let_exactly_the_limit_in(tmp_path: Path, provider: FakeProvider) -> None:
    """CASES L-11."""
    limit, asked = count((40, 90), (1_000, 3_000))
    with running_server(tmp_path, workers=3) as server:
        workbench = Workbench(server.admin())
        name = visible_model(workbench, provider)["model_id"]
        key = workbench.key("agent", limits={"requests_per_minute": limit})["key"]
        workbench.admin.must("PUT", "/api/admin/models/1", {"agents_enabled": True})
        clients = list(one_client_each(server, 3, key).values())

        def ask(client: Any) -> list[int]:
            body = {"model": name, "messages": HELLO}
            return [client.post("/v1/chat/completions", body).status for _ in range(asked // 3)]

        with ThreadPoolExecutor(3) as threads:
            statuses = [status for each in threads.map(ask, clients) for status in each]
    assert statuses.count(200) == limit
    assert statuses.count(429) == asked // 3 * 3 - limit
