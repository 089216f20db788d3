"""Catalogues in the panel: brought as a file, looked at before anything changes, taken back."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Answer, Server, Workbench

HERE = "/admin/models/catalogue"
HOSTILE = "<script>alert(1)</script>\u202e{{7*7}}"


@pytest.fixture
def model(workbench: Workbench) -> Iterator[dict[str, Any]]:
    """At a service that catalogues know; nothing is ever sent there."""
    provider = workbench.provider("https://api.openai.com/v1", network_scope="public", enabled=False)
    yield workbench.model(provider["id"], workbench.name("gpt"))
    workbench.admin.must("PUT", "/api/admin/catalog", {"id": None})


def file(model: dict[str, Any], context: int) -> bytes:
    good = {"id": model["model_id"], "tool_call": True, "limit": {"context": context}, "last_updated": "2026-05-02"}
    models = {"good": good, HOSTILE: {"id": "x", "limit": {"context": "many"}}}
    return json.dumps({"openai": {"models": models}}).encode()


def hidden(page: Answer) -> dict[str, str]:
    return {
        name.decode(): value.decode()
        for name, value in re.findall(rb'type="hidden" name="(\w+)" value="([^"]*)"', page.body)
    }


def applied(admin: Looker, shown: Answer) -> str:
    """What the page says afterwards; where the server itself has changed something since, once more."""
    while (answer := admin.upload(HERE, {**hidden(shown), "apply": "true"})).status == 200:
        shown = answer
    return text_of(admin.follow(answer))


def counts(workbench: Workbench, model: dict[str, Any]) -> tuple[Any, Any]:
    fact = workbench.admin.must("GET", f"/api/admin/models/{model['id']}")["facts"].get("context_length") or {}
    return fact.get("value"), fact.get("by")


def test_a_file_is_looked_at_then_taken_into_use_and_taken_back(
    admin: Looker, workbench: Workbench, model: dict[str, Any]
) -> None:
    assert "comes with Lineup" in text_of(admin.get(HERE))
    name = workbench.name("catalogue")
    shown = admin.upload(HERE, {"what": "file", "name": name}, file=file(model, 1_000))
    words = text_of(shown)
    assert "1 model would change" in words
    assert f"{name}" in words
    assert "1 000 (from a catalogue)" in words.replace("\u202f", " ")
    assert HOSTILE in words
    assert "tells nothing that can be used" in words
    assert b"<script>alert" not in shown.body
    assert counts(workbench, model) == (None, None)
    sent = hidden(shown)
    workbench.model()  # somebody else changes something meanwhile
    again = admin.upload(HERE, {**sent, "apply": "true"})
    assert "Something else was changed since you looked" in text_of(again)
    assert f"{name} is in use; 1 model has another value now." in applied(admin, again)
    assert counts(workbench, model) == (1_000, name)
    kept = workbench.admin.must("GET", "/api/admin/catalog")["catalogues"][0]
    assert (kept["dated"], kept["skipped"]) == ("2026-05-02T00:00:00Z", 1)
    none = admin.upload(HERE, {"what": "none"})
    assert "Use none" in text_of(none)
    applied(admin, none)
    assert counts(workbench, model) == (None, None)
    assert "1 model would change" in text_of(admin.upload(HERE, {"what": kept["id"]}))
    assert "would change" in text_of(admin.upload(HERE, {"what": "again"}))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"file": b"{"}, "it is not valid JSON"),
        ({"file": b"\xff\xfe{}"}, "it is not valid JSON"),
        ({"file": b'{"a": NaN}'}, "it is not valid JSON"),
        ({"file": b"[" * 100_000}, "it is not valid JSON"),
        ({"file": b"[]"}, "it is not a JSON object"),
        ({"file": b'{"a": 1}'}, "it has none of the formats"),
        ({"file": b""}, "choose a file first"),
        ({"packed": "eJw="}, "choose the file once more"),
        ({"packed": "!"}, "choose the file once more"),
        ({"what": "1e9"}, "file, again, none, or the id"),
        ({"what": "999999999"}, "No catalogue has the id"),
        ({"file": b" " * (5 * 2**20 + 1)}, "are too much; 5 at most"),
    ],
)
def test_what_is_no_catalogue_is_said_on_the_page_and_changes_nothing(
    admin: Looker, workbench: Workbench, sent: dict[str, Any], said: str
) -> None:
    admin.get(HERE)
    before = workbench.admin.must("GET", "/api/admin/catalog")
    file = {"file": sent["file"]} if "file" in sent else {}
    fields = {"what": "file", "name": "n", "apply": "true", "revision": "0", **sent}
    fields.pop("file", None)
    refused = admin.upload(HERE, fields, **file)
    assert refused.status in (404, 413, 422), refused
    assert said in text_of(refused)
    assert workbench.admin.must("GET", "/api/admin/catalog") == before


def test_catalogues_have_nothing_for_axe_to_find(
    admin_page: Page, server: Server, workbench: Workbench, model: dict[str, Any]
) -> None:
    page = admin_page
    page.goto(f"{server.url}{HERE}")
    assert violations(page) == []
    chosen: FilePayload = {"name": "models.json", "mimeType": "application/json", "buffer": file(model, 2_000)}
    page.locator("input[type=file]").set_input_files(chosen)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Take it into use").wait_for()
    assert violations(page) == []
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
