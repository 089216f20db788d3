"""A list of models is read whole, or refused with a reason."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.errors import UpstreamFailed
from model_lineup.upstream.contract import Bounds, Endpoint, Listing, Timeouts
from model_lineup.upstream.exchange import list_models
from tests.fakes.provider import CUT, HANG, FakeProvider, Got, Step, fake_provider, head, reply
from tests.fakes.running import with_client

KEY = "canary-key-1234"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


def endpoint_of(provider: FakeProvider, **changes: Any) -> Endpoint:
    return Endpoint("openai", **{"base_url": provider.base_url, "network_scope": "loopback", "api_key": KEY, **changes})


def listing(provider: FakeProvider, **changes: Any) -> Listing:
    return with_client(lambda client: list_models(client, endpoint_of(provider, **changes)))


def refusal(provider: FakeProvider, **changes: Any) -> UpstreamFailed:
    with pytest.raises(UpstreamFailed) as caught:
        listing(provider, **changes)
    assert KEY not in json.dumps([caught.value.detail, caught.value.facts])
    return caught.value


def models(*ids: str, **more: Any) -> Any:
    return reply({"object": "list", "data": [{"id": model_id} for model_id in ids], **more})


def test_one_page(provider: FakeProvider) -> None:
    provider.answer("/models", models("a", "b"))
    found = listing(provider, headers=(("OpenAI-Project", "p"),))
    assert [model.model_id for model in found.models] == ["a", "b"]
    [request] = provider.requests
    assert (request.method, request.target) == ("GET", "/v1/models")
    assert request.header("authorization") == f"Bearer {KEY}"
    assert request.header("openai-project") == "p"


def test_without_a_key_none_is_sent(provider: FakeProvider) -> None:
    provider.answer("/models", models("a"))
    listing(provider, api_key=None)
    assert "authorization" not in provider.requests[0].headers


def test_every_page_to_the_last(provider: FakeProvider) -> None:
    provider.answer(
        "/models", models("a b", "c", has_more=True), models("d", has_more=True, last_id="z/9"), models("e")
    )
    found = listing(provider)
    assert [model.model_id for model in found.models] == ["a b", "c", "d", "e"]
    assert found.pages == 3
    assert [request.target for request in provider.requests[1:]] == ["/v1/models?after=c", "/v1/models?after=z%2F9"]


def test_a_query_in_the_base_url_stays_a_query(provider: FakeProvider) -> None:
    provider.answer("/models", models("a"))
    listing(provider, base_url=f"{provider.base_url}/?api-version=7")
    assert provider.requests[0].target == "/v1/models?api-version=7"


def test_entries_of_one_id_are_one_model_and_the_first_counts(provider: FakeProvider) -> None:
    entries = [{"id": "a", "max_model_len": 5}, {"id": "A"}, {"id": "a", "max_model_len": 6}]
    provider.answer("/models", reply({"data": entries}))
    found = listing(provider)
    assert [(model.model_id, model.facts) for model in found.models] == [("a", {"context_length": 5}), ("A", {})]


def test_pages_that_repeat_themselves_are_refused(provider: FakeProvider) -> None:
    provider.answer("/models", models("a", has_more=True))
    assert refusal(provider).facts["reason"] == "malformed"
    assert len(provider.requests) == 2


def test_a_next_link_is_never_followed(provider: FakeProvider) -> None:
    provider.answer(
        "/models", models("a", next="http://127.0.0.1:1/steal", **{"@odata.nextLink": "http://127.0.0.1:1"})
    )
    assert listing(provider).pages == 1


def test_a_failing_later_page_refuses_all(provider: FakeProvider) -> None:
    provider.answer("/models", models("a", has_more=True), reply({"error": {"message": "busy"}}, status=500))
    assert refusal(provider).facts == {
        "stage": "protocol",
        "reason": "server_error",
        "http_status": 500,
        "hint": "The provider failed on its side; try again later.",
    }


@pytest.mark.parametrize("count", [20_001, 100_000])
def test_an_absurdly_long_list_is_refused_whole(provider: FakeProvider, count: int) -> None:
    provider.answer("/models", models(*(f"model-{number}" for number in range(count))))
    assert refusal(provider).facts["reason"] == "too_large"


def test_an_absurdly_large_body_is_refused(provider: FakeProvider) -> None:
    provider.answer("/models", reply(b'[{"id": "' + b"x" * 11_000_000 + b'"}]'))
    assert refusal(provider).facts["reason"] == "too_large"


def test_twenty_thousand_are_taken(provider: FakeProvider) -> None:
    provider.answer("/models", models(*(f"model-{number}" for number in range(20_000))))
    assert len(listing(provider).models) == 20_000


def test_the_operator_sets_how_much_a_list_may_hold(provider: FakeProvider) -> None:
    provider.answer("/models", models("a", "b", "c"))
    assert refusal(provider, bounds=Bounds(list_models=2)).facts["reason"] == "too_large"
    assert refusal(provider, bounds=Bounds(list_bytes=20)).facts["reason"] == "too_large"
    assert len(listing(provider, bounds=Bounds(list_models=3)).models) == 3


FAILURES: dict[str, tuple[Any, str, str, int | None]] = {
    "401": (reply({"error": {"message": f"Incorrect key {KEY}"}}, status=401), "auth", "auth", 401),
    "403": (reply("", status=403), "auth", "auth", 403),
    "402": (reply({"error": "pay"}, status=402), "quota", "quota", 402),
    "429": (reply({"error": {"message": "slow down"}}, status=429), "quota", "quota", 429),
    "404": (reply({"detail": "Not Found"}, status=404), "protocol", "upstream_error", 404),
    "500": (reply("oops", status=500), "protocol", "server_error", 500),
    "503": (reply("", status=503), "protocol", "overloaded", 503),
    "504": (reply("", status=504), "timeout", "timeout", 504),
    "html 200": (reply("<!doctype html><p>Hi", content_type="text/html"), "protocol", "html", 200),
    "html without a type": (reply("\n <html>", content_type="text/plain"), "protocol", "html", 200),
    "html 404": (reply("<html>", status=404, content_type="text/html"), "protocol", "html", 404),
    "redirect": (reply("", status=301, headers=["location: /x"]), "protocol", "upstream_redirect", 301),
    "empty": (reply({"data": []}), "empty", "empty", 200),
    "malformed": (reply('{"data": ['), "protocol", "malformed", 200),
    "one bad entry": (reply([{"id": "a"}, {}]), "protocol", "malformed", 200),
    "no content": (reply("", status=204), "protocol", "malformed", 204),
    "error in a 200": (reply({"error": {"message": "no", "code": "invalid_api_key"}}), "auth", "auth", 200),
    "cut": ([head(200, "application/json", "content-length: 99"), b'{"data"', CUT], "protocol", "truncated", 200),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_failure_has_its_stage(provider: FakeProvider, name: str) -> None:
    answer, stage, reason, status = FAILURES[name]
    provider.answer("/models", answer)
    facts = refusal(provider).facts
    assert (facts["stage"], facts["reason"], facts["http_status"]) == (stage, reason, status)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("name", ["html 200", "404", "redirect"])
def test_the_hint_names_a_missing_v1(provider: FakeProvider, name: str) -> None:
    def same(got: Got) -> Any:
        return FAILURES[name][0]

    provider.answer("/models", same)
    assert "may lack /v1" in refusal(provider, base_url=provider.base_url.removesuffix("/v1")).facts["hint"]
    assert "may lack /v1" not in refusal(provider).facts["hint"]


def test_a_provider_that_hangs_is_a_timeout(provider: FakeProvider) -> None:
    provider.answer("/models", [HANG])
    assert refusal(provider, timeouts=Timeouts(test_s=0.2)).facts["stage"] == "timeout"


def test_a_dripping_body_does_not_outlive_the_deadline(provider: FakeProvider) -> None:
    drips: list[Step] = [b"[", 0.1] * 50
    provider.answer("/models", [head(200, "application/json", "content-length: 99"), *drips])
    assert refusal(provider, timeouts=Timeouts(test_s=0.3)).facts["stage"] == "timeout"


def test_nobody_listening_is_a_connect_failure(provider: FakeProvider) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        assert refusal(provider, base_url=url).facts["stage"] == "connect"


def test_an_address_outside_the_scope_is_refused_unsent(provider: FakeProvider) -> None:
    facts = refusal(provider, network_scope="public").facts
    assert facts["allowed_by_network_scope"] == "loopback"
    assert (facts["stage"], facts["reason"]) == ("connect", "refused")
    assert provider.requests == []


def test_an_unsendable_key_is_an_auth_failure(provider: FakeProvider) -> None:
    assert refusal(provider, api_key="a\r\nb").facts["stage"] == "auth"
    assert refusal(provider, base_url="ftp://x").facts["stage"] == "connect"
