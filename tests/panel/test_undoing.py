"""Undo in the panel: offered where something was done, shown before it is done, refused with what stands against it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench, by_id


def _hidden(workbench: Workbench) -> tuple[Any, int]:
    """A model that was hidden, and the change set of that."""
    model = workbench.model(visible=True)
    answer = workbench.admin.must("PUT", by_id(model["model_id"]), {"visible": False})
    return model, answer["change_id"]


def test_a_change_is_taken_back_after_a_look_at_what_that_does(admin: Looker, workbench: Workbench) -> None:
    model, change = _hidden(workbench)
    assert f"/admin/activity/{change}/undo".encode() in admin.get(f"/admin/activity/{change}").body
    shown = admin.get(f"/admin/activity/{change}/undo")
    assert f"1 row would be as it was before change {change}." in text_of(shown)
    assert workbench.admin.must("GET", by_id(model["model_id"]))["visible"] is False
    done = admin.send(f"/admin/activity/{change}/undo")
    assert done.status == 303
    told = text_of(admin.follow(done))
    assert "Taken back: 1 row." in told
    assert re.search(f"Takes back *change {change}", told)
    assert workbench.admin.must("GET", by_id(model["model_id"]))["visible"] is True
    assert f"/admin/activity/{change}/undo".encode() not in admin.get(f"/admin/activity/{change}").body
    assert "has taken it back already" in text_of(admin.get(f"/admin/activity/{change}/undo"))


def test_what_stands_against_it_is_listed_with_the_change_that_did_it(admin: Looker, workbench: Workbench) -> None:
    model, change = _hidden(workbench)
    later = workbench.admin.must("PUT", by_id(model["model_id"]), {"visible": True})["change_id"]
    refused = admin.send(f"/admin/activity/{change}/undo")
    assert refused.status == 409
    assert f"Change {later} touched it later." in text_of(refused)
    assert f'href="/admin/activity/{later}"'.encode() in refused.body


def test_what_was_done_offers_to_be_undone_where_one_is(admin: Looker, workbench: Workbench) -> None:
    model = workbench.model(visible=True)
    done = admin.send(f"/admin/models/{model['id']}/switch?flag=visible&to=false", {"one": "true"})
    page = admin.follow(done)
    (undo,) = re.findall(rb'action="(/admin/activity/\d+/undo)"', page.body)
    back = admin.send(undo.decode(), {"back": f"/models/{model['id']}"})
    assert back.headers["location"].endswith(f"/admin/models/{model['id']}")
    assert workbench.admin.must("GET", by_id(model["model_id"]))["visible"] is True


@pytest.mark.parametrize("back", ["https://elsewhere.example", "//elsewhere.example", "/a\r\nset-cookie: x=1", ""])
def test_undoing_leads_to_no_other_place(admin: Looker, workbench: Workbench, back: str) -> None:
    _, change = _hidden(workbench)
    location = admin.send(f"/admin/activity/{change}/undo", {"back": back}).headers["location"]
    assert location.startswith("/admin/")


def test_a_switch_is_turned_back_by_the_message_about_it(admin_page: Page, workbench: Workbench) -> None:
    model = workbench.model(visible=True, display_name=workbench.name("Turned"))
    page = admin_page
    page.goto(f"/admin/models?q={model['display_name']}")
    switch = page.locator("tbody tr").first.get_by_role("switch").first
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back: 1 row.")).to_be_visible()
    expect(page.locator("tbody tr").first.get_by_role("switch").first).to_have_attribute("aria-checked", "true")
    assert page.url.endswith(f"/admin/models?q={model['display_name']}")
    assert violations(page) == []
