"""Rolling an alias out in the panel: a preview that names the keys, then the rollout, then its end in one press."""

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench


@pytest.fixture
def place(workbench: Workbench) -> tuple[str, dict[str, Any]]:
    """The page of an alias, and the model that is to be rolled out."""
    model, other = workbench.model(visible=True), workbench.model(visible=True)
    alias = workbench.name("rolled")
    workbench.alias(model["model_id"], alias)
    return f"/admin/aliases/rollout?{urlencode({'alias': alias, 'model': model['id']})}", other


def test_a_rollout_is_previewed_made_and_stopped(admin: Looker, place: tuple[str, dict[str, Any]]) -> None:
    path, other = place
    assert "none" in text_of(admin.get(path))
    wanted = {"to": str(other["id"]), "share": "25", "sticky": "request"}
    preview = text_of(admin.send(path, wanted))
    assert "Nothing has been changed yet." in preview
    assert "for 25 % of the requests" in preview
    assert "none" in text_of(admin.get(path))
    page = admin.follow(admin.send(path, {**wanted, "step": "apply"}))
    assert f"25 % of each key's requests get {other['display_name']}" in text_of(page)
    page = admin.follow(admin.send(path, {"step": "stop"}))
    assert "Give a share of its keys another model" in text_of(page)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"share": "half"}, "a number of percent"), ({"share": "101"}, "100"), ({"to": ""}, "choose the model")],
)
def test_what_cannot_be_meant_is_said_and_what_was_entered_stays(
    admin: Looker, place: tuple[str, dict[str, Any]], wrong: dict[str, str], words: str
) -> None:
    path, other = place
    admin.get(path)
    answer = admin.send(path, {"to": str(other["id"]), "share": "25", "sticky": "request", **wrong})
    assert answer.status == 422
    assert words in text_of(answer)


def test_who_is_ahead_of_an_older_page_is_not_overwritten(admin: Looker, place: tuple[str, dict[str, Any]]) -> None:
    path, other = place
    admin.get(path)
    answer = admin.send(path, {"to": str(other["id"]), "share": "25", "step": "apply", "version": "99"})
    assert answer.status == 412


def test_the_keys_that_move_are_named(
    admin_page: Page, place: tuple[str, dict[str, Any]], workbench: Workbench
) -> None:
    path, other = place
    for _ in range(12):
        workbench.key("user")
    admin_page.goto(path)
    admin_page.get_by_label("Model", exact=True).fill(str(other["id"]))
    admin_page.get_by_label("Share in percent").fill("95")
    admin_page.get_by_role("button", name="Preview").click()
    expect(admin_page.get_by_text("Nothing has been changed yet.")).to_be_visible()
    assert violations(admin_page) == []
    admin_page.get_by_role("button", name="Roll out").click()
    admin_page.get_by_role("link", name="Who moves, and how far").click()
    expect(admin_page.get_by_role("button", name="Stop: no key gets it")).to_be_visible()
    expect(admin_page.get_by_text("moved already").first).to_be_visible()
    assert violations(admin_page) == []
    wear(admin_page, "dark")
    assert violations(admin_page, *COLOURS) == []
