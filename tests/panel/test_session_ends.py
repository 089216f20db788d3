"""A session that ended while somebody was filling in a form: nothing is done, and nothing that was entered is lost."""

import html
import json
import re

import pytest
from playwright.sync_api import Page, expect

from model_lineup.panel.kept import unpacked
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import EMAIL, PASSWORD, Answer, Server, Workbench
from tests.fakes.watch import Watch

OURS = {"sec_fetch_site": "same-origin"}
ACCOUNT = {"email": EMAIL, "password": PASSWORD}


def kept_in(answer: Answer) -> str:
    found = re.search(r'name="kept" value="([^"]*)"', answer.body.decode())
    assert found, answer
    return html.unescape(found[1])


def ended(admin: Looker, server: Server, path: str, fields: dict[str, str]) -> Answer:
    """The answer to a form whose session is over."""
    admin.cookies.pop("lineup")
    return admin.send(path, fields, referer=f"{server.url}{path}?from=here", **OURS)


def test_the_form_is_kept_over_the_sign_in_and_sent_when_one_says_so(admin: Looker, server: Server) -> None:
    admin.get("/admin/keys/new")
    answer = ended(admin, server, "/admin/keys/new", {"name": "<b>Kept</b>", "kind": "agent"})
    assert answer.status == 401
    assert "Nothing was changed" in text_of(answer)
    kept = kept_in(answer)
    wrong = admin.send("/admin/sign-in", {"kept": kept, "email": EMAIL, "password": "not this password"})
    assert wrong.status == 401
    asked = admin.send("/admin/sign-in", {"kept": kept_in(wrong), **ACCOUNT})
    assert asked.status == 200
    assert "name<b>Kept</b>kindagent" in text_of(asked)
    assert b'href="/admin/keys/new?from=here"' in asked.body
    assert "lineup_agt_" in text_of(admin.send("/admin/keys/new", {"name": "<b>Kept</b>", "kind": "agent"}))


def test_passwords_and_keys_are_not_kept(admin: Looker, server: Server) -> None:
    admin.get("/admin/people/new")
    fields = {"email": "a@example.com", "role": "user", "password": "a password to lose"}
    answer = ended(admin, server, "/admin/people/new", fields)
    assert b"a password to lose" not in answer.body
    asked = admin.send("/admin/sign-in", {"kept": kept_in(answer), **ACCOUNT})
    assert "Passwords and keys are not kept" in text_of(asked)
    assert "a@example.com" in text_of(asked)


def test_a_press_of_a_button_leads_back_to_its_page(admin: Looker, server: Server, workbench: Workbench) -> None:
    key = workbench.key("user")["id"]
    answer = ended(admin, server, f"/admin/keys/{key}/delete", {})
    done = admin.send("/admin/sign-in", {"kept": kept_in(answer), **ACCOUNT})
    assert (done.status, done.headers["location"]) == (303, f"/admin/keys/{key}/delete?from=here")
    assert admin.get(f"/admin/keys/{key}").status == 200


def test_who_comes_from_elsewhere_gets_no_page_that_asks(admin: Looker) -> None:
    admin.get("/admin/keys/new")
    admin.cookies.pop("lineup")
    for foreign in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}, {}):
        assert b'name="kept"' not in admin.send("/admin/keys/new", {"name": "x"}, **foreign).body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        '["//evil.example", "/", [], false]',
        '["/keys/new", "//evil.example", [], false]',
        json.dumps(["/keys/new", "/", [["name", "\ud800"]], False]),
        '["/keys/new", "/", 7, false]',
    ],
)
def test_what_is_none_of_ours_is_no_form(text: str) -> None:
    assert unpacked(text) is None


def test_a_form_that_htmx_sends_gives_way_to_the_sign_in(admin_page: Page, watch: Watch) -> None:
    admin_page.goto("/admin/providers/new?type=openai")
    admin_page.get_by_label("Name", exact=True).fill("Kept")
    admin_page.get_by_label("Base URL").fill("https://api.example/v1")
    admin_page.context.clear_cookies(name="lineup")
    admin_page.get_by_role("button", name="Add provider").click()
    admin_page.get_by_label("E-mail").fill(EMAIL)
    admin_page.get_by_label("Password").fill(PASSWORD)
    admin_page.get_by_role("button", name="Sign in").click()
    expect(admin_page.locator("main")).to_contain_text("https://api.example/v1")
    admin_page.get_by_role("link", name="Back to the page").click()
    expect(admin_page.get_by_label("Base URL")).to_be_visible()
