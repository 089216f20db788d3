"""Whom a trusted front end asks for: believed of marked keys alone, kept readable, never passed on."""

import pytest

from model_lineup.access.shapes import KeyChanges
from model_lineup.catalog.shapes import ModelChanges
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import CHAT, HELLO, V1, Reply

EMAIL, ID = "X-OpenWebUI-User-Email", "X-OpenWebUI-User-Id"
ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}


@pytest.fixture
def there(v1: V1, provider: FakeProvider) -> FakeProvider:
    v1.desk.model(v1.provider("Acme", provider.base_url), "m", visible=True)
    provider.answer("/chat/completions", reply(ANSWER))
    return provider


def ask(v1: V1, key: str, *headers: tuple[str, str]) -> Reply:
    lowered = [(name.lower(), value) for name, value in headers]  # as the server hands them on
    return v1.call(CHAT, {"model": "m", "messages": HELLO}, key=key, headers=lowered)


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        ([(EMAIL, "ann@example.com"), (ID, "7")], "ann@example.com"),
        ([(ID, "7")], "7"),
        ([(EMAIL, " "), (ID, " 7 ")], "7"),
        ([(EMAIL, "jürgen@example.com")], "jürgen@example.com"),
        ([("X-Forwarded-User", "ann")], None),
        ([], None),
    ],
)
def test_a_marked_key_asks_for_the_user_that_it_names(
    v1: V1, there: FakeProvider, headers: list[tuple[str, str]], user: str | None
) -> None:
    assert ask(v1, v1.key("user", trusted_front_end=True), *headers).status == 200
    assert v1.visits[-1].on_behalf_of == user


def test_a_key_that_is_not_marked_asks_for_itself_and_a_mark_holds_at_once(v1: V1, there: FakeProvider) -> None:
    key = v1.key("agent", trusted_front_end=True)
    row = v1.rooms.keys.page(limit=10, offset=0)[0][-1]
    v1.rooms.models.change(1, ModelChanges(agents_enabled=True), BY)
    for trusted, user in ((False, None), (True, "ann@example.com")):
        v1.rooms.keys.change(row.id, KeyChanges(trusted_front_end=trusted), BY)
        assert ask(v1, key, (EMAIL, "ann@example.com")).status == 200
        assert v1.visits[-1].on_behalf_of == user


@pytest.mark.parametrize("headers", [[(EMAIL, "a\tb")], [(EMAIL, "a" * 255)], [(EMAIL, "a"), (EMAIL, "b")]])
def test_names_that_cannot_be_kept_apart_are_refused(
    v1: V1, there: FakeProvider, headers: list[tuple[str, str]]
) -> None:
    got = ask(v1, v1.key("user", trusted_front_end=True), *headers)
    assert (got.status, got.code) == (400, "bad_forwarded_user")
    assert ask(v1, v1.user, *headers).status == 200, "of a key that is not marked nobody looks at it"


def test_no_header_of_a_caller_reaches_the_provider(v1: V1, there: FakeProvider) -> None:
    ask(v1, v1.key("user", trusted_front_end=True), (EMAIL, "ann@example.com"), (ID, "7"), ("cookie", "a=b"))
    assert not {"x-openwebui-user-email", "x-openwebui-user-id", "cookie"} & set(there.requests[0].headers)
