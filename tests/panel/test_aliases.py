"""Aliases: their table, the check while one is typed, pointing one elsewhere after a preview, and many from JSON."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Workbench


@pytest.fixture
def model(workbench: Workbench) -> dict[str, Any]:
    return workbench.model(visible=True)


def of(alias: str, model: dict[str, Any]) -> str:
    return urlencode({"alias": alias, "model": model["id"]})


def make(admin: Looker, alias: str, model: dict[str, Any], **more: str) -> None:
    admin.get("/admin/aliases/new")
    answer = admin.send("/admin/aliases/new", {"alias": alias, "model": model["id"], **more})
    assert answer.status == 303, answer


def test_an_alias_is_made_shown_and_pointed_elsewhere_after_a_preview(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    alias, other = workbench.name("team"), workbench.model()
    make(admin, alias, model, description="Ours", fallbacks=str(other["id"]))
    listed = text_of(admin.get("/admin/aliases"))
    assert alias in listed
    assert "Ours" in listed
    page = admin.get(f"/admin/aliases/one?{of(alias, model)}")
    assert "Asked for 0 times" in text_of(page)
    wanted = {"model": other["model_id"], "description": "Theirs"}
    preview = text_of(admin.send(f"/admin/aliases/one?{of(alias, model)}", wanted))
    assert f"{other['display_name']} at" in preview
    assert "not available: callers get 404" in preview
    assert alias in text_of(admin.get(f"/admin/models/{model['id']}"))
    admin.follow(admin.send(f"/admin/aliases/one?{of(alias, model)}", {**wanted, "apply": "true"}))
    assert admin.get(f"/admin/aliases/one?{of(alias, model)}").status == 404
    assert admin.get(f"/admin/aliases/one?{of(alias, other)}").status == 200


def test_what_cannot_be_an_alias_is_said_as_it_is_typed_and_when_it_is_sent(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    taken = workbench.name("taken")
    make(admin, taken, model)
    free = {"alias": workbench.name("free"), "model": model["id"]}
    assert "This name is free." in text_of(admin.send("/admin/aliases/check", free))
    for wrong, words in (
        ({"alias": taken.upper(), "model": model["id"]}, "is an alias of model"),
        ({"alias": "no spaces", "model": model["id"]}, "an alias has letters"),
        ({"alias": "x", "model": "nowhere"}, "No model is registered as"),
        ({"alias": "x", "model": "999999"}, "No model has the id"),
    ):
        assert words in text_of(admin.send("/admin/aliases/check", wrong)), words
        assert admin.send("/admin/aliases/new", wrong).status in (404, 409, 422)
    shadow = {"alias": model["model_id"], "model": workbench.model()["id"]}
    asked = admin.send("/admin/aliases/new", shadow)
    assert (asked.status, b'name="allow_shadow"' in asked.body) == (409, True)


def test_an_alias_is_deleted_after_a_look_at_who_uses_it(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    alias = workbench.name("gone")
    make(admin, alias, model)
    asked = admin.send(f"/admin/aliases/delete?{of(alias, model)}")
    assert "0 times in the last 30 days" in text_of(asked)
    assert admin.get(f"/admin/aliases/one?{of(alias, model)}").status == 200
    admin.follow(admin.send(f"/admin/aliases/delete?{of(alias, model)}", {"apply": "true"}))
    assert admin.get(f"/admin/aliases/one?{of(alias, model)}").status == 404


def test_json_is_rehearsed_before_it_is_imported(admin: Looker, model: dict[str, Any], workbench: Workbench) -> None:
    one, two = workbench.name("import"), workbench.name("import")
    items = [{"alias": name, "model_id": model["model_id"]} for name in (one, two)]
    admin.get("/admin/aliases/import")
    fields = {"json": json.dumps(items), "mode": "create"}
    assert "2 created" in text_of(admin.send("/admin/aliases/import", fields))
    assert admin.get(f"/admin/aliases/one?{of(one, model)}").status == 404
    assert "2 created" in text_of(admin.follow(admin.send("/admin/aliases/import", {**fields, "apply": "true"})))
    assert admin.get(f"/admin/aliases/one?{of(two, model)}").status == 200
    clash = json.dumps({"aliases": [*items, {"alias": "x", "model_id": "nowhere"}]})
    refused = admin.send("/admin/aliases/import", {"json": clash, "mode": "create", "apply": "true"})
    assert refused.status == 409
    assert "1 conflict" in text_of(refused)
    for wrong in ("{", "[]", "7", '[{"alias": 1}]'):
        assert admin.send("/admin/aliases/import", {"json": wrong, "mode": "create"}).status == 422


def test_a_viewer_sees_aliases_and_changes_none(stranger: Looker, model: dict[str, Any], workbench: Workbench) -> None:
    made, _ = workbench.person("viewer")
    viewer = stranger.sign_in(made["email"], PASSWORD)
    assert b"/aliases/new" not in viewer.get("/admin/aliases").body
    assert viewer.get("/admin/aliases/new").status == 403
    assert viewer.send("/admin/aliases/new", {"alias": "x", "model": model["id"]}).status == 403


def test_in_a_browser_the_name_is_checked_while_it_is_typed(admin_page: Page, model: dict[str, Any]) -> None:
    page = admin_page
    page.goto(f"/admin/aliases/new?model={model['id']}")
    page.get_by_label("Alias").fill("no spaces")
    expect(page.get_by_text("an alias has letters")).to_be_visible()
    name = f"typed-{model['id']}"
    page.get_by_label("Alias").fill(name)
    expect(page.get_by_text("This name is free.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Add alias").click()
    page.wait_for_url("**/admin/aliases")
    page.get_by_role("link", name=name).click()
    page.wait_for_url("**/admin/aliases/one**")
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
