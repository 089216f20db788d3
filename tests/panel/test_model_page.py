"""The page of one model: facts with their origin, two admins at once, deleting and restoring; many models at once."""

import re
import time
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import fake_provider, hello, reply
from tests.fakes.server import Answer, Workbench

MANY = 1_234


@pytest.fixture
def model(workbench: Workbench) -> dict[str, Any]:
    return workbench.model(context_length=8_192, visible=True, display_name=workbench.name("Paged"))


def edited(page: Answer) -> dict[str, str]:
    """What the form of this page would send as it stands."""
    html = page.body.decode()
    hidden = dict(re.findall(r'type="hidden" name="(version|was_\w+)" value="([^"]*)"', html))
    return hidden | {name.removeprefix("was_"): value for name, value in hidden.items() if name != "version"}


def test_each_fact_tells_its_origin_and_goes_back_to_what_others_say(admin: Looker, model: dict[str, Any]) -> None:
    page = admin.get(f"/admin/models/{model['id']}")
    said = text_of(page)
    assert re.search(r"Context\s*8\s*192\s*set here by hand\s*\S", said)
    assert re.search(r"Tools\s*unknown", said)
    assert "models.create" in said
    admin.follow(admin.send(f"/admin/models/{model['id']}/reset", {"field": "context_length", "version": 1}))
    again = text_of(admin.get(f"/admin/models/{model['id']}"))
    assert re.search(r"Context\s*unknown", again)
    assert re.search(r"context length: 8\s192 \(set here by hand\)", again)


def test_saving_pins_only_what_was_changed(admin: Looker, model: dict[str, Any], workbench: Workbench) -> None:
    form = edited(admin.get(f"/admin/models/{model['id']}/edit"))
    assert form["context_length"] == "8192"
    changed = form | {"supports_tools": "true", "input_per_million": "0.5", "output_per_million": "2"}
    assert "was changed" in text_of(admin.follow(admin.send(f"/admin/models/{model['id']}/edit", changed)))
    now = workbench.admin.must("GET", f"/api/admin/models/{model['id']}")
    assert (now["supports_tools"], now["pricing"]["output_per_million"], now["visible"]) == (True, 2, True)
    assert now["facts"]["supports_streaming"]["source"] == "default"
    refused = admin.send(
        f"/admin/models/{model['id']}/edit",
        edited(admin.get(f"/admin/models/{model['id']}/edit")) | {"sunset_at": "soon"},
    )
    assert refused.status == 422
    assert b'id="wrong-sunset_at"' in refused.body
    assert b'value="soon"' in refused.body


def test_further_facts_are_pinned_on_the_same_form_and_given_back(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    here = f"/admin/models/{model['id']}"
    form = edited(admin.get(f"{here}/edit"))
    more = {"supports_reasoning": "true", "input_modalities": "text, image,", "knowledge_cutoff": "2026-01"}
    page = admin.follow(admin.send(f"{here}/edit", form | more | {"base_model": "gpt-4o"}))
    assert re.search(r"Reads\s*image, text\s*set here by hand", text_of(page))
    now = workbench.admin.must("GET", f"/api{here}")["facts"]
    pinned = {field for field, fact in now.items() if fact["source"] == "pin"}
    assert pinned == {*more, "base_model", "context_length", "display_name"}
    version = workbench.admin.must("GET", f"/api{here}")["version"]
    reset = admin.follow(admin.send(f"{here}/reset", {"field": "input_modalities", "version": version}))
    assert "Reads is inherited again." in text_of(reset)
    assert "input_modalities" not in workbench.admin.must("GET", f"/api{here}")["facts"]
    wrong = edited(admin.get(f"{here}/edit")) | {"released_on": "soon", "parameters": f"seed, {'x' * 61}"}
    refused = admin.send(f"{here}/edit", wrong)
    assert refused.status == 422
    assert b'id="wrong-released_on"' in refused.body
    assert b'id="wrong-parameters"' in refused.body
    assert b'<details class="more" open>' in refused.body


def test_the_second_of_two_admins_is_told_and_loses_nothing(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    address = f"/admin/models/{model['id']}/edit"
    form = edited(admin.get(address))
    theirs = {"description": "theirs", "max_output_tokens": 99}
    workbench.admin.must("PUT", f"/api/admin/models/{model['id']}", theirs)
    late = admin.send(address, form | {"description": "mine", "context_length": "4096"})
    assert late.status == 412
    said = text_of(late)
    assert "Somebody else has changed this model" in said
    assert "description: now theirs" in said
    assert "max output" not in said
    assert b">\nmine</textarea>" in late.body
    kept = edited(late) | {"description": "mine", "context_length": "4096"}
    assert admin.send(address, kept).status == 303
    now = workbench.admin.must("GET", f"/api/admin/models/{model['id']}")
    assert (now["description"], now["context_length"], now["max_output_tokens"]) == ("mine", 4_096, 99)


def test_a_model_is_deleted_after_a_look_at_whom_it_meets_and_comes_back(
    admin: Looker, model: dict[str, Any], workbench: Workbench
) -> None:
    alias = workbench.name("alias")
    workbench.admin.must("POST", f"/api/admin/models/by-id/aliases?model_id={model['model_id']}", {"alias": alias})
    asked = admin.get(f"/admin/models/{model['id']}/delete")
    assert f"1: {alias}" in text_of(asked)
    gone = admin.follow(admin.send(f"/admin/models/{model['id']}/delete", {"version": model["version"]}))
    assert "was deleted" in text_of(gone)
    assert admin.get(f"/admin/models/{model['id']}").status == 404
    back = admin.follow(admin.send(f"/admin/models/{model['id']}/restore"))
    assert alias in text_of(back)
    assert admin.get("/admin/models/999999/restore").status == 404


def test_a_test_shows_its_result_on_the_page(admin: Looker, workbench: Workbench) -> None:
    model = workbench.model(workbench.provider("http://127.0.0.1:9/v1")["id"])
    admin.get(f"/admin/models/{model['id']}")
    page = admin.follow(admin.send(f"/admin/models/{model['id']}/test"))
    assert "failed: connect" in text_of(page)


def test_ticked_rows_change_after_a_preview_and_a_changed_selection_is_shown_again(
    admin: Looker, workbench: Workbench
) -> None:
    provider = workbench.provider()
    models = [workbench.model(provider["id"], visible=n < 2) for n in range(3)]
    fields: dict[str, Any] = {"action": "hide", "ids": [one["id"] for one in models]}
    admin.get("/admin/models")
    preview = admin.send("/admin/models/bulk", fields)
    assert "Hide 2 of 3 models; 1 is hidden already." in text_of(preview)
    assert all(workbench.admin.must("GET", f"/api/admin/models/{one['id']}")["visible"] for one in models[:2])
    workbench.admin.must("PUT", f"/api/admin/models/{models[0]['id']}", {"visible": False})
    again = admin.send("/admin/models/bulk/apply", {**fields, "matched": 3, "changed": 2})
    assert "Hide 1 of 3 models; 2 are hidden already." in text_of(again)
    done = admin.follow(admin.send("/admin/models/bulk/apply", {**fields, "matched": 3, "changed": 1}))
    assert "Hid: 1 model; 2 were hidden already." in text_of(done)
    assert admin.send("/admin/models/bulk", {"action": "hide"}).status == 422
    assert admin.send("/admin/models/bulk", {**fields, "action": "burn"}).status == 422
    tests = admin.send("/admin/models/bulk", {**fields, "action": "test"})
    assert "Test 3 models: 3 requests, at most 48 output tokens." in text_of(tests)
    measured = admin.send("/admin/models/bulk", {**fields, "action": "benchmark"})
    assert "Benchmark 3 models: 63 requests, at most 4 032 output tokens." in text_of(measured)
    further = re.search(rb'href="([^"]*/runs/new[^"]*)"', measured.body)
    assert further is not None
    chosen = admin.get(unescape(further[1].decode()))
    assert all(f'value="{one["id"]}" checked'.encode() in chosen.body for one in models)


def test_a_preview_says_whose_keys_used_them_lately(admin: Looker, workbench: Workbench) -> None:
    with fake_provider() as provider:
        provider.answer("/chat/completions", hello())
        model = workbench.model(workbench.provider(provider.base_url)["id"], visible=True, agents_enabled=True)
        body = {"model": model["model_id"], "stream": True, "messages": [{"role": "user", "content": "x"}]}
        for kind in ("user", "agent"):
            key = {"authorization": f"Bearer {workbench.key(kind)['key']}"}
            assert workbench.admin.post("/v1/chat/completions", body, headers=key).status == 200
    admin.get("/admin/models")
    deadline = time.monotonic() + 60
    while "2 in the last 30 days, 1 of them agents'" not in (
        said := text_of(admin.send("/admin/models/bulk", {"action": "hide", "ids": [model["id"]]}))
    ):
        assert time.monotonic() < deadline, said  # what was called is written down a moment later


def test_1234_filtered_models_are_hidden_after_a_preview(admin_page: Page, workbench: Workbench) -> None:
    page = admin_page
    listed = {"object": "list", "data": [{"id": f"many-{n:04}", "object": "model"} for n in range(MANY)]}
    with fake_provider() as listing:
        listing.answer("/models", reply(listed))
        provider = workbench.provider(listing.base_url)
        workbench.admin.must("POST", f"/api/admin/providers/{provider['id']}/fetch")
    everything = {"filter": {"provider_id": provider["id"]}, "visible": True}
    workbench.admin.must("PUT", "/api/admin/models/bulk/visibility", everything)
    page.goto(f"/admin/models?provider_id={provider['id']}&visible=true")
    page.get_by_label("all 1\u202f234 matching").check()
    page.get_by_role("checkbox", name="many-0003").uncheck()
    expect(page.get_by_text("1\u202f233 selected")).to_be_visible()
    page.get_by_role("checkbox", name="many-0003").check()
    page.get_by_role("button", name="Hide…").click()
    expect(page.get_by_text("Hide 1\u202f234 of 1\u202f234 models.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Hide 1\u202f234 models").click()
    expect(page.get_by_text("Hid: 1\u202f234 models.")).to_be_visible()
    expect(page.get_by_text("No model matches")).to_be_visible()
    assert violations(page) == []
    found = workbench.admin.must("GET", f"/api/admin/models?provider_id={provider['id']}&visible=false&limit=1")
    assert found["total"] == MANY
