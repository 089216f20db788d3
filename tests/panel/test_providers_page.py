"""Providers in the panel: what an administrator does with one from the first card to its deletion."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.browser import violations
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import PASSWORD, Answer, Workbench

KEY = "sk-very-secret-9876"


@pytest.fixture
def upstream() -> Iterator[FakeProvider]:
    """A provider that lists two models."""
    with fake_provider() as provider:
        provider.answer("/models", reply({"data": [{"id": "panel/a"}, {"id": "panel/b"}]}))
        yield provider


def add(admin: Looker, workbench: Workbench, base_url: str, **more: Any) -> Answer:
    admin.get("/admin/providers/new?type=openai")
    fields = {"type": "openai", "name": workbench.name("panelled"), "base_url": base_url, "network_scope": "loopback"}
    return admin.send("/admin/providers/new", {**fields, **more})


def added(admin: Looker, workbench: Workbench, base_url: str, **more: Any) -> dict[str, Any]:
    answer = add(admin, workbench, base_url, **more)
    assert answer.status == 303, answer
    made: dict[str, Any] = workbench.admin.must("GET", f"/api{answer.headers['location']}")
    return made


def form_of(answer: Answer) -> dict[str, str]:
    """The inputs of a provider's form as the page has them."""
    inputs = re.findall(
        r'<input class="input" type="(?!checkbox)[^>]* name="(\w+)" value="([^"]*)"', answer.body.decode()
    )
    scope = re.search(r'<option value="(\w+)" selected', answer.body.decode())
    version = re.search(r'name="version" value="(\d+)"', answer.body.decode())
    assert scope is not None
    assert version is not None
    return {**dict(inputs), "network_scope": scope[1], "version": version[1]}


def test_every_card_leads_to_a_form_that_proposes_an_address(admin: Looker) -> None:
    cards = admin.get("/admin/providers/new")
    links = re.findall(r'href="(/admin/providers/new\?[^"]+)"', cards.body.decode())
    assert len(links) > 20
    for link in links:
        form = admin.get(link)
        assert form.status == 200
        proposed = re.search(r'name="base_url" value="([^"]*)"', form.body.decode())
        assert proposed is not None
        assert proposed[1] or "azure" in link
    assert admin.get("/admin/providers/new?type=nothing").status == 404


def test_a_provider_is_added_tested_planned_and_fetched_without_scripts(
    admin: Looker, workbench: Workbench, upstream: FakeProvider
) -> None:
    one = added(admin, workbench, upstream.base_url, api_key=KEY, headers="X-Title: Lineup", timeout_connect_s="2.5")
    assert (one["api_key_last4"], one["headers"]) == ("9876", {"x-title": "Lineup"})
    assert one["timeouts"] == {"connect_s": 2.5}
    here = f"/admin/providers/{one['id']}"
    page = admin.get(here)
    assert "ends in 9876" in text_of(page)
    assert KEY.encode() not in page.body

    tested = admin.send(f"{here}/test")
    assert "The provider answers" in text_of(tested)
    assert "Connected: passed" in text_of(tested)
    assert "TLS: passed" not in text_of(tested)  # of http nobody can say so
    planned = admin.send(f"{here}/fetch")
    assert "New, arriving hidden: 2 models" in text_of(planned)
    assert workbench.admin.must("GET", f"/api{here}")["models"] == 0
    done = admin.follow(admin.send(f"{here}/fetch", {"apply": "true"}))
    assert "2 models listed: 2 new." in text_of(done)
    assert workbench.admin.must("GET", f"/api{here}")["models"] == 2


def test_a_long_plan_stays_short(admin: Looker, workbench: Workbench, upstream: FakeProvider) -> None:
    upstream.answer("/models", reply({"data": [{"id": f"long/{number}"} for number in range(3_000)]}))
    one = added(admin, workbench, upstream.base_url)
    planned = admin.send(f"/admin/providers/{one['id']}/fetch")
    assert "and 2 970 more" in text_of(planned)
    assert len(planned.body) < 60_000


@pytest.mark.parametrize(
    ("status", "stage"), [(401, "auth"), (429, "quota"), (500, "protocol")], ids=["key", "quota", "server"]
)
def test_a_test_names_the_step_that_failed(
    admin: Looker, workbench: Workbench, upstream: FakeProvider, status: int, stage: str
) -> None:
    upstream.answer("/models", reply({"error": {"message": "so not"}}, status=status))
    one = added(admin, workbench, upstream.base_url)
    answer = admin.send(f"/admin/providers/{one['id']}/test")
    assert f"The test failed at {stage}" in text_of(answer)
    assert "Connected: passed" in text_of(answer)


def test_a_refused_address_offers_the_scope_that_would_allow_it(admin: Looker, workbench: Workbench) -> None:
    refused = add(admin, workbench, "http://127.0.0.1:9/v1", network_scope="public", api_key=KEY)
    assert refused.status == 422
    assert b'name="scope_instead" value="loopback"' in refused.body
    assert KEY.encode() not in refused.body
    name = workbench.name("scoped")
    fields = {"type": "openai", "name": name, "base_url": "http://127.0.0.1:9/v1", "network_scope": "public"}
    piece = admin.send("/admin/providers/new", fields, hx_request="true")
    assert piece.status == 200
    assert piece.body.startswith(b'<div id="refused"')
    assert admin.send("/admin/providers/new", {**fields, "scope_instead": "loopback"}).status == 303


def test_the_scope_that_a_test_has_found_is_taken_with_one_button(admin: Looker, workbench: Workbench) -> None:
    one = added(admin, workbench, "https://somewhere.invalid/v1", network_scope="public")
    answer = admin.send(f"/admin/providers/{one['id']}/scope", {"scope": "private"})
    assert "private: wider than public" in text_of(admin.follow(answer))
    assert admin.send(f"/admin/providers/{one['id']}/scope", {"scope": "everywhere"}).status == 422


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(admin: Looker, workbench: Workbench) -> None:
    answer = add(admin, workbench, "http://127.0.0.1:9/v1", headers="Authorization: x", proxy="http://10.0.0.1:3128")
    assert answer.status == 422
    assert b'id="wrong-headers"' in answer.body or b'id="wrong-proxy"' in answer.body
    assert b"Authorization: x" in answer.body
    assert add(admin, workbench, "http://127.0.0.1:9/v1", timeout_connect_s="soon").status == 422
    assert add(admin, workbench, "http://127.0.0.1:9/v1", headers="no colon").status == 422


def test_an_edit_keeps_the_key_and_a_new_origin_wants_it_again(admin: Looker, workbench: Workbench) -> None:
    one = added(admin, workbench, "http://127.0.0.1:9/v1", api_key=KEY)
    here = f"/admin/providers/{one['id']}"
    form = form_of(admin.get(here))
    assert admin.send(here, {**form, "name": "Renamed \u202e<b>"}).status == 303
    form = form_of(admin.get(here))
    refused = admin.send(here, {**form, "base_url": "http://127.0.0.1:10/v1"})
    assert refused.status == 409
    assert "belongs to the old address" in text_of(refused)
    assert admin.send(here, {**form, "base_url": "http://127.0.0.1:10/v1", "api_key": "other-key-4321"}).status == 303
    assert workbench.admin.must("GET", f"/api{here}")["api_key_last4"] == "4321"
    form = form_of(admin.get(here))
    assert admin.send(here, {**form, "remove_key": "true"}).status == 303
    assert not workbench.admin.must("GET", f"/api{here}")["api_key_set"]


def test_of_two_who_edit_the_second_is_told_and_loses_nothing(admin: Looker, workbench: Workbench) -> None:
    one = added(admin, workbench, "http://127.0.0.1:9/v1")
    here = f"/admin/providers/{one['id']}"
    form = form_of(admin.get(here))
    workbench.admin.must("PUT", f"/api{here}", {"name": "theirs"})
    refused = admin.send(here, {**form, "name": "mine"})
    assert refused.status == 412
    assert "It is now: theirs" in text_of(refused)
    assert b'value="mine"' in refused.body
    now = re.search(rb'name="version_now" value="(\d+)"', refused.body)
    assert now is not None
    assert admin.send(here, {**form, "name": "mine", "version_now": now[1].decode()}).status == 303


def test_switching_off_what_is_in_use_asks_first(admin: Looker, workbench: Workbench) -> None:
    unused, used = workbench.provider(), workbench.provider()
    admin.get("/admin/providers")
    answer = admin.send(f"/admin/providers/{unused['id']}/enabled", {"on": "false"}, hx_request="true")
    assert answer.body.startswith(b"<tr")
    assert not workbench.admin.must("GET", f"/api/admin/providers/{unused['id']}")["enabled"]

    model = workbench.model(used["id"], visible=True)
    workbench.alias(model["model_id"], workbench.name("used"))
    asked = admin.send(f"/admin/providers/{used['id']}/enabled", {"on": "false"})
    page = admin.follow(asked)
    assert "Aliases1" in text_of(page)
    assert workbench.admin.must("GET", f"/api/admin/providers/{used['id']}")["enabled"]
    assert admin.send(f"/admin/providers/{used['id']}/enabled", {"on": "false", "confirm": "true"}).status == 303
    assert not workbench.admin.must("GET", f"/api/admin/providers/{used['id']}")["enabled"]


def test_moving_one_up_asks_when_a_name_would_move(admin: Looker, workbench: Workbench) -> None:
    first, second = workbench.provider(), workbench.provider()
    shared = workbench.name("shared")
    for one in (first, second):
        workbench.model(one["id"], shared, visible=True)
    admin.get("/admin/providers")
    page = admin.follow(admin.send(f"/admin/providers/{second['id']}/move", {"direction": "up"}))
    assert f"{shared}: {first['slug']}/{shared} → {second['slug']}/{shared}" in text_of(page)
    fields = {"direction": "up", "confirm": "true"}
    assert admin.send(f"/admin/providers/{second['id']}/move", fields).status == 303
    order = [one["id"] for one in workbench.admin.must("GET", "/api/admin/providers?limit=1000")["providers"]]
    assert order.index(second["id"]) + 1 == order.index(first["id"])


def test_deleting_shows_what_goes_with_it(admin: Looker, workbench: Workbench) -> None:
    one = workbench.provider()
    workbench.model(one["id"])
    here = f"/admin/providers/{one['id']}/delete"
    assert "Models1" in text_of(admin.get(here))
    assert admin.send(here).headers["location"] == here
    assert admin.send(here, {"confirm": "true", "version": one["version"]}).status == 303
    assert admin.get(f"/admin/providers/{one['id']}").status == 404


def test_a_viewer_sees_everything_and_changes_nothing(workbench: Workbench, stranger: Looker) -> None:
    one = workbench.provider()
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    page = stranger.get(f"/admin/providers/{one['id']}")
    assert page.status == 200
    assert b'<fieldset class="stack" disabled>' in page.body
    assert b"/fetch" not in page.body
    for path in ("test", "fetch", "enabled", "move", "delete", "scope"):
        assert stranger.send(f"/admin/providers/{one['id']}/{path}", {"on": "false"}).status == 403
    assert stranger.get("/admin/providers/new").status == 403


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_provider_is_added_and_fetched_in_a_browser(
    admin_page: Page, upstream: FakeProvider, workbench: Workbench, scheme: Any
) -> None:
    page = admin_page
    page.emulate_media(color_scheme=scheme)
    page.goto("/admin/providers/new?type=openai")
    page.get_by_label("Name", exact=True).fill(workbench.name("clicked"))
    page.get_by_label("Base URL").fill(upstream.base_url)
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Add provider").click()
    page.get_by_role("button", name="Allow the network scope").wait_for()
    assert page.get_by_label("API key").input_value() == KEY, "what was typed is lost"
    assert violations(page) == []
    page.get_by_role("button", name="Allow the network scope").click()
    page.get_by_role("button", name="Test").click()
    page.get_by_role("button", name="See what a fetch would change").click()
    page.get_by_role("button", name="Fetch now").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Fetch now").click()
    expect(page.get_by_text("2 models, 0 visible")).to_be_visible()
    assert violations(page) == []
