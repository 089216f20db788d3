"""Texts that somebody who means harm put into every field, and into a provider's list, are text on every page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Dialog, Page, ViewportSize, expect

from tests.fakes.counts import SEED, count
from tests.fakes.hostile import strings
from tests.fakes.pages import Looker
from tests.fakes.provider import FakeProvider, delta, fake_provider, reply, sse
from tests.fakes.server import EMAIL, PASSWORD, Client, Server, running_server
from tests.panel.conftest import Open

TEXTS = strings(count(20, 200), SEED)
CANARY = "window.ran = 0; window.pwned = () => { window.ran += 1 }"
INJECTED = """() => {
    const named = [...document.querySelectorAll("main *, aside *")].flatMap((one) => [...one.attributes]
        .filter(({name, value}) => /^on|^hx-on/i.test(name) || name === "srcdoc" || name === "style"
            || (/^(href|src|action|hx-get|hx-post|formaction)$/.test(name) && /^\\s*javascript:|evil/i.test(value)
                && !value.startsWith("/admin/")))
        .map(({name, value}) => `${one.tagName} ${name}=${value.slice(0, 80)}`));
    const strange = [...document.querySelectorAll("script:not([src]), iframe, object, embed, base, math, main img,"
        + " main style, video, hx-partial, [hx-get='/admin/evil'], form[action*='evil']")];
    return [...named, ...strange.map((one) => one.outerHTML.slice(0, 80)), ...(window.ran ? ["a script ran"] : [])];
}"""
BROKEN = """() => {
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    const out = [...document.querySelectorAll("main td, main th")].filter((cell) => {
        const table = cell.closest("table").getBoundingClientRect(), box = cell.getBoundingClientRect();
        const full = cell.scrollWidth > cell.clientWidth + 2 && getComputedStyle(cell).overflowX === "visible";
        return !cell.closest("thead") && box.width > 4 && (full || box.right > table.right + 1);
    });
    const lost = document.querySelector("h1").getBoundingClientRect().width ? [] : ["no heading is seen"];
    return [...lost, ...(wide > 0 ? [`the page is ${wide} px too wide`] : []),
        ...out.slice(0, 3).map((cell) => `too wide: ${cell.outerHTML.slice(0, 160)}`)];
}"""
NARROW: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Den:
    """A server full of them. `taken`: how many texts the API took, by field."""

    server: Server
    provider: FakeProvider
    admin: Client
    cookies: dict[str, str]
    taken: dict[str, int] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)

    def put(self, what: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """What was made; None for a text that was refused, which has to be in so many words."""
        answer = self.admin.post(f"/api/admin/{path}", body)
        if answer.status in (200, 201):
            self.taken[what] = self.taken.get(what, 0) + 1
            made: dict[str, Any] = answer.json
            return made
        assert answer.status in (400, 409, 422), answer
        assert answer.code, answer
        return None


@pytest.fixture(scope="module")
def den(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with fake_provider() as provider, running_server(tmp_path_factory.mktemp("den")) as server:
        den = Den(server, provider, server.admin(), Looker(server.client()).sign_in().cookies)
        listed = [
            {"id": text, "object": "model", "name": text, "display_name": text, "owned_by": text, "description": text}
            for text in TEXTS
        ]
        provider.answer("/models", reply({"object": "list", "data": listed}))
        provider.answer("/chat/completions", reply({"error": {"message": "\n".join(TEXTS)}}, status=400))
        fill(den)
        yield den


def fill(den: Den) -> None:
    """Every field that takes a text, with each of them."""
    place = {"type": "openai", "base_url": den.provider.base_url, "network_scope": "loopback"}
    source = den.put("source", "providers", {**place, "name": "Source"})
    assert source is not None
    den.admin.post(f"/api/admin/providers/{source['id']}/fetch", {})
    den.put("plain", "models", {"provider_id": source["id"], "model_id": "plain", "visible": True})
    rows: list[int] = []
    for number, text in enumerate(TEXTS):
        provider = den.put("provider", "providers", {**place, "name": text[:200], "enabled": False})
        den.put("header", "providers", {**place, "name": f"Headers {number}", "headers": {"x-title": text[:500]}})
        pinned = {"display_name": text[:200], "description": text[:2_000], "visible": True}
        where = {"provider_id": source["id"] if number % 2 else (provider or source)["id"]}
        for one in (
            {"model_id": f"named-{number}", **pinned},
            {"model_id": f"{text[:500]}*", "lifecycle": {"message": text[:500]}},
            {"model_id": f"described-{number}", "description": text[:2_000], "visible": True},
        ):
            made = den.put("model", "models", {**where, **one})
            if made:
                rows.append(made["id"])
        on = urlencode({"model_id": "plain", "provider_id": source["id"]})
        alias = den.put("alias", f"models/by-id/aliases?{on}", {"alias": f"a{number}", "description": text[:2_000]})
        den.put("alias name", f"models/by-id/aliases?{on}", {"alias": text[:128]})
        den.put("key", "keys", {"name": text[:200], "kind": "user"})
        den.put("person", "people", {"email": f"{text[:60]}@example.com", "role": "user"})
        if alias:
            den.pages.append(f"/aliases/one?{urlencode({'alias': alias['alias'], 'model': alias['model']['id']})}")
        if provider:
            den.pages.append(f"/providers/{provider['id']}")
    den.admin.must("POST", f"/api/admin/models/by-id/test/connection?{on}")
    den.pages += [f"/models/{row}{page}" for row in rows for page in ("", "/edit")]


@pytest.fixture
def page(den: Den, open_page: Open) -> Page:
    page = open_page(den.server.url)
    page.context.add_init_script(CANARY)
    page.context.add_cookies(
        [{"name": name, "value": value, "url": den.server.url} for name, value in den.cookies.items()]
    )
    return page


LISTS = (
    "/",
    "/providers",
    "/models?limit=200",
    "/models?sort=-model_id&q=on",
    "/aliases",
    "/keys",
    "/people",
    "/runs",
    "/runs/new",
    "/playground",
    "/usage",
    "/account",
    "/settings",
    "/start/provider",
    "/start/models",
)
"""Each shows many of the texts at once."""


def test_the_api_takes_most_of_them_so_that_pages_have_something_to_show(den: Den) -> None:
    for what in ("provider", "model", "alias", "key"):
        assert den.taken[what] >= len(TEXTS) * 0.8, den.taken
    assert den.taken["header"] > 0
    assert den.taken["person"] > 0


@pytest.mark.hard
def test_nothing_of_a_text_is_run_or_becomes_a_part_of_a_page_or_breaks_it(den: Den, page: Page) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    wrong: list[str] = []
    step = count(max(1, len(den.pages) // 7), 4)
    for path in (*LISTS, *den.pages[::step]):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"/admin{path}")
        wrong += [f"{path}: {what}" for what in page.evaluate(INJECTED) + page.evaluate(BROKEN)]
        page.set_viewport_size(NARROW)
        wrong += [f"{path}, narrow: {what}" for what in page.evaluate(BROKEN)]
    assert dialogs == []
    assert wrong == [], "\n".join(wrong)


def test_a_reply_in_the_playground_is_text_and_its_stray_events_are_none(den: Den, page: Page) -> None:
    stray = b"event: execute\ndata: pwned()\n\n"
    whole = sse(*(delta(text) for text in TEXTS), delta(finish="stop"), "[DONE]")
    den.provider.answer("/chat/completions", [whole[0], b"%x\r\n%b\r\n" % (len(stray), stray), *whole[1:]])
    page.goto("/admin/playground?name=plain")
    page.locator("#play textarea[name=message]").fill("\n".join(TEXTS[:5]).replace("\x00", ""))
    page.locator("#send").click()
    expect(page.locator("#about")).to_contain_text("200")
    expect(page.locator("#stop")).to_be_hidden()
    assert page.evaluate(INJECTED) + page.evaluate(BROKEN) == []
    page.set_viewport_size(NARROW)
    assert page.evaluate(BROKEN) == []


def test_every_page_reads_without_scripts(den: Den, open_page: Open) -> None:
    page = open_page(den.server.url, java_script_enabled=False)
    page.context.add_cookies(
        [{"name": name, "value": value, "url": den.server.url} for name, value in den.cookies.items()]
    )
    for path in LISTS:
        page.goto(f"/admin{path}")
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("nav.sections a").count() > 5


def test_without_scripts_one_signs_in_and_forms_work(den: Den, open_page: Open) -> None:
    page = open_page(den.server.url, java_script_enabled=False)
    page.goto("/admin/models?q=plain")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("h1")).to_have_text("Models")
    switch = page.locator("main [role=switch]").first
    was = switch.get_attribute("aria-checked")
    switch.click()
    if page.locator("main [role=switch]").count() == 0:  # it asks first, on a page of its own
        page.locator("main form button").first.click()
    page.goto("/admin/models?q=plain")
    assert page.locator("main [role=switch]").first.get_attribute("aria-checked") != was
    page.goto("/admin/keys/new")
    page.locator("input[name=name]").fill("<b>No scripts</b>")
    page.locator("main form button[type=submit], main form footer button").first.click()
    expect(page.locator("#secret")).to_contain_text("lineup_")
