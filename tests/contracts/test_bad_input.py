"""Everything that callers and providers send wrong: a clear problem that names field and remedy, and nothing changed.

`refused` dumps the whole configuration before and after, so that nothing half-done hides.
"""

import gzip
import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.provider import CUT, HANG, FakeProvider, chunked, fake_provider, head, reply, stream
from tests.fakes.server import Answer, Client, Server, Workbench, by_id

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


class Desk:
    """An admin who looks whether anything changed."""

    def __init__(self, server: Server, workbench: Workbench) -> None:
        self.server = server
        self.workbench = workbench
        self.admin = workbench.admin

    def stored(self) -> dict[str, list[Any]]:
        """Every table of the configuration, the journal and the revision among them."""
        path = self.server.data_dir / "lineup.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            assert "models" in tables
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in sorted(tables)}

    def refused(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        names: str = "",
        *,
        client: Client | None = None,
        **more: Any,
    ) -> Answer:
        """The answer to a request that must change nothing; `names` must stand in its text."""
        before = self.stored()
        answer = (client or self.admin).call(method, path, **more)
        assert (answer.status, answer.code) == (status, code), answer
        assert names in answer.json["detail"], answer
        assert len(answer.json["detail"]) < 1_000
        assert answer.body.count(b"Traceback") == 0
        assert self.stored() == before
        return answer


@pytest.fixture
def desk(server: Server, workbench: Workbench) -> Desk:
    return Desk(server, workbench)


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture
def model(workbench: Workbench) -> dict[str, Any]:
    return workbench.model(visible=True)


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
    desk: Desk, model: dict[str, Any], body: dict[str, Any], pointer: str, words: str
) -> None:
    answer = desk.refused("PUT", f"{MODELS}/{model['id']}", 422, "invalid_input", words, body=body)
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert answer.json["detail"].startswith(f"{pointer}: ")


def test_several_wrong_fields_are_all_named(desk: Desk) -> None:
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
def test_what_is_no_json_is_refused_as_such(desk: Desk, model: dict[str, Any], body: bytes) -> None:
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
def test_a_key_that_stands_twice_is_refused_by_name(desk: Desk, model: dict[str, Any], body: bytes, key: str) -> None:
    before = desk.stored()
    answer = desk.admin.put(f"{MODELS}/{model['id']}", raw=body)
    assert (answer.status, answer.code) == (400, "malformed_json")
    assert repr(key) in answer.json["detail"]
    assert desk.stored() == before


@pytest.mark.parametrize("version", ["a b", "2024-10-21 ", "v1/../v2", "?x", "ü", "", "-v1", "x" * 41, "a\r\nb"])
def test_a_version_that_no_address_or_header_holds_is_refused(desk: Desk, version: str) -> None:
    body = {"name": "Versioned", "type": "azure", "base_url": "https://a.openai.azure.com", "api_version": version}
    answer = desk.admin.post("/api/admin/providers", body)
    assert (answer.status, answer.code) == (422, "invalid_input")
    assert answer.json["errors"][0]["pointer"] == "/api_version"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"7", b"true"])
def test_json_that_is_no_object_is_refused(desk: Desk, model: dict[str, Any], body: bytes) -> None:
    desk.refused("PUT", f"{MODELS}/{model['id']}", 422, "invalid_input", raw=body)


def test_a_number_with_a_decimal_point_is_whole_when_it_is(desk: Desk, model: dict[str, Any]) -> None:
    answer = desk.admin.put(f"{MODELS}/{model['id']}", raw=b'{"context_length": 8192.0}')
    assert (answer.status, answer.json["context_length"]) == (200, 8192)


@pytest.mark.parametrize("model_id", STRANGE_IDS)
def test_ids_of_any_shape_work(desk: Desk, model_id: str) -> None:
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


def test_a_plus_is_a_space_and_is_decoded_once(desk: Desk) -> None:
    provider = desk.workbench.provider()["id"]
    spaced, plus, percent = (desk.workbench.model(provider, model_id)["id"] for model_id in ("p q", "p+q", "p%2Bq"))
    for query, row in (("p+q", spaced), ("p%20q", spaced), ("p%2Bq", plus), ("p%2bq", plus), ("p%252Bq", percent)):
        assert desk.admin.must("GET", f"{MODELS}/by-id?model_id={query}&provider_id={provider}")["id"] == row


@pytest.mark.parametrize("query", ["", "?model_id=", "?model_id=a&model_id=b", "?model_id=%ff", "?model_id=%00"])
def test_a_query_that_names_no_model_is_refused(desk: Desk, query: str) -> None:
    desk.refused("GET", f"{MODELS}/by-id{query}", 422, "invalid_input", "model_id")


@pytest.mark.parametrize(
    ("model_id", "words"),
    [("x" * 600, "512"), ("", "1"), ("a\x00b", "control"), ("a\nb", "control"), ("\x7f", "control")],
)
def test_an_id_that_no_provider_can_mean_is_refused(desk: Desk, model_id: str, words: str) -> None:
    body = {"provider_id": desk.workbench.provider()["id"], "model_id": model_id}
    desk.refused("POST", MODELS, 422, "invalid_input", words, body=body)


def test_an_id_of_600_characters_finds_nothing(desk: Desk) -> None:
    desk.refused("GET", f"{MODELS}/by-id?model_id={'x' * 600}", 422, "invalid_input", "512")


@pytest.mark.parametrize("row", [2**53 - 1, 999_999])
def test_rows_that_are_not_there(desk: Desk, row: int) -> None:
    for method, path, body in (
        ("GET", f"{MODELS}/{row}", None),
        ("PUT", f"{MODELS}/{row}", {"visible": True}),
        ("DELETE", f"{MODELS}/{row}", None),
        ("POST", f"{MODELS}/{row}/restore", None),
    ):
        more: dict[str, Any] = {} if body is None else {"body": body}
        desk.refused(method, path, 404, "model_not_found", str(row), **more)


def test_ids_beyond_what_json_holds_are_refused(desk: Desk) -> None:
    desk.refused("GET", f"{MODELS}/{2**53}", 422, "invalid_input", "row_id")
    for number in (2**53, 2**63, 2**64, -1, 0):
        body = {"model_ids": [number], "visible": True}
        desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", "/model_ids/0", body=body)
    body = {"model_ids": [10**400], "visible": True}
    desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", "/model_ids/0", body=body)


def test_unknown_ids_in_a_bulk_change_nothing_and_are_listed(desk: Desk, model: dict[str, Any]) -> None:
    body = {"model_ids": [model["id"], 888_888, 777_777], "visible": False}
    answer = desk.refused("PUT", f"{MODELS}/bulk/visibility", 404, "model_not_found", "777777", body=body)
    assert answer.json["unknown_ids"] == [777_777, 888_888]
    desk.refused("POST", f"{MODELS}/bulk/delete", 404, "model_not_found", body={"model_ids": [model["id"], 888_888]})


@pytest.mark.parametrize("ids", [[1, "2"], [1, True], [1, None], [1, 2.5], [[1]], "1,2", {"0": 1}])
def test_mixed_types_in_a_bulk(desk: Desk, ids: Any) -> None:
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
def test_a_bulk_that_does_not_say_clearly_what_it_means(desk: Desk, body: dict[str, Any]) -> None:
    desk.refused("PUT", f"{MODELS}/bulk/visibility", 422, "invalid_input", body=body)


def test_a_duplicate_names_the_row_that_is_there(desk: Desk, model: dict[str, Any]) -> None:
    body = {"provider_id": model["provider_id"], "model_id": model["model_id"]}
    answer = desk.refused("POST", MODELS, 409, "duplicate_model", str(model["id"]), body=body)
    assert answer.json["id"] == model["id"]
    desk.admin.must("DELETE", f"{MODELS}/{model['id']}")
    desk.refused("POST", MODELS, 409, "deleted_model", "restore", body=body)


def test_a_provider_that_is_not_there(desk: Desk) -> None:
    body = {"provider_id": 999_999, "model_id": "m"}
    desk.refused("POST", MODELS, 422, "unknown_provider", "/provider_id", body=body)


def test_an_id_at_two_providers_is_never_guessed(desk: Desk) -> None:
    twins = [desk.workbench.model(model_id="twin") for _ in range(2)]
    for method, path, body in (
        ("GET", by_id("twin"), None),
        ("PUT", by_id("twin"), {"visible": True}),
        ("DELETE", by_id("twin"), None),
        ("POST", by_id("twin", "/aliases"), {"alias": "t"}),
        ("POST", by_id("twin", "/test/connection"), None),
        ("POST", by_id("twin", "/benchmark"), {}),
    ):
        more: dict[str, Any] = {} if body is None else {"body": body}
        answer = desk.refused(method, path, 409, "ambiguous_model", "provider_id", **more)
        assert {one["id"] for one in answer.json["candidates"]} == {twin["id"] for twin in twins}
    assert desk.admin.must("GET", by_id("twin", provider_id=twins[1]["provider_id"]))["id"] == twins[1]["id"]


@pytest.mark.parametrize("alias", ["", " ", "a b", "-x", "ä", "x" * 129, "a\nb", "a\u0000", "a?b", "a#b", "a%b", "a+b"])
def test_an_alias_that_cannot_be_one(desk: Desk, model: dict[str, Any], alias: str) -> None:
    desk.refused("POST", by_id(model["model_id"], "/aliases"), 422, "invalid_input", "/alias", body={"alias": alias})


def test_an_alias_that_shadows_or_is_taken(desk: Desk, model: dict[str, Any]) -> None:
    other = desk.workbench.model(visible=True)
    path = by_id(model["model_id"], "/aliases")
    body = {"alias": other["model_id"].upper()}
    desk.refused("POST", path, 409, "alias_shadows_model", "allow_shadow", body=body)
    alias = desk.workbench.name("taken")
    desk.admin.must("POST", path, {"alias": alias})
    desk.refused("POST", path, 409, "alias_taken", body={"alias": alias})
    desk.refused("POST", by_id(other["model_id"], "/aliases"), 409, "alias_taken", body={"alias": alias.upper()})
    desk.refused("DELETE", by_id(other["model_id"], "/aliases", alias=alias), 404, "not_found", alias)


def test_one_bad_row_in_5000_and_nothing_is_stored(desk: Desk, model: dict[str, Any]) -> None:
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


def test_a_body_of_10_mb_is_refused_before_it_came(desk: Desk) -> None:
    big = b'{"display_name": "' + b"x" * 10_000_000 + b'"}'
    desk.refused(
        "PUT", f"{MODELS}/1", 413, "body_too_large", "1 MiB", client=desk.server.client(desk.admin.token), raw=big
    )
    path = f"{MODELS}/import-aliases"
    desk.refused("POST", path, 413, "body_too_large", "5 MiB", client=desk.server.client(desk.admin.token), raw=big)
    early = f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\ncontent-type: application/json\r\n\r\n"
    with desk.server.raw(early.encode()) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_counted(desk: Desk) -> None:
    start = (
        f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n"
    )
    before = desk.stored()
    with desk.server.raw(start.encode()) as connection:
        sent, answer = 0, b""
        while not answer and sent < 10_000_000:
            connection.settimeout(10)
            connection.sendall(chunked(b"x" * 65_536))
            sent += 65_536
            connection.settimeout(0.001)
            with suppress(TimeoutError):
                answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 8_000_000
    assert desk.stored() == before


@pytest.mark.parametrize("length", ["-1", "1e3", "5, 6", "99999999999999999999", "0x10"])
def test_a_length_that_is_none(desk: Desk, length: str) -> None:
    request = (
        f"PUT {MODELS}/1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{{}}"
    )
    with desk.server.raw(request.encode(), timeout_s=5) as connection:
        assert connection.recv(65536).split(b" ", 2)[1] in (b"400", b"413")


def test_compressed_bodies_and_other_types_are_refused(desk: Desk, model: dict[str, Any]) -> None:
    path, body = f"{MODELS}/{model['id']}", b'{"visible": false}'
    for headers, raw in (
        ({"content-encoding": "gzip"}, gzip.compress(body)),
        ({"content-encoding": "br"}, body),
        ({"content-type": "text/plain"}, body),
        ({"content-type": "application/x-www-form-urlencoded"}, b"visible=false"),
        ({"content-type": "application/jsonp"}, body),
        ({"content-type": ""}, body),
    ):
        desk.refused("PUT", path, 415, "unsupported_media_type", raw=raw, headers=headers)
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
        assert desk.admin.put(path, raw=body, headers={"content-type": kind}).status == 200


@pytest.mark.parametrize(
    ("base_url", "scope", "code", "words"),
    [
        ("https://user:pass@api.example.com/v1", "public", "invalid_input", "user name"),
        ("https://user@api.example.com/v1", "public", "invalid_input", "user name"),
        ("http://169.254.169.254/v1", "public", "egress_refused", ""),
        ("http://169.254.169.254/v1", "private", "egress_refused", ""),
        ("http://169.254.169.254/v1", "loopback", "egress_refused", ""),
        ("http://[::ffff:169.254.169.254]/v1", "loopback", "egress_refused", ""),
        ("http://2852039166/v1", "private", "egress_refused", ""),
        ("http://127.0.0.1:8000/v1", "public", "egress_refused", "loopback"),
        ("http://localhost:8000/v1", "public", "egress_refused", "loopback"),
        ("http://10.0.0.1/v1", "public", "egress_refused", "private"),
        ("http://api.example.com/v1", "public", "egress_refused", ""),
        ("ftp://api.example.com/", "public", "invalid_input", "https://"),
        ("file:///etc/passwd", "loopback", "invalid_input", "https://"),
        ("api.example.com/v1", "public", "invalid_input", "absolute"),
        ("https://api.example.com/v1?key=1", "public", "invalid_input", "query"),
        ("https://api.example.com/v1#x", "public", "invalid_input", "fragment"),
        ("https://", "public", "invalid_input", "host"),
        ("https://api.example.com:99999/", "public", "invalid_input", "port"),
        ("https://api.example.com:22/", "public", "egress_refused", "22"),
        ("https://exa mple.com/", "public", "invalid_input", "space"),
    ],
)
def test_a_base_url_that_leads_astray(desk: Desk, base_url: str, scope: str, code: str, words: str) -> None:
    body = {"name": "P", "type": "openai", "base_url": base_url, "network_scope": scope, "api_key": "sk-entered-key"}
    answer = desk.refused("POST", "/api/admin/providers", 422, code, words, body=body)
    assert answer.json["errors"][0]["pointer"] in ("/base_url", "/network_scope")
    assert b"sk-entered-key" not in answer.body
    assert b"pass@" not in answer.body


def test_a_changed_origin_needs_the_key_again(desk: Desk) -> None:
    provider = desk.workbench.provider(
        "https://api.example.com/v1", api_key="sk-first-key-0001", network_scope="public"
    )
    path = f"/api/admin/providers/{provider['id']}"
    for base_url in (
        "https://api.example.org/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com.evil.net/",
    ):
        desk.refused("PUT", path, 409, "credential_rebind_required", "api_key", body={"base_url": base_url})
    assert desk.admin.must("PUT", path, {"base_url": "https://API.example.com/v2"})["api_key_set"]
    moved = desk.admin.must("PUT", path, {"base_url": "https://api.example.org/v1", "api_key": "sk-second-key-002"})
    assert moved["api_key_last4"] == "-002"


# What providers do


def listing_of(*ids: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": one, "object": "model"} for one in ids]}


REDIRECTED = [head(302, "text/plain", "location: http://127.0.0.1:9/", "content-length: 0")]
HTML = reply("<html><body>Welcome to nginx</body></html>", content_type="text/html")
LISTS_GONE_WRONG = {
    "redirects": (REDIRECTED, "protocol"),
    "answers HTML": (HTML, "protocol"),
    "answers no JSON": (reply("{"), "protocol"),
    "lists nothing": (reply(listing_of()), None),
    "lists 100 000": (reply(listing_of(*(f"m-{n}" for n in range(100_000)))), "protocol"),
    "lists one twice over with a bad one": (reply(listing_of("fine", "x" * 600)), "protocol"),
    "lists a lone surrogate": (reply(b'{"data": [{"id": "a\\ud800"}]}'), "protocol"),
    "cuts": (stream([b'{"data": [{"id": "half"}', CUT]), "protocol"),
    "fails": (reply({"error": {"message": "no"}}, status=500), None),
    "refuses the key": (reply({"error": {"message": "bad key"}}, status=401), "auth"),
    "has no quota": (reply({"error": {"message": "quota"}}, status=429), "quota"),
    "hangs": ([HANG], "timeout"),
}


@pytest.mark.parametrize("what", LISTS_GONE_WRONG)
def test_a_fetch_that_goes_wrong_changes_nothing(desk: Desk, provider: FakeProvider, what: str) -> None:
    made = desk.workbench.provider(provider.base_url, timeouts={"test_s": 0.5})
    path = f"/api/admin/providers/{made['id']}/fetch"
    provider.answer("/models", reply(listing_of("kept")))
    desk.admin.must("POST", path)
    kept = desk.admin.must("GET", by_id("kept", provider_id=made["id"]))
    answer, stage = LISTS_GONE_WRONG[what]
    provider.answer("/models", answer)
    refusal = desk.refused("POST", path, 502, "upstream_failed")
    if stage is not None:
        assert refusal.json["stage"] == stage
    assert refusal.json["detail"]
    assert desk.admin.must("GET", by_id("kept", provider_id=made["id"])) == kept
    outcome = desk.admin.must("GET", f"/api/admin/providers/{made['id']}")["last_fetch"]
    assert outcome["outcome"] == "failed"


TALKS_GONE_WRONG = {
    "redirects": (REDIRECTED, {"protocol"}),
    "answers HTML": (HTML, {"protocol"}),
    "cuts before the first": ([CUT], {"protocol"}),
    "cuts": (
        stream([b'data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}\n\n', CUT]),
        {"protocol"},
    ),
    "says nothing": (stream([b"data: [DONE]\n\n"]), {"empty", "protocol"}),
    "refuses the key": (reply({"error": {"message": "bad key"}}, status=401), {"auth"}),
    "has no quota": (reply({"error": {"message": "quota"}}, status=429), {"quota"}),
    "does not know it": (reply({"error": {"message": "no such model"}}, status=404), {"model"}),
    "hangs": ([HANG], {"timeout"}),
}


@pytest.mark.parametrize("what", TALKS_GONE_WRONG)
def test_a_test_that_goes_wrong_says_where(desk: Desk, provider: FakeProvider, what: str) -> None:
    made = desk.workbench.provider(provider.base_url, timeouts={"test_s": 0.5})
    model = desk.workbench.model(made["id"])
    answer, stages = TALKS_GONE_WRONG[what]
    provider.answer("/chat/completions", answer)
    before = desk.stored()
    result = desk.admin.must("POST", by_id(model["model_id"], "/test/connection"))
    assert (result["passed"], result["stage"] in stages) == (False, True), result
    assert result["message"]
    assert desk.stored() == before
    assert desk.admin.must("GET", by_id(model["model_id"]))["status"] == "failing"


def test_no_provider_is_there_at_all(desk: Desk) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = desk.workbench.provider(f"http://127.0.0.1:{port}/v1")
    model = desk.workbench.model(made["id"])
    desk.refused("POST", f"/api/admin/providers/{made['id']}/fetch", 502, "upstream_failed", str(port))
    result = desk.admin.must("POST", by_id(model["model_id"], "/test/connection"))
    assert (result["passed"], result["stage"]) == (False, "connect")


def test_a_key_ring_and_a_log_hold_nothing_that_was_refused(desk: Desk, server: Server) -> None:
    assert json.loads((Path(server.data_dir) / "keyring.json").read_text())
    assert "sk-entered-key" not in server.log
    assert '"error": "internal' not in server.log
    assert '"event": "failed"' not in server.log
