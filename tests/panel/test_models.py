"""The table of models: what it shows, what narrows and sorts it, its switches, and what a form adds to it."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.held import Held
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Answer, Workbench


@pytest.fixture(scope="module")
def provider(workbench: Workbench) -> dict[str, Any]:
    """A provider with 60 models, of which 20 are visible; the first has three aliases, and is known to have tools."""
    made = workbench.provider(name=workbench.name("Table"))
    for n in range(60):
        more: dict[str, Any] = {"supports_tools": True, "context_length": 131_072} if n == 0 else {}
        name = f"{made['slug']}-{n:02}"
        model = workbench.model(made["id"], f"{name}/id", visible=n < 20, display_name=f"Model {n:02}", **more)
        if n == 0:
            for alias in ("one", "two", "three"):
                path = f"/api/admin/models/by-id/aliases?model_id={model['model_id']}&provider_id={made['id']}"
                workbench.admin.must("POST", path, {"alias": f"{name}-{alias}"})
    return made


def ids(answer: Answer) -> list[int]:
    return [int(found) for found in re.findall(rb'<tr id="m(\d+)"', answer.body)]


def table(looker: Looker, provider: dict[str, Any], **more: Any) -> Answer:
    return looker.get(f"/admin/models?{urlencode({'provider_id': provider['id'], **more})}")


def test_a_row_tells_what_is_known_and_what_is_not(admin: Looker, provider: dict[str, Any]) -> None:
    answer = table(admin, provider, q="-00/id")
    said = text_of(answer)
    assert "Model 00" in said
    assert "128K" in said
    assert re.search(r">tools<.*>vision\?<.*>stream<", answer.body.decode())
    assert "+1" in said
    assert f"{provider['slug']}-00/id" in said


def test_filters_sorts_and_pages_are_in_the_address(admin: Looker, provider: dict[str, Any]) -> None:
    first, second = table(admin, provider), table(admin, provider, offset=50)
    assert (len(ids(first)), len(ids(second))) == (50, 10)
    assert not set(ids(first)) & set(ids(second))
    assert len(ids(table(admin, provider, visible="true"))) == 20
    backwards = table(admin, provider, sort="-model_id", limit=100)
    assert ids(backwards) == sorted(ids(backwards), reverse=True)
    assert b'aria-sort="descending"' in backwards.body
    assert ids(table(admin, provider, offset=5_000)) == ids(second)


def test_each_filter_tells_how_many_models_each_of_its_values_has(admin: Looker, provider: dict[str, Any]) -> None:
    said = text_of(table(admin, provider, visible="true"))
    for words in ("Visible: yes (20)", "Visible: no (40)", "Tools: yes (1)", "Tools: unknown (19)", "alias: yes (1)"):
        assert words in said, words
    assert f"{provider['name']} (20)" in said


def test_what_is_no_filter_is_refused_and_what_is_left_empty_is_none(admin: Looker, provider: dict[str, Any]) -> None:
    assert table(admin, provider, visible="perhaps").status == 422
    assert table(admin, provider, sort="secret").status == 422
    assert table(admin, provider, limit=7).status == 422
    assert len(ids(table(admin, provider, visible="", q="", limit=100))) == 60


def test_htmx_gets_the_table_alone_and_the_address_of_what_it_shows(admin: Looker, provider: dict[str, Any]) -> None:
    answer = admin.get(f"/admin/models?provider_id={provider['id']}&q=&status=&sort=display_name", hx_request="true")
    assert answer.headers["hx-push-url"] == f"/admin/models?provider_id={provider['id']}"
    assert answer.body.lstrip().startswith(b'<section id="models"')
    whole = admin.get("/admin/models", hx_request="true", hx_history_restore_request="true")
    assert whole.body.startswith(b"<!doctype html>")


def test_a_switch_answers_with_its_row_and_holds_from_the_next_request(
    admin: Looker, provider: dict[str, Any], workbench: Workbench
) -> None:
    model = workbench.model(provider["id"], workbench.name("switched"))
    page = table(admin, provider, visible="false", q=model["model_id"])
    assert ids(page) == [model["id"]]
    address = f"/admin/models/{model['id']}/switch?flag=visible&to=true"
    answer = admin.send(address, hx_request="true")
    assert ids(answer) == [model["id"]]
    assert b'aria-checked="true" aria-labelledby="h-visible' in answer.body
    assert workbench.admin.must("GET", f"/api/admin/models/{model['id']}")["visible"] is True
    back = f"provider_id={provider['id']}&visible=false"
    without_scripts = admin.send(address.replace("true", "false"), {"back": back})
    assert without_scripts.headers["location"] == f"/admin/models?{back}#m{model['id']}"
    assert "is hidden" in text_of(admin.get(f"/admin/models?{back}"))
    workbench.admin.must("DELETE", f"/api/admin/models/{model['id']}")


def test_a_switch_that_gives_a_name_another_meaning_asks_first(admin: Looker, workbench: Workbench) -> None:
    name = workbench.name("twice")
    first, second = (workbench.model(model_id=name, visible=True) for _ in range(2))
    admin.get("/admin/models")
    address = f"/admin/models/{first['id']}/switch?flag=visible&to=false"
    asked = admin.follow(admin.send(address))
    assert f"{name} from model {first['id']} to model {second['id']}" in text_of(asked)
    assert workbench.admin.must("GET", f"/api/admin/models/{first['id']}")["visible"] is True
    admin.send(address, {"confirm": "true"})
    assert workbench.admin.must("GET", f"/api/admin/models/{first['id']}")["visible"] is False


def test_a_viewer_sees_all_and_changes_nothing(
    stranger: Looker, provider: dict[str, Any], workbench: Workbench
) -> None:
    made, _ = workbench.person("viewer")
    viewer = stranger.sign_in(made["email"], PASSWORD)
    page = table(viewer, provider)
    assert len(ids(page)) == 50
    assert b'name="ids"' not in page.body
    assert page.body.count(b" disabled></button>") == 100
    assert viewer.send(f"/admin/models/{ids(page)[0]}/switch?flag=visible&to=false").status == 403
    assert viewer.send("/admin/models/bulk", {"action": "hide", "all": "true"}).status == 403
    assert viewer.get("/admin/models/new").status == 403


def test_a_model_is_added_by_hand_and_what_is_wrong_is_asked_again(
    admin: Looker, provider: dict[str, Any], workbench: Workbench
) -> None:
    name = workbench.name("by-hand")
    assert b"checked" in admin.get("/admin/models/new").body.partition(b'name="listed"')[2][:40]
    fields = {"provider_id": provider["id"], "model_id": name, "visible": "true", "listed": "true"}
    wrong = admin.send("/admin/models/new", {**fields, "context_length": "many", "input_per_million": "-1"})
    assert wrong.status == 422
    assert "must be a whole number" in text_of(wrong)
    assert b'value="many"' in wrong.body
    priced = admin.send("/admin/models/new", {**fields, "input_per_million": "-1", "output_per_million": "1"})
    assert b'id="wrong-input_per_million"' in priced.body
    fields |= {
        "context_length": "32 768",
        "supports_vision": "false",
        "input_per_million": "1",
        "output_per_million": "2",
    }
    made = admin.send("/admin/models/new", fields)
    row_id = made.headers["location"].rpartition("/")[2]
    model = workbench.admin.must("GET", f"/api/admin/models/{row_id}")
    assert (model["model_id"], model["visible"], model["context_length"]) == (name, True, 32_768)
    assert (model["supports_vision"], model["supports_tools"]) == (False, None)
    again = admin.send("/admin/models/new", fields)
    assert (again.status, f"as model {row_id}" in text_of(again)) == (409, True)
    workbench.admin.must("DELETE", f"/api/admin/models/{row_id}")


def test_the_file_holds_what_the_filter_lets_through_and_no_formula(
    admin: Looker, provider: dict[str, Any], workbench: Workbench
) -> None:
    model = workbench.model(provider["id"], "=cmd|' /C calc'!A0", display_name="+1,2")
    answer = table_file(admin, provider, "csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="models.csv"'
    lines = answer.body.decode().split("\r\n")
    assert len([line for line in lines if line]) == 62
    assert f"{model['id']},'=cmd|' /C calc'!A0," in answer.body.decode()
    assert not re.search(r"(^|,)\"?[=+@]", answer.body.decode(), re.MULTILINE)
    found = table_file(admin, provider, "json").json
    assert len(found) == 61
    assert found[-1] == workbench.admin.must("GET", f"/api/admin/models/{model['id']}")
    workbench.admin.must("DELETE", f"/api/admin/models/{model['id']}")
    assert admin.get("/admin/models/export.json?q=nothing-has-this").json == []


def table_file(looker: Looker, provider: dict[str, Any], kind: str) -> Answer:
    return looker.get(f"/admin/models/export.{kind}?provider_id={provider['id']}")


@pytest.fixture
def in_browser(admin_page: Page, provider: dict[str, Any]) -> Page:
    admin_page.goto(f"/admin/models?provider_id={provider['id']}")
    return admin_page


def test_in_a_browser_filters_change_the_address_and_a_toggled_row_stays(in_browser: Page) -> None:
    page = in_browser
    assert violations(page) == []
    page.get_by_label("Visible", exact=True).first.select_option("false")
    page.wait_for_url("**visible=false")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(40)
    page.get_by_role("checkbox", name="Model 22").check()
    third = rows.nth(2)
    switch = third.get_by_role("switch").first
    name = third.get_by_role("link").inner_text()
    switch.click()
    expect(page.get_by_text(f"{name} is visible.")).to_be_visible()
    expect(rows.nth(2).get_by_role("switch").first).to_have_attribute("aria-checked", "true")
    expect(rows.nth(2).get_by_role("link")).to_have_text(name)
    expect(page.get_by_role("checkbox", name="Model 22")).to_be_checked()
    rows.nth(2).get_by_role("switch").first.click()
    page.get_by_role("searchbox").fill("Model 3")
    page.wait_for_url("**q=Model+3**")
    expect(rows).to_have_count(10)
    page.go_back()
    expect(rows).to_have_count(40)
    expect(page.locator("tbody tr.there")).to_have_count(40)  # none is kept from readers of the screen
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Can").uncheck()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.get_by_role("columnheader", name="Can")).to_have_count(0)
    assert "visible=false" in page.url
    expect(rows).to_have_count(40)
    wear(page, "dark")
    assert violations(page, *COLOURS) == []


def test_the_whole_table_is_worked_with_keys_alone(in_browser: Page) -> None:
    page, press = in_browser, in_browser.keyboard.press
    press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("Model 4")
    page.wait_for_url("**q=Model+4**")
    expect(page.locator("tbody tr")).to_have_count(10)
    press("Escape")
    press("j")
    press("j")
    expect(page.get_by_role("link", name="Model 41")).to_be_focused()
    press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    press("Tab")
    press("Tab")
    expect(page.locator("tbody tr").nth(1).get_by_role("switch").first).to_be_focused()
    press("Space")
    expect(page.get_by_text("Model 41 is visible.")).to_be_visible()
    expect(page.locator("tbody tr").nth(1).get_by_role("switch").first).to_have_attribute("aria-checked", "true")
    press("Space")
    expect(page.get_by_text("Model 41 is hidden")).to_be_visible()
    press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.get_by_label("Keys are on").focus()
    press("Space")
    press("Escape")
    press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_rows_that_come_late_take_neither_the_focus_nor_what_is_ticked(in_browser: Page) -> None:
    page, press = in_browser, in_browser.keyboard.press
    held = Held(page, "**/admin/models?*")

    def search(words: str) -> None:
        press("/")
        page.keyboard.insert_text(words)  # one event, so one request
        held.wait()
        press("Escape")

    def answer(rows: int) -> None:
        held.let_go()
        expect(page.locator("tbody tr")).to_have_count(rows)

    search("Model 0")
    for key in ("j", "j", "x", "Tab"):
        press(key)
    answer(10)
    second = page.locator("tbody tr").nth(1)
    expect(second.get_by_role("button", name="Copy the id")).to_be_focused()
    expect(second.get_by_role("checkbox", name="Model 01")).to_be_checked()
    assert held.waiting == 0  # leaving the search field asks for nothing
    search("5")
    press("j")
    press("j")
    answer(1)
    expect(page.get_by_role("link", name="Model 05")).to_be_focused()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """As somebody does who has no mouse. It is looked up once: to find an element by its role costs the most here."""
    found = target.element_handle()
    for _ in range(80):
        if found.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {target}")


def test_who_has_no_mouse_sorts_pages_exports_hides_and_opens(in_browser: Page) -> None:
    page, press = in_browser, in_browser.keyboard.press
    tab_to(page, page.get_by_role("link", name="updated"))
    press("Enter")
    page.wait_for_url("**sort=-updated_at")
    expect(page.get_by_role("link", name="updated")).to_be_focused()
    press("j")
    tab_to(page, page.get_by_role("link", name="Last page"), "Shift+Tab")
    press("Enter")
    page.wait_for_url("**offset=50")
    press("k")
    tab_to(page, page.get_by_role("link", name="CSV"), "Shift+Tab")
    with page.expect_download() as file:
        press("Enter")
    assert file.value.suggested_filename == "models.csv"
    press("j")
    press("x")
    tab_to(page, page.get_by_role("button", name="Agents on…"), "Shift+Tab")
    press("Enter")
    tab_to(page, page.get_by_role("button", name="Allow 1 model"))
    press("Enter")
    expect(page.get_by_text("Allowed agents: 1 model.")).to_be_visible()
    press("j")
    press("e")
    page.wait_for_url(re.compile(r"/admin/models/\d+$"))
    expect(page.get_by_role("heading", name="Details")).to_be_visible()
    press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    press("Escape")
    press("e")
    page.wait_for_url("**/edit")
    page.go_back()
    expect(page.get_by_role("heading", name="Details")).to_be_visible()
    press("Escape")
    page.wait_for_url("**/admin/models")
