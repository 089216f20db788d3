"""The page of one key: its settings, which hold on the next request, and its use."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Server, Workbench


def _entered(key: dict[str, Any], **more: str) -> dict[str, str]:
    """The form as the page of this key without limits has it, and what was typed into it since."""
    was = {"name": key["name"], "active": "true", "expires_on": ""}
    return {"version": str(key["version"]), **{f"was_{name}": value for name, value in was.items()}, **was, **more}


def _now(workbench: Workbench, key: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = workbench.admin.must("GET", f"/api/admin/keys/{key['id']}")
    return found


def test_a_new_limit_holds_on_the_next_request(admin: Looker, server: Server, workbench: Workbench) -> None:
    key = workbench.key("user")
    caller = server.client(key["key"])
    ask = {"model": workbench.model(visible=True)["model_id"], "messages": [{"role": "user", "content": "Hello"}]}
    assert [caller.post("/v1/chat/completions", ask).status for _ in range(2)] == [502, 502]  # nobody listens there
    assert f'href="/admin/keys/{key["id"]}"' in admin.get("/admin/keys").body.decode()
    here = f"/admin/keys/{key['id']}"
    admin.get(here)
    done = admin.send(here, _entered(key, name="renamed", requests_per_minute="1", expires_on="2999-12-31"))
    assert "The key renamed is changed" in text_of(admin.follow(done))
    now = _now(workbench, key)
    assert (now["name"], now["limits"]) == ("renamed", {"requests_per_minute": 1})
    assert now["expires_at"] == "2999-12-31T23:59:59Z"
    assert [caller.post("/v1/chat/completions", ask).status for _ in range(2)] == [502, 429]


def test_saving_what_stands_there_changes_nothing(admin: Looker, workbench: Workbench) -> None:
    key = workbench.key("agent")
    admin.get(f"/admin/keys/{key['id']}")
    done = admin.send(f"/admin/keys/{key['id']}", _entered(key))
    assert "was like that already" in text_of(admin.follow(done))
    assert _now(workbench, key)["version"] == key["version"]


def test_an_end_of_another_hour_stays_while_its_day_does(admin: Looker, workbench: Workbench) -> None:
    key = workbench.key("user", expires_at="2999-01-31T08:15:00Z")
    admin.get(f"/admin/keys/{key['id']}")
    typed = _entered(key, name="other name", expires_on="2999-01-31", was_expires_on="2999-01-31")
    assert admin.send(f"/admin/keys/{key['id']}", typed).status == 303
    assert _now(workbench, key)["expires_at"] == "2999-01-31T08:15:00Z"


def test_of_two_who_edit_a_key_the_second_is_told_and_loses_nothing(admin: Looker, workbench: Workbench) -> None:
    key = workbench.key("user")
    here = f"/admin/keys/{key['id']}"
    admin.get(here)
    theirs = {"name": "theirs", "limits": {"requests_per_minute": 60}}
    first = workbench.admin.must("PUT", f"/api/admin/keys/{key['id']}", theirs)
    stale = _entered(key, name="mine", tokens_per_month="5000")
    told = admin.send(here, stale)
    said = text_of(told)
    assert told.status == 412
    assert "Somebody else has changed this key" in said
    assert "You both changed:" in said
    assert "Name: now theirs" in said
    page = told.body.decode()
    for kept in ('name="name" value="mine"', 'name="tokens_per_month" value="5000"'):
        assert kept in page
    assert 'name="requests_per_minute" value="60"' in page, "what only the other one has changed is taken over"
    again = _entered({**key, **first}, name="mine", tokens_per_month="5000", requests_per_minute="60")
    assert admin.send(here, again).status == 303
    now = _now(workbench, key)
    assert (now["name"], now["limits"]) == ("mine", {"requests_per_minute": 60, "tokens_per_month": 5000})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "Name: must have at least"),
        ({"expires_on": "2001-01-01"}, "this time has passed already"),
        ({"requests_per_minute": "many"}, "must be a whole number"),
        ({"cost_per_month": "-1"}, "must be more than 0"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    admin: Looker, workbench: Workbench, wrong: dict[str, str], said: str
) -> None:
    key = workbench.key("user")
    admin.get(f"/admin/keys/{key['id']}")
    answer = admin.send(f"/admin/keys/{key['id']}", _entered(key, tokens_per_minute="123", **wrong))
    assert (answer.status, b'value="123"' in answer.body) == (422, True)
    assert said in text_of(answer)
    assert _now(workbench, key)["version"] == key["version"]


def test_an_admin_key_has_no_limits_to_edit_and_no_use(admin: Looker, workbench: Workbench) -> None:
    key = workbench.key("admin")
    page = admin.get(f"/admin/keys/{key['id']}").body
    assert b'id="f-requests_per_minute"' not in page
    assert b"The last 30 days" not in page
    assert admin.send(f"/admin/keys/{key['id']}", _entered(key, tokens_per_month="5")).status == 422


def test_who_sees_everything_changes_nothing(admin: Looker, workbench: Workbench, stranger: Looker) -> None:
    key = workbench.key("user")
    made, _ = workbench.person("viewer")
    viewer = Looker(admin.client).sign_in(made["email"])
    page = viewer.get(f"/admin/keys/{key['id']}")
    assert page.status == 200
    assert b'<fieldset class="stack" disabled>' in page.body
    assert viewer.send(f"/admin/keys/{key['id']}", _entered(key, name="mine")).status == 403
    assert admin.get("/admin/keys/99999999").status == 404


def test_the_page_in_a_browser(admin_page: Page, workbench: Workbench) -> None:
    key = workbench.key("agent", limits={"tokens_per_month": 2_000_000})
    admin_page.goto(f"/admin/keys/{key['id']}")
    assert violations(admin_page) == []
    admin_page.get_by_label("US dollars per month").fill("12.5")
    admin_page.get_by_role("button", name="Save").click()
    admin_page.get_by_text("this holds on the next request").first.wait_for()
    assert _now(workbench, key)["limits"] == {"tokens_per_month": 2_000_000, "cost_per_month": 12.5}
    wear(admin_page, "dark")
    assert violations(admin_page, *COLOURS) == []
