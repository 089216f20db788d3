"""Aliases: their table, the check while one is typed, pointing one elsewhere after a preview, and many from a file."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from model_lineup.errors import BadRequest
from model_lineup.panel import multipart
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Answer, Workbench


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


def test_a_target_is_found_by_a_part_of_its_name_and_chosen(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    first, second = (workbench.model(model["provider_id"], f"pick-{model['id']}-{n}") for n in "ab")
    admin.get("/admin/aliases/new")
    name, part = workbench.name("picked"), f"pick-{model['id']}"
    asked = admin.send("/admin/aliases/new", {"alias": name, "model_q": part, "model_was": ""})
    said = text_of(asked)
    assert (asked.status, "choose one: 2 have" in said, "hidden" in said) == (422, True, True)
    assert all(f'name="model" value="{row["id"]}"'.encode() in asked.body for row in (first, second))
    assert "no model has 'zzz'" in text_of(admin.send("/admin/aliases/new", {"alias": name, "model_q": "zzz"}))
    chosen = {"alias": name, "model": second["id"], "model_q": part, "model_was": ""}
    others = {"fallbacks": [first["id"], model["id"]], "fallbacks_was": ""}
    shown = admin.send("/admin/aliases/new", {**chosen, **others, "up": f"fallbacks:{model['id']}"})
    assert re.findall(rb'name="fallbacks" value="(\d+)" checked', shown.body) == [
        b"%d" % model["id"],
        b"%d" % first["id"],
    ]
    assert admin.send("/admin/aliases/new", {**chosen, **others}).status == 303
    made = next(
        one for one in workbench.admin.must("GET", "/api/admin/aliases?limit=1000")["aliases"] if one["alias"] == name
    )
    assert made["model"]["id"] == second["id"]
    assert [one["id"] for one in made["fallbacks"]] == [first["id"], model["id"]]
    whole = {"model": second["id"], "model_was": second["id"], "model_q": first["model_id"], "description": "x"}
    preview = admin.send(f"/admin/aliases/one?{of(name, second)}", whole)
    assert f'name="model" value="{first["id"]}"'.encode() in preview.body  # a whole id needs no choosing
    piece = admin.send("/admin/models/pick?field=successor_id", {"successor_id_q": part}, hx_request="true")
    assert b"<html" not in piece.body
    assert b'type="radio" name="successor_id" value="" checked' in piece.body


IMPORT = "/admin/aliases/import"


def shown(answer: Answer, name: str) -> str:
    """What a field of the form holds that an answer shows."""
    found = re.search(rf'name="{name}" value="([^"]*)"'.encode(), answer.body)
    assert found is not None, text_of(answer)
    return unescape(found[1].decode())


def imported(admin: Looker, text: str, **more: Any) -> Answer:
    """Previewed, then stored."""
    seen = shown(admin.send(IMPORT, {"text": text, "mode": "create", **more}), "seen")
    return admin.send(IMPORT, {"text": text, "mode": "create", **more, "seen": seen, "apply": "true"})


def test_json_is_rehearsed_before_it_is_imported(admin: Looker, model: dict[str, Any], workbench: Workbench) -> None:
    one, two = workbench.name("import"), workbench.name("import")
    items = [{"alias": name, "model_id": model["model_id"]} for name in (one, two)]
    admin.get(IMPORT)
    fields = {"text": json.dumps(items), "mode": "create"}
    assert "2 created" in text_of(admin.send(IMPORT, fields))
    assert "2 created" in text_of(admin.send(IMPORT, {**fields, "apply": "true"}))  # not what was looked at
    assert admin.get(f"/admin/aliases/one?{of(one, model)}").status == 404
    assert "2 created" in text_of(admin.follow(imported(admin, json.dumps(items))))
    assert admin.get(f"/admin/aliases/one?{of(two, model)}").status == 200
    clash = json.dumps({"aliases": [*items, {"alias": "x", "model_id": "nowhere"}]})
    refused = admin.send(IMPORT, {"text": clash, "mode": "create"})
    assert refused.status == 409
    assert "1 conflict" in text_of(refused)
    for wrong in ("{", "[]", "7", '[{"alias": 1}]', "[" * 1_000, '{"aliases": 1, "aliases": 2}'):
        assert admin.send(IMPORT, {"text": wrong, "mode": "create"}).status == 422


def test_a_csv_file_is_read_shown_item_by_item_and_stored_whole_or_not_at_all(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    one, two, where = workbench.name("csv"), workbench.name("csv"), model["model_id"]
    admin.get(IMPORT)
    file = f'\ufeffAlias;model_id;description\r\n{one};{where};"one; and\r\nmore"\r\n\r\n{two};{where};\r\n'
    first = admin.upload(IMPORT, {"mode": "create"}, file=file.encode())
    assert "2 created" in text_of(first)
    assert all(name in text_of(first) for name in (one, two))
    clash = file + f"{one.upper()};{where};\r\nfree-{one};nowhere;\r\n"
    refused = admin.upload(IMPORT, {"mode": "create"}, file=clash.encode())
    said = text_of(refused)
    assert (refused.status, "3 conflicts" in said, "1 created" in said) == (409, True, True)
    assert "no model is registered as 'nowhere'" in said
    assert "more than once" in said
    assert b'name="apply"' not in refused.body
    assert admin.get(f"/admin/aliases/one?{of(one, model)}").status == 404
    body = file.lstrip("\ufeff").replace("\r\n", "\n").strip()
    stored = {"text": body, "mode": "create", "seen": shown(first, "seen"), "apply": "true"}
    other = admin.upload(IMPORT, stored, file=f"alias,model_id\n{two}-b,{where}".encode())
    assert "1 created" in text_of(other)  # another file was chosen: look at that first
    assert "2 created" in text_of(admin.follow(admin.upload(IMPORT, stored, file=b"")))
    listed = workbench.admin.must("GET", f"/api/admin/models/{model['id']}")["aliases"]
    assert {one, two} <= set(listed)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"alias\nfast", "model_id missing"),
        (b"alias,model_id,colour\na,b,red", "'colour' is one too many"),
        (b"alias,model_id\na,b,c", "line 2 has 3 cells"),
        (b'alias,model_id\na,"b', "line 2 is no CSV"),
        (b"alias,model_id,provider_id\na,b,first", "line 2: provider_id must be a provider's number"),
        (b"alias,model_id\n", "but no alias"),
        (b"alias,model_id\n,b", "at least 1 character"),
        ("alias,model_id\né".encode("latin-1"), "is no text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00", "is no text in UTF-8"),
        (b"<html>", "neither JSON, nor CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(admin: Looker, file: bytes, said: str) -> None:
    admin.get(IMPORT)
    answer = admin.upload(IMPORT, {"mode": "create"}, file=file)
    assert answer.status == 422
    assert said in text_of(answer)


def test_a_file_may_have_five_mebibytes_and_a_longer_one_is_refused_in_words(
    admin: Looker, model: dict[str, Any]
) -> None:
    admin.get(IMPORT)
    line, mib = f"x{model['id']}-%06d,{model['model_id']}\n", 2**20
    file = ("alias,model_id\n" + "".join(line % n for n in range(1_200))).encode()
    padded = admin.upload(IMPORT, {"mode": "create"}, file=file + b"\n" * (5 * mib - len(file)))
    assert "1 200 created" in text_of(padded)
    assert "1–500 of 1 200" in text_of(padded)
    second = admin.send(IMPORT, {"text": file.decode(), "mode": "create", "offset": "500"})
    assert "501–1 000 of 1 200" in text_of(second)
    refused = admin.upload(IMPORT, {"mode": "create"}, file=b"x" * (5 * mib + 1))
    assert (refused.status, "an import takes 5" in text_of(refused)) == (413, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\nnameless\r\n--x--",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        b"\xff" * 99,
    ],
)
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    for boundary in ("; boundary=x", ""):
        with pytest.raises(BadRequest):
            multipart.parts(body, multipart.KIND + boundary)


def test_a_viewer_sees_aliases_and_changes_none(stranger: Looker, model: dict[str, Any], workbench: Workbench) -> None:
    made, _ = workbench.person("viewer")
    viewer = stranger.sign_in(made["email"], PASSWORD)
    assert b"/aliases/new" not in viewer.get("/admin/aliases").body
    assert viewer.get("/admin/aliases/new").status == 403
    assert viewer.send("/admin/aliases/new", {"alias": "x", "model": model["id"]}).status == 403


def test_in_a_browser_the_name_is_checked_while_it_is_typed(admin_page: Page, model: dict[str, Any]) -> None:
    page = admin_page
    page.goto("/admin/aliases/new")
    page.get_by_label("Leads to: search models").fill(model["model_id"])
    page.get_by_role("radio", name=f"{model['model_id']} at {model['provider']['name']}", exact=False).first.press(
        "Space"
    )
    expect(page.get_by_role("radio", name=model["model_id"]).first).to_be_checked()
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
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
