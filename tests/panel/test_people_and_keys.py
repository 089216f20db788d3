"""Keys, people, one's own account, and the settings of the server."""

import re

import pytest

from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Answer, Server, Workbench

NEW_PASSWORD = "another horse battery"


def secret_of(answer: Answer) -> str:
    found = re.search(rb'id="secret">(lineup_\w+)<', answer.body)
    assert found is not None, answer
    return found[1].decode()


def test_a_key_is_shown_once_and_works(admin: Looker, server: Server, workbench: Workbench) -> None:
    name = workbench.name("shown")
    limits = {"requests_per_minute": "60", "cost_per_month": "2.5"}
    made = admin.send("/admin/keys/new", {"name": name, "kind": "agent", "expires_on": "2999-12-31", **limits})
    secret = secret_of(made)
    assert made.headers["cache-control"] == "no-store"
    assert server.client(secret).get("/v1/models").status == 200
    row = next(one for one in workbench.admin.must("GET", "/api/admin/keys?limit=1000")["keys"] if one["name"] == name)
    assert row["limits"] == {"requests_per_minute": 60, "cost_per_month": 2.5}
    assert row["expires_at"] == "2999-12-31T23:59:59Z"
    listed = admin.get("/admin/keys?offset=0")
    assert secret.encode() not in listed.body

    off = admin.send(f"/admin/keys/{row['id']}/enabled", {"on": "false"}, hx_request="true")
    assert off.body.startswith(b"<tr")
    assert server.client(secret).get("/v1/models").status == 401
    assert "It cannot be brought back" in text_of(admin.get(f"/admin/keys/{row['id']}/delete"))
    assert admin.send(f"/admin/keys/{row['id']}/delete").status == 303
    assert admin.get(f"/admin/keys/{row['id']}/delete").status == 404


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"kind": "king"}, {"expires_on": "soon"}, {"expires_on": "2001-01-01"}, {"tokens_per_month": "-3"}],
)
def test_what_is_wrong_with_a_key_is_said_and_what_was_typed_stays(admin: Looker, wrong: dict[str, str]) -> None:
    admin.get("/admin/keys/new")
    answer = admin.send("/admin/keys/new", {"name": "keep me", "kind": "user", **wrong})
    assert answer.status == 422
    assert "name" in wrong or b'value="keep me"' in answer.body


def test_an_admin_key_has_no_limits(admin: Looker) -> None:
    admin.get("/admin/keys/new")
    fields = {"name": "x", "kind": "admin", "role": "viewer"}
    assert admin.send("/admin/keys/new", {**fields, "tokens_per_month": "5"}).status == 422
    assert secret_of(admin.send("/admin/keys/new", fields)).startswith("lineup_adm_")


def test_people_are_added_changed_and_deleted(admin: Looker, workbench: Workbench, stranger: Looker) -> None:
    email = f"{workbench.name('panel-person')}@example.com"
    admin.get("/admin/people/new")
    assert admin.send("/admin/people/new", {"email": email, "role": "viewer", "password": PASSWORD}).status == 303
    taken = admin.send("/admin/people/new", {"email": email.upper(), "role": "user"})
    assert (taken.status, "Another person has this e-mail address" in text_of(taken)) == (409, True)
    assert admin.send("/admin/people/new", {"email": "no", "role": "user"}).status == 422
    found = workbench.admin.must("GET", "/api/admin/people?limit=1000")["people"]
    one = next(person for person in found if person["email"] == email)
    here = f"/admin/people/{one['id']}"

    stale = admin.send(here, {"email": email, "role": "user", "active": "true", "version": one["version"] + 7})
    assert stale.status == 412
    new = {"email": email, "role": "user", "active": "true", "version": one["version"], "password": NEW_PASSWORD}
    assert admin.send(here, new).status == 303
    away = Looker(admin.client)
    away.get("/admin/sign-in")
    assert away.send("/admin/sign-in", {"email": email, "password": NEW_PASSWORD}).status == 303
    assert admin.send(f"{here}/delete").status == 303
    assert away.get("/admin/account").status == 303


def test_the_last_administrator_cannot_go(server: Server, admin: Looker, workbench: Workbench) -> None:
    me = workbench.admin.must("GET", "/api/admin/me")["user_id"]
    one = workbench.admin.must("GET", f"/api/admin/people/{me}")
    admin.get(f"/admin/people/{me}")
    refused = admin.send(f"/admin/people/{me}/delete")
    assert (refused.status, "last administrator" in text_of(refused)) == (409, True)
    fields = {"email": one["email"], "role": "user", "active": "true", "version": one["version"]}
    assert admin.send(f"/admin/people/{me}", fields).status == 409


def test_a_plain_user_has_an_account_and_nothing_else(workbench: Workbench, server: Server, stranger: Looker) -> None:
    model = workbench.model(visible=True)
    hidden = workbench.model()
    made, _ = workbench.person("user")
    stranger.get("/admin/sign-in")
    assert stranger.send("/admin/sign-in", {"email": made["email"], "password": PASSWORD}).status == 303
    page = stranger.follow(stranger.get("/admin/"))
    assert model["model_id"] in text_of(stranger.get(f"/admin/account?q={model['model_id']}"))
    assert hidden["model_id"] not in text_of(stranger.get(f"/admin/account?q={hidden['model_id']}")).replace("q=", "")
    assert b"/admin/providers" not in page.body
    for path in ("providers", "keys", "people", "settings", "start"):
        assert stranger.get(f"/admin/{path}").status == 403
    secret = secret_of(stranger.send("/admin/account/keys/new", {"name": "mine", "kind": "user"}))
    assert server.client(secret).get("/v1/models").status == 200
    assert stranger.send("/admin/account/keys/new", {"name": "mine", "kind": "admin"}).status == 422
    mine = re.search(rb"/admin/account/keys/(\d+)/delete", stranger.get("/admin/account").body)
    assert mine is not None
    others = workbench.key("user")
    assert stranger.send(f"/admin/account/keys/{others['id']}/delete").status == 404
    assert stranger.send(f"/admin/account/keys/{mine[1].decode()}/delete").status == 303
    assert server.client(secret).get("/v1/models").status == 401


def test_ones_own_password_is_changed_and_this_session_stays(workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    elsewhere = Looker(stranger.client).sign_in(made["email"], PASSWORD)
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert stranger.send("/admin/account/password", {**fields, "again": "different"}).status == 422
    assert stranger.send("/admin/account/password", {**fields, "current_password": "wrong-password"}).status == 403
    assert stranger.send("/admin/account/password", fields).status == 303
    assert stranger.get("/admin/account").status == 200
    assert elsewhere.get("/admin/account").status == 303


def test_settings_say_where_they_come_from_and_no_secret(admin: Looker) -> None:
    page = admin.get("/admin/settings")
    text = text_of(page)
    assert "environment LINEUP_HOST" in text
    assert "set, not shown" in text
    assert PASSWORD.encode() not in page.body
