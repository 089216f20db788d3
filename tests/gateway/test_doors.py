"""Who gets in, what is read, and what a caller learns of what he may not use."""

from datetime import timedelta

import pytest

from model_lineup.access.shapes import KeyChanges
from model_lineup.catalog.shapes import ModelChanges
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import CHAT, HELLO, MESSAGES, V1

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
PATHS = (CHAT, MESSAGES, "/v1/messages/count_tokens", "/v1/embeddings", "/v1/responses")


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    row = v1.provider("Acme", provider.base_url)
    v1.desk.model(row, "open", visible=True, agents_enabled=True)
    v1.desk.model(row, "people", visible=True)
    v1.desk.model(row, "hidden")
    v1.desk.model(row, "unlisted", visible=True, listed=False, agents_enabled=True)
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_a_key_comes_either_way(v1: V1, there: FakeProvider, header: str) -> None:
    value = f"Bearer {v1.user}" if header == "authorization" else v1.user
    got = v1.call(CHAT, {"model": "open", "messages": HELLO}, key=None, headers=[(header, value)])
    assert got.status == 200


@pytest.mark.parametrize("key", ["", "nonsense", "lineup_usr_" + "a" * 49])
def test_no_key_and_no_good_key_get_nothing(v1: V1, there: FakeProvider, key: str) -> None:
    for path in PATHS:
        got = v1.call(path, {"model": "open"}, key=None, headers=[("authorization", f"Bearer {key}")])
        assert got.status == 401
    assert v1.call("/v1/models", key=None).code == "credential_missing"
    assert there.requests == []


def test_two_differing_credentials_are_refused_and_two_equal_ones_are_one(v1: V1, there: FakeProvider) -> None:
    assert v1.call("/v1/models", headers=[("x-api-key", v1.agent)]).code == "conflicting_credentials"
    assert v1.call("/v1/models", headers=[("x-api-key", v1.user)]).status == 200


def test_credentials_of_administrators_do_not_serve_here(v1: V1, there: FakeProvider) -> None:
    assert v1.call("/v1/models", key=v1.key("admin")).code == "wrong_credential_kind"


def test_a_key_ends_with_its_time_its_disabling_and_its_deletion(
    v1: V1, there: FakeProvider, clock: ManualClock
) -> None:
    late = v1.key("user", expires_at=clock.now() + timedelta(seconds=10))
    assert v1.call("/v1/models", key=late).status == 200
    clock.advance(11)
    assert v1.call("/v1/models", key=late).code == "invalid_api_key"
    first = v1.rooms.keys.page(limit=10, offset=0)[0][0]
    v1.rooms.keys.change(first.id, KeyChanges(disabled=True), BY)
    assert v1.call("/v1/models").status == 401
    v1.rooms.keys.change(first.id, KeyChanges(disabled=False), BY)
    assert v1.call("/v1/models").status == 200
    v1.rooms.keys.delete(first.id, BY)
    assert v1.call("/v1/models").status == 401


def test_what_agents_may_not_use_is_told_to_them_and_missing_in_their_list(v1: V1, there: FakeProvider) -> None:
    got = v1.chat("people", key=v1.agent)
    assert (got.status, got.code) == (403, "model_not_enabled_for_agents")
    assert v1.call("/v1/models/people", key=v1.agent).status == 403
    assert names_for(v1, v1.agent) == ["open"]
    assert names_for(v1, v1.user) == ["open", "people"]


def test_a_model_that_is_not_listed_can_be_called(v1: V1, there: FakeProvider) -> None:
    assert v1.chat("unlisted").status == 200
    assert v1.call("/v1/models/unlisted").json["id"] == "unlisted"


def test_hiding_holds_on_the_next_request(v1: V1, there: FakeProvider) -> None:
    model = v1.rooms.routes.explain("open", "user").model
    assert model is not None
    for _ in range(3):
        assert v1.chat("open").status == 200
        v1.rooms.models.change(model.id, ModelChanges(visible=False), BY)
        assert v1.chat("open").code == "model_not_found"
        v1.rooms.models.change(model.id, ModelChanges(visible=True), BY)


def test_large_compressed_and_other_bodies_are_refused_in_the_same_shape(v1: V1, there: FakeProvider) -> None:
    assert v1.call(CHAT, raw=b" " * (10 * 1024 * 1024 + 1)).status == 413
    packed = v1.call(CHAT, raw=b"x", headers=[("content-encoding", "gzip")])
    assert (packed.status, packed.code) == (415, "unsupported_media_type")
    assert v1.call(CHAT, method="GET").code == "method_not_allowed"
    assert v1.call("/v1/nothing", {}).code == "not_found"


def test_a_list_says_what_is_known_in_a_form_for_both_sdks(v1: V1, provider: FakeProvider) -> None:
    one, two = v1.provider("One", provider.base_url), v1.provider("Two", provider.base_url)
    first = v1.desk.model(one, "same", visible=True, pins={"context_length": 4096, "supports_tools": True})
    v1.desk.model(two, "same", visible=True)
    v1.desk.alias(first, "shorthand")
    got = v1.call("/v1/models").json
    assert [entry["id"] for entry in got["data"]] == ["same", "shorthand", "two/same"]
    entry = got["data"][0]
    assert (entry["object"], entry["type"], entry["owned_by"], entry["context_length"]) == (
        "model",
        "model",
        "one",
        4096,
    )
    assert entry["capabilities"] == {"tools": True, "vision": None, "streaming": True}
    assert got["data"][1]["alias_of"] == "same"
    assert (got["object"], got["has_more"], got["first_id"], got["last_id"]) == ("list", False, "same", "two/same")
    assert v1.call("/v1/models/two/same").json["owned_by"] == "two"


def names_for(v1: V1, key: str) -> list[str]:
    return [entry["id"] for entry in v1.call("/v1/models", key=key).json["data"]]
