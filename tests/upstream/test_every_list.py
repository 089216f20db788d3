"""What must hold for the list of every kind. A new kind takes part with its fake, `tests/fakes/<kind>_wire.py`."""

from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.fakes.kind_server import KindServer
from tests.fakes.provider import reply


def test_a_list_of_one_page(server: KindServer) -> None:
    ids = ["b", "a", "odd/id:7b + ?#&%", "模型"]
    server.pages(server.wire.page([server.wire.entry(model_id) for model_id in ids]))
    assert server.ids() == ids


def test_candidates_are_no_models(server: KindServer) -> None:
    server.pages(server.wire.page([server.wire.entry("a")]))
    found = server.listing()
    assert (len(found.models), len(found.candidates)) == ((0, 1) if server.wire.candidates else (1, 0))


def test_a_list_is_read_to_its_last_page(server: KindServer) -> None:
    entry, page = server.wire.entry, server.wire.page
    if not server.wire.paged:
        pytest.skip("this kind lists everything at once")
    server.pages(page([entry("a"), entry("b")], "c/1 &"), page([entry("c")], "c2"), page([entry("d")]))
    assert server.ids() == ["a", "b", "c", "d"]
    asked = [got.target for got in server.provider.requests if got.method == "GET"]
    assert quote_plus("c/1 &") in asked[1]
    assert "c2" in asked[2]
    assert [cursor in asked[0] for cursor in ("c2", "=c")] == [False, False]


def test_pages_in_a_circle_are_refused(server: KindServer) -> None:
    if not server.wire.paged:
        pytest.skip("this kind lists everything at once")
    first, second = (server.wire.page([server.wire.entry(name)], name) for name in "ab")
    server.pages(first, second, first)
    assert server.refusal().facts["reason"] == "malformed"


def test_entries_of_one_id_are_one_model(server: KindServer) -> None:
    server.pages(server.wire.page([server.wire.entry("a"), server.wire.entry("A"), server.wire.entry("a")]))
    assert server.ids() == ["a", "A"]


@pytest.mark.parametrize("model_id", ["", 7, None, {}, "a\x00b", "x" * 600])
def test_one_entry_without_a_usable_id_refuses_the_list(server: KindServer, model_id: Any) -> None:
    server.pages(server.wire.page([server.wire.entry("a"), server.wire.entry(model_id)]))
    assert server.refusal().facts["reason"] == "malformed"


@pytest.mark.parametrize("entry", ["text", 7, None, [], {}])
def test_one_entry_that_is_none_refuses_the_list(server: KindServer, entry: Any) -> None:
    server.pages(server.wire.page([server.wire.entry("a"), entry]))
    assert server.refusal().facts["reason"] == "malformed"


@pytest.mark.parametrize("body", ["", "{", "7", '"text"', "null", '{"x": 1}', "[[]]"])
def test_what_is_no_list_is_refused(server: KindServer, body: str) -> None:
    server.answer(server.wire.list_path, reply(body))
    assert server.refusal().facts["reason"] == "malformed"


def test_an_empty_list_is_a_failure(server: KindServer) -> None:
    server.pages(server.wire.page([]))
    assert server.refusal().facts["stage"] == "empty"


def test_facts_have_the_fields_and_types_that_are_promised(server: KindServer) -> None:
    server.pages(server.wire.page([server.wire.entry("a")]))
    found = server.listing()
    for model in found.models + found.candidates:
        for field, value in model.facts.items():
            assert isinstance(value, FACT_TYPES[field]), field
            assert value or value is False, field


FACT_TYPES: dict[str, type] = {
    "display_name": str,
    "description": str,
    "context_length": int,
    "max_output_tokens": int,
    "supports_tools": bool,
    "supports_vision": bool,
    "supports_streaming": bool,
    "task": str,
    "pricing": dict,
    "lifecycle": dict,
}
