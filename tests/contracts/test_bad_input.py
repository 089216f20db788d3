"""Everything that callers send wrong: a clear problem that names field and remedy, and nothing changed."""

from typing import Any

import pytest

from tests.fakes.refusing import Doubter
from tests.fakes.server import by_id

MODELS = "/api/admin/models"
STRANGE_IDS = [
    "vendor/model",
    "a+b",
    "100%",
    "100%25",
    "c#sharp",
    "why?",
    "a b",
    "a&b=c",
    "Ünïcödé-模型-🦙",
    "e\u0301",  # not the same as é
    "é",
    "..",
    "models/../x",
    "model:latest@sha256",
    '"quoted"',
    "<b>bold</b>",
    "x" * 512,
]


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({"colour": "red"}, "/colour", "no such field"),
        ({"supports_tool": True}, "/supports_tool", "no such field"),
        ({"visible": "true"}, "/visible", "true or false"),
        ({"visible": 1}, "/visible", "true or false"),
        ({"visible": None}, "/visible", "true or false"),
        ({"agents_enabled": None}, "/agents_enabled", "true or false"),
        ({"display_name": 7}, "/display_name", "a text"),
        ({"display_name": ""}, "/display_name", "at least 1"),
        ({"display_name": "x" * 201}, "/display_name", "200"),
        ({"display_name": "a\u0000b"}, "/display_name", "control"),
        ({"description": "a\u0000b"}, "/description", "NUL"),
        ({"context_length": "128000"}, "/context_length", "whole number"),
        ({"context_length": 1.5}, "/context_length", "whole number"),
        ({"context_length": True}, "/context_length", "whole number"),
        ({"context_length": 0}, "/context_length", "1"),
        ({"context_length": -5}, "/context_length", "1"),
        ({"context_length": 2**63}, "/context_length", "10000000000"),
        ({"context_length": 2**64}, "/context_length", ""),
        ({"task": "poetry"}, "/task", "chat"),
        ({"id": 7}, "/id", "cannot be changed"),
        ({"model_id": "other"}, "/model_id", "cannot be changed"),
        ({"provider_id": 1}, "/provider_id", "cannot be changed"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    desk: Doubter, model: dict[str, Any], body: dict[str, Any], pointer: str, words: str
) -> None:
    answer = desk.refused("PUT", f"{MODELS}/{model['id']}", 422, "invalid_input", words, body=body)
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert answer.json["detail"].startswith(f"{pointer}: ")


def test_several_wrong_fields_are_all_named(desk: Doubter) -> None:
    body = {"model_id": "", "provider_id": "1", "visible": 0, "nonsense": {}}
    answer = desk.refused("POST", MODELS, 422, "invalid_input", body=body)
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/model_id",
        "/provider_id",
        "/visible",
        "/nonsense",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1, 2]x",
        b"{'a': 1}",
        b'{"display_name": NaN}',
        b'{"context_length": Infinity}',
        b'{"context_length": 1e999}',
        b'{"context_length": 1' + b"0" * 5_000 + b"}",
        b'{"display_name": "\\ud800"}',
        b'{"display_name": "\\udc00 x"}',
        b'{"display_name": "\xff\xfe"}',
        b'{"display_name": "a\nb"}',
        b'{"display_name": "x"} {}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"\xef\xbb\xbf{}",
        b"\x00",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_json_is_refused_as_such(desk: Doubter, model: dict[str, Any], body: bytes) -> None:
    before = desk.stored()
    answer = desk.admin.put(f"{MODELS}/{model['id']}", raw=body)
    assert answer.code in ("malformed_json", "invalid_input")
    assert answer.status == (422 if body == b"" else 400)
    assert desk.stored() == before


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"visible": true, "description": "x", "visible": false}', "visible"),
        (b'{"description": "a", "\\u0064escription": "b"}', "description"),
        (b'{"description": {"a": 1, "b": [{"c": 1, "c": 2.5e3}]}}', "c"),
        (b'{"' + b"k" * 5_000 + b'": 1, "' + b"k" * 5_000 + b'": 1}', "k" * 100 + "…"),
    ],
    ids=["plain", "escaped", "deep", "long"],
)
def test_a_key_that_stands_twice_is_refused_by_name(
    desk: Doubter, model: dict[str, Any], body: bytes, key: str
) -> None:
    before = desk.stored()
    answer = desk.admin.put(f"{MODELS}/{model['id']}", raw=body)
    assert (answer.status, answer.code) == (400, "malformed_json")
    assert repr(key) in answer.json["detail"]
    assert desk.stored() == before


@pytest.mark.parametrize("version", ["a b", "2024-10-21 ", "v1/../v2", "?x", "ü", "", "-v1", "x" * 41, "a\r\nb"])
def test_a_version_that_no_address_or_header_holds_is_refused(desk: Doubter, version: str) -> None:
    body = {"name": "Versioned", "type": "azure", "base_url": "https://a.openai.azure.com", "api_version": version}
    answer = desk.admin.post("/api/admin/providers", body)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert answer.json["errors"][0]["pointer"] == "/api_version"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"7", b"true"])
def test_json_that_is_no_object_is_refused(desk: Doubter, model: dict[str, Any], body: bytes) -> None:
    desk.refused("PUT", f"{MODELS}/{model['id']}", 422, "invalid_input", raw=body)


def test_a_number_with_a_decimal_point_is_whole_when_it_is(desk: Doubter, model: dict[str, Any]) -> None:
    answer = desk.admin.put(f"{MODELS}/{model['id']}", raw=b'{"context_length": 8192.0}')
    assert (answer.status, answer.json["context_length"]) == (200, 8192)


@pytest.mark.parametrize("model_id", STRANGE_IDS)
def test_ids_of_any_shape_work(desk: Doubter, model_id: str) -> None:
    provider = desk.workbench.provider()["id"]
    made = desk.workbench.model(provider, model_id)
    assert made["model_id"] == model_id
    path = by_id(model_id, provider_id=provider)
    assert desk.admin.must("GET", path)["id"] == made["id"]
    assert desk.admin.must("PUT", path, {"description": "strange"})["description"] == "strange"
    alias = desk.workbench.name("strange")
    desk.admin.must("POST", by_id(model_id, "/aliases", provider_id=provider), {"alias": alias})
    assert desk.admin.must("GET", by_id(model_id, "/aliases", provider_id=provider))["total"] == 1
    assert desk.admin.delete(by_id(model_id, "/aliases", provider_id=provider, alias=alias)).status == 204
    assert desk.admin.delete(path).status == 204
    assert desk.admin.get(path).status == 404


def test_a_plus_is_a_space_and_is_decoded_once(desk: Doubter) -> None:
    provider = desk.workbench.provider()["id"]
    spaced, plus, percent = (desk.workbench.model(provider, model_id)["id"] for model_id in ("p q", "p+q", "p%2Bq"))
    for query, row in (("p+q", spaced), ("p%20q", spaced), ("p%2Bq", plus), ("p%2bq", plus), ("p%252Bq", percent)):
        assert desk.admin.must("GET", f"{MODELS}/by-id?model_id={query}&provider_id={provider}")["id"] == row


@pytest.mark.parametrize("query", ["", "?model_id=", "?model_id=a&model_id=b", "?model_id=%ff", "?model_id=%00"])
def test_a_query_that_names_no_model_is_refused(desk: Doubter, query: str) -> None:
    desk.refused("GET", f"{MODELS}/by-id{query}", 422, "invalid_input", "model_id")


@pytest.mark.parametrize(
    ("model_id", "words"),
    [("x" * 600, "512"), ("", "1"), ("a\x00b", "control"), ("a\nb", "control"), ("\x7f", "control")],
)
def test_an_id_that_no_provider_can_mean_is_refused(desk: Doubter, model_id: str, words: str) -> None:
    body = {"provider_id": desk.workbench.provider()["id"], "model_id": model_id}
    desk.refused("POST", MODELS, 422, "invalid_input", words, body=body)


def test_an_id_of_600_characters_finds_nothing(desk: Doubter) -> None:
    desk.refused("GET", f"{MODELS}/by-id?model_id={'x' * 600}", 422, "invalid_input", "512")


@pytest.mark.parametrize("row", [2**53 - 1, 999_999])
def test_rows_that_are_not_there(desk: Doubter, row: int) -> None:
    for method, path, body in (
        ("GET", f"{MODELS}/{row}", None),
        ("PUT", f"{MODELS}/{row}", {"visible": True}),
        ("DELETE", f"{MODELS}/{row}", None),
        ("POST", f"{MODELS}/{row}/restore", None),
    ):
        more: dict[str, Any] = {} if body is None else {"body": body}
        desk.refused(method, path, 404, "model_not_found", str(row), **more)


def test_ids_beyond_what_json_holds_are_refused(desk: Doubter) -> None:
    desk.refused("GET", f"{MODELS}/{2**53}", 422, "invalid_input", "row_id")
    for number in (2**53, 2**63, 2**64, -1, 0):
        body = {"model_ids": [number], "visible": True}
        desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", "/model_ids/0", body=body)
    body = {"model_ids": [10**400], "visible": True}
    desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", "/model_ids/0", body=body)


def test_unknown_ids_in_a_bulk_change_nothing_and_are_listed(desk: Doubter, model: dict[str, Any]) -> None:
    body = {"model_ids": [model["id"], 888_888, 777_777], "visible": False}
    answer = desk.refused("PUT", f"{MODELS}/bulk/visibility", 404, "model_not_found", "777777", body=body)
    assert answer.json["unknown_ids"] == [777_777, 888_888]
    desk.refused("POST", f"{MODELS}/bulk/delete", 404, "model_not_found", body={"model_ids": [model["id"], 888_888]})


@pytest.mark.parametrize("ids", [[1, "2"], [1, True], [1, None], [1, 2.5], [[1]], "1,2", {"0": 1}])
def test_mixed_types_in_a_bulk(desk: Doubter, ids: Any) -> None:
    body = {"model_ids": ids, "agents_enabled": True}
    desk.refused("PUT", f"{MODELS}/bulk/agents-enabled", 422, "invalid_input", "/model_ids", body=body)


@pytest.mark.parametrize(
    "body",
    [
        {"visible": True},
        {"visible": True, "model_ids": [], "filter": {}},
        {"visible": True, "model_ids": [], "exclude": []},
        {"visible": True, "exclude": []},
        {"visible": True, "model_ids": None},
        {"visible": True, "filter": None},
        {"model_ids": []},
        {"visible": True, "filter": {"colour": "red"}},
        {"visible": True, "filter": {"q": ""}},
        {"visible": True, "model_ids": list(range(1, 10_002))},
    ],
)
def test_a_bulk_that_does_not_say_clearly_what_it_means(desk: Doubter, body: dict[str, Any]) -> None:
    desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", body=body)


def test_a_duplicate_names_the_row_that_is_there(desk: Doubter, model: dict[str, Any]) -> None:
    body = {"provider_id": model["provider_id"], "model_id": model["model_id"]}
    answer = desk.refused("POST", MODELS, 409, "duplicate_model", str(model["id"]), body=body)
    assert answer.json["id"] == model["id"]
    desk.admin.must("DELETE", f"{MODELS}/{model['id']}")
    desk.refused("POST", MODELS, 409, "deleted_model", "restore", body=body)


def test_a_provider_that_is_not_there(desk: Doubter) -> None:
    body = {"provider_id": 999_999, "model_id": "m"}
    desk.refused("POST", MODELS, 422, "unknown_provider", "/provider_id", body=body)


def test_an_id_at_two_providers_is_never_guessed(desk: Doubter) -> None:
    twins = [desk.workbench.model(model_id="twin") for _ in range(2)]
    for method, path, body in (
        ("GET", by_id("twin"), None),
        ("PUT", by_id("twin"), {"visible": True}),
        ("DELETE", by_id("twin"), None),
        ("POST", by_id("twin", "/aliases"), {"alias": "t"}),
        ("POST", by_id("twin", "/test/connection"), None),
        ("POST", by_id("twin", "/test/capability"), None),
        ("POST", by_id("twin", "/benchmark"), {}),
    ):
        more: dict[str, Any] = {} if body is None else {"body": body}
        answer = desk.refused(method, path, 409, "ambiguous_model", "provider_id", **more)
        assert {one["id"] for one in answer.json["candidates"]} == {twin["id"] for twin in twins}
    assert desk.admin.must("GET", by_id("twin", provider_id=twins[1]["provider_id"]))["id"] == twins[1]["id"]


@pytest.mark.parametrize("alias", ["", " ", "a b", "-x", "ä", "x" * 129, "a\nb", "a\u0000", "a?b", "a#b", "a%b", "a+b"])
def test_an_alias_that_cannot_be_one(desk: Doubter, model: dict[str, Any], alias: str) -> None:
    desk.refused("POST", by_id(model["model_id"], "/aliases"), 422, "invalid_input", "/alias", body={"alias": alias})


def test_an_alias_that_shadows_or_is_taken(desk: Doubter, model: dict[str, Any]) -> None:
    other = desk.workbench.model(visible=True)
    path = by_id(model["model_id"], "/aliases")
    body = {"alias": other["model_id"].upper()}
    desk.refused("POST", path, 409, "alias_shadows_model", "allow_shadow", body=body)
    alias = desk.workbench.name("taken")
    desk.admin.must("POST", path, {"alias": alias})
    desk.refused("POST", path, 409, "alias_taken", body={"alias": alias})
    desk.refused("POST", by_id(other["model_id"], "/aliases"), 409, "alias_taken", body={"alias": alias.upper()})
    desk.refused("DELETE", by_id(other["model_id"], "/aliases", alias=alias), 404, "not_found", alias)


def test_one_bad_row_in_5000_and_nothing_is_stored(desk: Doubter, model: dict[str, Any]) -> None:
    items = [{"model_id": model["model_id"], "alias": f"row-{n}"} for n in range(5_000)]
    items[4_321] = {"model_id": "nobody-has-this", "alias": "row-4321"}
    answer = desk.refused("POST", f"{MODELS}/import-aliases", 409, "import_conflict", "4321", body={"aliases": items})
    assert answer.json["conflicts"] == 1
    assert len(answer.json["items"]) == 5_000
    assert answer.json["items"][0]["code"] == "model_not_found"
    items[4_321] = {"model_id": model["model_id"], "alias": "row-4321", "surprise": 1}
    desk.refused(
        "POST", f"{MODELS}/import-aliases", 422, "invalid_input", "/aliases/4321/surprise", body={"aliases": items}
    )
    items[4_321] = items[0]
    desk.refused("POST", f"{MODELS}/import-aliases", 409, "import_conflict", body={"aliases": items})
    too_many = {"aliases": [*items[:1] * 5_001]}
    desk.refused("POST", f"{MODELS}/import-aliases", 422, "invalid_input", "5000", body=too_many)
