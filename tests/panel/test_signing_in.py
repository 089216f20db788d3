"""Signing in and out, the session cookie, and forms that are not ours."""

import pytest

from model_lineup.panel.application import ROUTERS
from tests.fakes.pages import FORM, Looker, text_of
from tests.fakes.server import EMAIL, PASSWORD, Server, Workbench

ROUTES = [route for router in ROUTERS for route in router.routes]
WRITES = sorted({getattr(route, "path", "") for route in ROUTES if "POST" in getattr(route, "methods", ())})
ELSEWHERE = ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]


def test_a_stranger_is_led_to_the_sign_in_page_and_back(stranger: Looker) -> None:
    answer = stranger.get("/admin/?x=1")
    assert (answer.status, answer.headers["location"]) == (303, "/admin/sign-in?next=%2F%3Fx%3D1")
    assert stranger.follow(answer).status == 200
    fields = {"email": EMAIL, "password": PASSWORD, "next": "/?x=1"}
    assert stranger.send("/admin/sign-in", fields).headers["location"] == "/admin/?x=1"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_leads_nowhere_else(stranger: Looker, wanted: str) -> None:
    stranger.get("/admin/sign-in")
    answer = stranger.send("/admin/sign-in", {"email": EMAIL, "password": PASSWORD, "next": wanted})
    assert answer.headers["location"] == "/admin/"


def test_a_wrong_password_is_said_and_what_was_entered_stays_but_the_password(stranger: Looker) -> None:
    stranger.get("/admin/sign-in")
    answer = stranger.send("/admin/sign-in", {"email": "no@body.example", "password": "wrong-password"})
    assert answer.status == 401
    assert "is not right" in text_of(answer)
    assert b"no@body.example" in answer.body
    assert b"wrong-password" not in answer.body


def test_the_cookie_is_for_this_host_and_for_no_script(stranger: Looker) -> None:
    stranger.get("/admin/sign-in")
    made = stranger.send("/admin/sign-in", {"email": EMAIL, "password": PASSWORD}).headers["set-cookie"]
    assert made.startswith("lineup=lineup_bro_")
    assert "HttpOnly" in made
    assert "SameSite=strict" in made


def test_signing_out_ends_the_session_and_not_only_the_cookie(admin: Looker) -> None:
    kept = dict(admin.cookies)
    assert admin.send("/admin/sign-out").headers["location"] == "/admin/sign-in"
    admin.cookies = kept
    assert admin.get("/admin/").status == 303


def test_the_session_of_a_browser_opens_nothing_of_the_api(server: Server, admin: Looker) -> None:
    assert server.client(admin.cookies["lineup"]).get("/api/admin/me").status == 401
    assert server.client().get("/api/admin/me", headers={"cookie": f"lineup={admin.cookies['lineup']}"}).status == 401
    assert server.client().get("/v1/models", headers={"cookie": f"lineup={admin.cookies['lineup']}"}).status == 401


def test_a_disabled_person_is_out_at_once(workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("viewer")
    stranger.sign_in(made["email"], PASSWORD)
    workbench.admin.must("PUT", f"/api/admin/people/{made['id']}", {"disabled": True})
    assert stranger.get("/admin/").status == 303


@pytest.mark.parametrize("path", WRITES)
def test_no_page_takes_a_form_that_is_not_ours(admin: Looker, path: str) -> None:
    address = path.replace("{", "").replace("}", "").replace(":row", "")
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ):
        assert admin.send(address, {}, **headers).status in (403, 404), headers
    for token in ("", "00" * 64, admin.token[:-2], admin.token[:-2] + "zz", "é"):
        assert admin.send(address, {"form_token": token}).status in (403, 404), token
    other = Looker(admin.client)
    other.get("/admin/sign-in")
    assert admin.send(address, {"form_token": other.token}).status in (403, 404)


def test_a_body_that_is_no_form_is_refused(admin: Looker) -> None:
    for kind, body in (
        ("text/plain", b"a=b"),
        ("application/json", b"{}"),
        (FORM, b"\xff=\xff"),
        (FORM, b"a&" * 30_000),
    ):
        answer = admin.client.call("POST", "/admin/theme", raw=body, headers={"content-type": kind})
        assert answer.status in (400, 403, 415), answer


def test_the_theme_is_remembered(admin: Looker) -> None:
    assert b'data-theme="system"' in admin.get("/admin/").body
    assert admin.send("/admin/theme", {"theme": "dark", "next": "/"}).status == 303
    assert b'class="dark"' in admin.get("/admin/").body


def test_who_may_not_see_a_page_is_told_so_on_a_page(workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("user")
    stranger.get("/admin/sign-in")
    stranger.send("/admin/sign-in", {"email": made["email"], "password": PASSWORD})
    answer = stranger.get("/admin/providers")
    assert answer.status == 403
    assert "role" in text_of(answer)


def test_what_is_not_there_is_a_page_too(stranger: Looker) -> None:
    answer = stranger.get("/admin/nowhere")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert stranger.get("/admin/static/x/nothing.js").status == 404
    assert "hx-trigger" in stranger.get("/admin/nowhere", hx_request="true").headers


def test_files_are_kept_for_ever_under_an_address_that_changes_with_them(stranger: Looker) -> None:
    page = stranger.get("/admin/sign-in").body.decode()
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = stranger.get(address, accept_encoding="gzip")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    old = address.replace(address.split("/")[3], "0000")
    assert stranger.get(old).headers["cache-control"] == "no-store"
