"""What must hold for every kind of provider, found by scan."""

import re
from urllib.parse import unquote

import msgspec
import pytest

from model_lineup.upstream.contract import Ask, Endpoint, Quirks, Target
from model_lineup.upstream.registry import kind_named, kinds
from model_lineup.upstream.wire import Origin
from model_lineup.upstream.wire.request import CREDENTIAL_HEADERS


@pytest.fixture(params=sorted(kinds()))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_the_scan_finds_openai() -> None:
    assert kind_named("openai").label


def test_name_and_label_are_fit_for_rows_and_people(name: str) -> None:
    kind = kind_named(name)
    assert kind.name == name
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,31}", name)
    assert kind.label.strip()


def test_its_reading_of_lists_has_a_number(name: str) -> None:
    assert kind_named(name).list_reading >= 1


def test_the_proposed_base_url_is_one(name: str) -> None:
    proposed = kind_named(name).default_base_url
    assert proposed is None or Origin.of(proposed).scheme == "https" or "//127.0.0.1:" in proposed


def test_fields_are_fields_of_an_endpoint(name: str) -> None:
    fields = kind_named(name).fields
    assert {field.name for field in fields} <= {field.name for field in msgspec.structs.fields(Endpoint)}
    assert all(field.secret == (field.name == "api_key") for field in fields)
    key = next((field for field in fields if field.name == "api_key"), None)
    assert not kind_named(name).key_needed or (key is not None and key.required)


def test_the_key_travels_in_a_header_and_nowhere_else(name: str) -> None:
    kind, endpoint = kind_named(name), Endpoint(name, "https://example.test/v1", api_key="canary-key")
    assert any("canary-key" in value for value in kind.auth(endpoint).values())
    assert not kind.auth(Endpoint(name, "https://example.test/v1")).keys() & CREDENTIAL_HEADERS
    calls = [kind.dialect.call(Target(endpoint, "m"), Ask.of("hi"), Quirks()), kind.list_call(endpoint, "c")]
    assert "canary-key" not in repr(calls)


@pytest.mark.parametrize("model_id", ["m", "a/b:c#d%e+f ?g", "模型", 'quo"te\\'])
def test_the_model_is_named_byte_for_byte(name: str, model_id: str) -> None:
    kind, endpoint = kind_named(name), Endpoint(name, "https://example.test/v1")
    call = kind.dialect.call(Target(endpoint, model_id), Ask.of("hi"), Quirks())
    named = msgspec.json.decode(call.body or b"").get("model")
    assert named == model_id or model_id in unquote(call.path)


def test_an_endpoint_and_its_target_travel_as_json(name: str) -> None:
    target = Target(Endpoint(name, "https://example.test", api_key="k", headers=(("a", "b"),)), "m", "embedding")
    assert msgspec.json.decode(msgspec.json.encode(target), type=Target) == target
