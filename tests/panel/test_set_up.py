"""From the set-up link to the first call: every step in a browser, and again without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from model_lineup.settings import SETUP_LINK_FILE
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import FakeProvider, delta, fake_provider, reply, sse
from tests.fakes.server import EMAIL, PASSWORD, Server
from tests.panel.conftest import Open


@pytest.fixture
def upstream() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/models", reply({"data": [{"id": "big/one"}, {"id": "big/two"}]}))
        provider.answer("/chat/completions", sse(delta("Hello "), delta("there"), delta(finish="stop"), "[DONE]"))
        yield provider


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server without any administrator."""
    with Server(tmp_path / "data", first_admin=False).start(wait_ready=False) as server:
        yield server


def test_from_the_link_to_a_streamed_reply(new_server: Server, upstream: FakeProvider, open_page: Open) -> None:
    page = open_page(new_server.url)
    page.goto((new_server.data_dir / SETUP_LINK_FILE).read_text().strip())
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("link", name="Any OpenAI-compatible URL")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Any OpenAI-compatible URL").click()
    page.get_by_label("Name", exact=True).fill("Mine")
    page.get_by_label("Base URL").fill(upstream.base_url)
    page.get_by_role("button", name="Add provider").click()
    page.get_by_role("button", name="Allow the network scope").click()
    page.get_by_role("button", name="Test").click()
    page.get_by_role("button", name="See what a fetch would change").click()
    page.get_by_role("button", name="Fetch now").click()
    page.get_by_label("Choose big/one").check()
    assert violations(page) == []
    page.get_by_role("button", name="Make the chosen models visible").click()
    page.get_by_label("Alias").fill("fast")
    assert violations(page) == []
    page.get_by_role("button", name="Make the alias").click()
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("#secret").inner_text()
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
    shown = page.locator("figure", has_text="curl").locator("pre").inner_text()
    assert f"{new_server.url}/v1/chat/completions" in shown
    assert key in shown
    assert '"model": "fast"' in shown

    ask = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "Say hello."}]}
    reply_ = new_server.client(key).post("/v1/chat/completions", ask)
    assert b"Hello " in reply_.body
    assert b"[DONE]" in reply_.body
    page.goto("/admin/")
    expect(page.locator("body")).not_to_contain_text("What is left to set up")
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_steps_work_without_scripts_and_can_be_left(new_server: Server, upstream: FakeProvider) -> None:
    link = (new_server.data_dir / SETUP_LINK_FILE).read_text().strip().removeprefix(new_server.url)
    me = Looker(new_server.client())
    me.get(link)
    me.follow(me.send(link, {"email": EMAIL, "password": PASSWORD}))
    assert me.get("/admin/start").headers["location"] == "/admin/start/provider"
    assert "What is left to set up" in text_of(me.get("/admin/"))
    fields = {"name": "Mine", "base_url": upstream.base_url, "network_scope": "loopback", "type": "openai"}
    check = me.send("/admin/providers/new", {**fields, "next": "start"}).headers["location"]
    assert me.get("/admin/start").headers["location"] == check
    number = check.rpartition("=")[2]
    assert b'name="next" value="start"' in me.send(f"/admin/providers/{number}/test", {"next": "start"}).body
    done = me.send(f"/admin/providers/{number}/fetch", {"next": "start", "apply": "true"})
    page = me.follow(done)
    assert "big/two" in text_of(page)
    assert "big/two" not in text_of(me.get("/admin/start/models?q=one"))
    assert me.send("/admin/start/models").status == 422
    row = new_server.admin().get("/api/admin/models").json["models"][0]["id"]
    onward = me.send("/admin/start/models", {"model": row, "agents": "true"}).headers["location"]
    assert onward == f"/admin/start/alias?model={row}"
    assert me.get("/admin/start").headers["location"] == "/admin/start/alias"
    taken = me.send("/admin/start/alias", {"alias": "bad name\\", "model": row})
    assert taken.status == 422
    assert b'value="bad name' in taken.body
    assert me.send("/admin/start/alias", {"alias": "swift", "model": row}).status == 303
    made = me.send("/admin/start/use", {"name": "k", "kind": "agent", "model": row})
    assert "lineup_agt_" in text_of(made)
    assert made.headers["cache-control"] == "no-store"
    assert "What is left" not in text_of(me.get("/admin/"))
