"""Signing in at a real, certified provider: there and back, without scripts and in a browser."""

import os
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from tests.fakes.browser import violations
from tests.fakes.oidc_server import CLIENT_ID, CLIENT_SECRET, NoOidcServer, OidcServer, running_oidc_server
from tests.fakes.pages import FORM, Looker, text_of
from tests.fakes.server import PASSWORD, Answer, Client, Server, running_server
from tests.fakes.watch import Watch
from tests.panel.conftest import Open


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcServer]:
    try:
        with running_oidc_server() as provider:
            yield provider
    except NoOidcServer as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no provider of OpenID Connect: {why}")


@pytest.fixture(scope="module")
def lineup(provider: OidcServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_name": "Example ID",
        "oidc_scopes": "openid email roles",
        "oidc_network_scope": "loopback",
        "oidc_timeout_s": 60,
        "oidc_sign_up": "true",
        "oidc_role_claim": "realm_access.roles",
        "oidc_role_map": "boss=admin",
        "oidc_groups_claim": "groups",
        "oidc_group_map": "/team-a=Research",
    }
    with running_server(tmp_path_factory.mktemp("lineup"), **settings) as server:
        provider.leads_back_to(server.url)
        server.admin().must("POST", "/api/admin/groups", {"name": "research"})
        yield server


class Wanderer:
    """A browser without scripts, at both places."""

    def __init__(self, lineup: Server, provider: OidcServer) -> None:
        self.provider = provider
        self.here = Looker(lineup.client())
        self.there = Client(urlsplit(provider.issuer).port or 0)
        self.cookies_there: dict[str, str] = {}

    def goes_there(self, path: str) -> str:
        """What the provider is asked."""
        answer = self.here.get(path)
        assert answer.status == 303, answer
        address = answer.headers["location"]
        assert address.startswith(self.provider.issuer)
        return address.removeprefix(self.provider.issuer)

    def signs_in_there(self, asked: str, name: str) -> str:
        """Through the provider's own pages; where it sends the browser back to, without the host."""
        answer = self.asks_there("GET", asked)
        while True:
            while answer.status in (302, 303):
                to = urlsplit(answer.headers["location"])
                if to.path == "/admin/sign-in/callback":
                    return f"{to.path}?{to.query}"
                answer = self.asks_there("GET", f"{to.path}?{to.query}")
            assert answer.status == 200, answer
            answer = self.asks_there("POST", _action(answer), {**_hidden(answer), "login": name, "password": "x"})

    def asks_there(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies_there.items())
        headers = {"cookie": cookies, "content-type": FORM}
        answer = self.there.call(method, path, raw=urlencode(fields).encode() if fields else None, headers=headers)
        for name, value in re.findall(r"(?:^|, )([\w.]+)=([^;,]*)", answer.headers.get("set-cookie", "")):
            self.cookies_there[name] = value
        return answer

    def signs_in(self, name: str, wanted: str = "/admin/sign-in/single") -> Answer:
        return self.here.get(self.signs_in_there(self.goes_there(wanted), name))


def _action(answer: Answer) -> str:
    found = re.search(r'action="([^"]+)"', answer.body.decode())
    assert found is not None
    return urlsplit(unescape(found[1])).path


def _hidden(answer: Answer) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.body.decode()))


@pytest.fixture
def wanderer(lineup: Server, provider: OidcServer) -> Iterator[Wanderer]:
    wanderer = Wanderer(lineup, provider)
    yield wanderer
    wanderer.there.close()


def test_somebody_signs_in_at_the_provider_and_is_who_the_claims_say(wanderer: Wanderer, lineup: Server) -> None:
    done = wanderer.signs_in("ada", "/admin/sign-in/single?next=%2Fpeople")
    assert done.status == 200
    assert b'http-equiv="refresh" content="0; url=/admin/people"' in done.body
    assert "lineup-sign-on" not in wanderer.here.cookies
    shown = text_of(wanderer.here.get("/admin/people"))
    assert "ada@example.com" in shown
    assert "single sign-on" in shown
    people = lineup.admin().must("GET", "/api/admin/people")["people"]
    [ada] = [one for one in people if one["email"] == "ada@example.com"]
    assert (ada["role"], ada["sign_in"], len(ada["groups"])) == ("admin", "single_sign_on", 1)
    page = text_of(wanderer.here.get(f"/admin/people/{ada['id']}"))
    assert "sets the role and the groups research anew at each sign-in" in page


def test_the_provider_is_asked_with_all_that_protects_the_answer(wanderer: Wanderer, lineup: Server) -> None:
    asked = parse_qs(urlsplit(wanderer.goes_there("/admin/sign-in/single")).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{lineup.url}/admin/sign-in/callback"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    assert asked["state"] != asked["nonce"]


def test_what_is_carried_there_and_back_is_sealed_and_for_no_script(wanderer: Wanderer) -> None:
    cookie = wanderer.here.get("/admin/sign-in/single").headers["set-cookie"]
    assert re.search(r"lineup-sign-on=v1\.", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=600" in cookie


def test_an_answer_that_was_slipped_to_another_browser_signs_nobody_in(
    wanderer: Wanderer, lineup: Server, provider: OidcServer
) -> None:
    mine = wanderer.signs_in_there(wanderer.goes_there("/admin/sign-in/single"), "mallory")
    other = Wanderer(lineup, provider)
    for visits in ((), ("/admin/sign-in/single",)):
        for path in visits:
            other.goes_there(path)
        refused = other.here.get(mine)
        assert (refused.status, "not begun in this browser" in text_of(refused)) == (400, True)
        assert "lineup" not in other.here.cookies
    assert wanderer.here.get(mine).status == 200
    assert wanderer.here.get(mine).status == 400  # once
    assert "sign_on_failed" in str(lineup.admin().must("GET", "/api/admin/security-log"))


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_leads_nowhere_else(wanderer: Wanderer, wanted: str) -> None:
    done = wanderer.signs_in("bob", f"/admin/sign-in/single?next={wanted}")
    assert b'content="0; url=/admin/"' in done.body


def test_who_may_see_nothing_of_it_still_comes_in_as_a_user(wanderer: Wanderer) -> None:
    wanderer.signs_in("bob")
    assert wanderer.here.get("/admin/account").status == 200
    assert wanderer.here.get("/admin/people").status == 403


def test_signing_out_here_offers_to_sign_out_there(wanderer: Wanderer, lineup: Server, provider: OidcServer) -> None:
    wanderer.signs_in("bob")
    wanderer.here.get("/admin/account")
    out = wanderer.here.send("/admin/sign-out")
    assert out.headers["location"] == "/admin/signed-out"
    assert "Sign out there" in text_of(wanderer.here.get("/admin/signed-out"))
    asked = wanderer.goes_there("/admin/sign-out/provider")
    assert wanderer.asks_there("GET", asked).status == 200
    assert wanderer.here.get("/admin/account").status == 303


def test_somebody_with_a_password_connects_the_account(wanderer: Wanderer, lineup: Server) -> None:
    email = {"email": "connects@example.org", "role": "user", "password": PASSWORD}
    lineup.admin().must("POST", "/api/admin/people", email)
    wanderer.here.sign_in_only("connects@example.org", PASSWORD)
    assert "Connect your account at Example ID" in text_of(wanderer.here.get("/admin/account"))
    done = wanderer.signs_in("carol", "/admin/account/connect")
    assert "Your account is connected" in text_of(done)
    assert "Example ID signs you in here" in text_of(wanderer.here.get("/admin/account"))
    crossed = wanderer.here.get("/admin/account/connect", sec_fetch_site="cross-site")
    assert crossed.status == 403


def test_in_a_browser_a_click_there_and_back_signs_in(
    lineup: Server, provider: OidcServer, open_page: Open, watch: Watch
) -> None:
    watch.also(provider.issuer)
    page = open_page(lineup.url)
    page.goto("/admin/sign-in?next=%2Fpeople")
    assert violations(page) == []
    page.get_by_role("link", name="Sign in with Example ID").click()
    page.locator("input[name=login]").fill("ada")
    page.locator("input[name=password]").fill("x")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    assert page.url == f"{lineup.url}/admin/people"
    page.goto("/admin/account")
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert violations(page) == []
