"""What must hold for the list of every kind. A new kind takes part with its fake, `tests/fakes/<kind>_wire.py`."""

from typing import Any
from urllib.parse import quote_plus

import pytest

from model_lineup.catalog.facts import FURTHER, LISTS
from tests.fakes.kind_server import KindServer
from tests.fakes.provider import reply


def test_a_list_of_one_page(kind_server: KindServer) -> None:
    ids = ["b", "a", "odd/id:7b + ?#&%", "模型"]
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry(model_id) for model_id in ids]))
    assert kind_server.ids() == ids


def test_candidates_are_no_models(kind_server: KindServer) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a")]))
    found = kind_server.listing()
    assert (len(found.models), len(found.candidates)) == ((0, 1) if kind_server.wire.candidates else (1, 0))


def test_a_list_is_read_to_its_last_page(kind_server: KindServer) -> None:
    entry, page = kind_server.wire.entry, kind_server.wire.page
    if not kind_server.wire.paged:
        pytest.skip("this kind lists everything at once")
    kind_server.pages(page([entry("a"), entry("b")], "c/1 &"), page([entry("c")], "c2"), page([entry("d")]))
    assert kind_server.ids() == ["a", "b", "c", "d"]
    asked = [got.target for got in kind_server.provider.requests if got.method == "GET"]
    assert quote_plus("c/1 &") in asked[1]
    assert "c2" in asked[2]
    assert [cursor in asked[0] for cursor in ("c2", "=c")] == [False, False]


def test_pages_in_a_circle_are_refused(kind_server: KindServer) -> None:
    if not kind_server.wire.paged:
        pytest.skip("this kind lists everything at once")
    first, second = (kind_server.wire.page([kind_server.wire.entry(name)], name) for name in "ab")
    kind_server.pages(first, second, first)
    assert kind_server.refusal().facts["reason"] == "malformed"


def test_entries_of_one_id_are_one_model(kind_server: KindServer) -> None:
    kind_server.pages(
        kind_server.wire.page([kind_server.wire.entry("a"), kind_server.wire.entry("A"), kind_server.wire.entry("a")])
    )
    assert kind_server.ids() == ["a", "A"]


@pytest.mark.parametrize("model_id", ["", 7, None, {}, "a\x00b", "x" * 600])
def test_one_entry_without_a_usable_id_refuses_the_list(kind_server: KindServer, model_id: Any) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a"), kind_server.wire.entry(model_id)]))
    assert kind_server.refusal().facts["reason"] == "malformed"


@pytest.mark.parametrize("entry", ["text", 7, None, [], {}])
def test_one_entry_that_is_none_refuses_the_list(kind_server: KindServer, entry: Any) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a"), entry]))
    assert kind_server.refusal().facts["reason"] == "malformed"


@pytest.mark.parametrize("body", ["", "{", "7", '"text"', "null", '{"x": 1}', "[[]]"])
def test_what_is_no_list_is_refused(kind_server: KindServer, body: str) -> None:
    kind_server.answer(kind_server.wire.list_path, reply(body))
    assert kind_server.refusal().facts["reason"] == "malformed"


def test_an_empty_list_is_a_failure(kind_server: KindServer) -> None:
    kind_server.pages(kind_server.wire.page([]))
    assert kind_server.refusal().facts["stage"] == "empty"


def test_facts_have_the_fields_and_types_that_are_promised(kind_server: KindServer) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a")]))
    found = kind_server.listing()
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
    **{field: bool for field in FURTHER if field.startswith("supports_")},
    **dict.fromkeys(LISTS, list),
    **dict.fromkeys(("base_model", "knowledge_cutoff", "released_on", "model_version", "owned_by"), str),
}
