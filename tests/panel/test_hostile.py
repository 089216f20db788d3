"""Texts that somebody who means harm put into every field, and into a provider's list, are text on every page."""

import csv
import io
import random
import re
from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Dialog, Page, ViewportSize, expect

from tests.fakes.counts import SEED, count
from tests.fakes.den import TEXTS, Den, as_id, filled_den
from tests.fakes.pages import Looker
from tests.fakes.provider import delta, sse
from tests.fakes.server import EMAIL, PASSWORD, by_id
from tests.fakes.watch import Watch
from tests.panel.conftest import Open

CANARY = "window.ran = 0; window.pwned = () => { window.ran += 1 }"
INJECTED = """() => {
    const named = [...document.querySelectorAll("main *, aside *")].flatMap((one) => [...one.attributes]
        .filter(({name, value}) => /^on|^hx-on/i.test(name) || name === "srcdoc"
            || (name === "style" && !one.closest(".uplot"))
            || (/^(href|src|action|hx-get|hx-post|formaction)$/.test(name)
                && /^\\s*javascript:|evil/i.test(value) && !value.startsWith("/admin/")))
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
WIDE: ViewportSize = {"width": 1280, "height": 800}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a table program begins to reckon at."""
REFUSED = re.compile("4(00|22) GET ")


def some(texts: Sequence[str]) -> Sequence[str]:
    return texts[: count(1, 20)]


@pytest.fixture(scope="module")
def den(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with filled_den(tmp_path_factory.mktemp("den")) as den:
        yield den


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
    "/activity",
    "/activity/security",
    "/usage?by=name",
    "/usage?by=key",
    "/usage?view=requests",
)
"""Each shows many of the texts at once."""


def test_the_api_takes_most_of_them_so_that_pages_have_something_to_show(den: Den) -> None:
    for what in ("provider", "model", "alias", "key", "key again", "anthropic", "ollama"):
        assert den.taken[what] >= len(TEXTS) * 0.8, den.taken
    assert den.taken["google"] > 0
    assert den.taken["header"] > 0
    assert den.taken["person"] > 0


@pytest.fixture
def dialogs(page: Page) -> Iterator[list[str]]:
    """What the pages have asked, which is nothing."""
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    yield asked
    assert asked == []


def wrong_with(page: Page, what: str) -> list[str]:
    """In a wide window and in a narrow one, which it is left in."""
    page.set_viewport_size(WIDE)
    found = page.evaluate(INJECTED) + page.evaluate(BROKEN)
    page.set_viewport_size(NARROW)
    return [f"{what}: {one}" for one in [*found, *(f"narrow: {one}" for one in page.evaluate(BROKEN))]]


@pytest.mark.hard
@pytest.mark.timeout(count(120, 1_200))
@pytest.mark.usefixtures("dialogs")
def test_nothing_of_a_text_is_run_or_becomes_a_part_of_a_page_or_breaks_it(
    den: Den, page: Page, watch: Watch, record_property: Callable[[str, object], None]
) -> None:
    paths = [*LISTS, *random.Random(SEED).sample(den.pages, min(len(den.pages), count(7, 300)))]
    wrong: list[str] = []
    for path in paths:
        page.goto(f"/admin{path}")
        wrong += wrong_with(page, path)
    watch.found = [one for one in watch.found if not REFUSED.match(one)]  # a text may be no name, or too long for one
    assert wrong == [], "\n".join(wrong)
    record_property(
        "did", f"{len(TEXTS)} texts on {len(paths)} of {len(den.pages) + len(LISTS)} pages: none runs or breaks"
    )


@pytest.mark.usefixtures("dialogs")
def test_nor_does_one_that_a_form_gives_back_or_asks_about(den: Den, page: Page, watch: Watch) -> None:
    """Two people at one key, a session that ends, a preview of many, and of what a fetch would change."""
    wrong: list[str] = []
    for number, text in enumerate(some(TEXTS)):
        key = den.rows["key"][number]
        line = as_id(text)[:150]
        page.goto(f"/admin/keys/{key}")
        page.locator("main [name=name]").fill(line)
        den.admin.must("PUT", f"/api/admin/keys/{key}", {"name": f"{number} {TEXTS[number][:100]!r}"})
        page.get_by_role("button", name="Save").click()
        expect(page.locator("main")).to_contain_text("Somebody else has changed")
        wrong += wrong_with(page, f"412 of {line!r}")
        page.goto("/admin/keys/new")
        page.locator("main [name=name]").fill(line)
        page.context.clear_cookies(name="lineup")
        page.get_by_role("button", name="Make the key").click()
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("h1")).to_contain_text("Send it now")
        wrong += wrong_with(page, f"session of {line!r}")
    watch.allow("412 POST /admin/keys/", "401 POST /admin/keys/new")
    for kind, (row, _) in den.others.items():
        den.list_at(kind, [f"{text[:200]} again" for text in TEXTS])
        page.goto(f"/admin/providers/{row}")
        page.get_by_role("button", name="Fetch models").click()
        expect(page.locator("main")).to_contain_text("What fetching would change")
        wrong += wrong_with(page, f"plan of {kind}")
    assert wrong == [], "\n".join(wrong)


def test_a_preview_of_many_and_their_exports_hold_them_as_text(den: Den) -> None:
    looker = Looker(den.server.client())
    looker.cookies = dict(den.cookies)
    looker.get("/admin/models")
    preview = looker.send("/admin/models/bulk", {"action": "hide", "all": "true", "filter": "", "exclude": ""})
    assert preview.status == 200, preview
    for path in ("/admin/models/export.csv", "/admin/usage/export?by=name", "/admin/usage/export?by=key"):
        answer = looker.get(path)
        assert answer.headers["content-disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)], path
    exported = {one["id"]: one["display_name"] for one in looker.get("/admin/models/export.json").json}
    for row in den.rows["model"]:
        assert exported[row] == den.admin.must("GET", f"/api/admin/models/{row}")["display_name"]


@pytest.mark.usefixtures("dialogs")
def test_a_run_that_goes_on_shows_hostile_names_as_text(den: Den, page: Page) -> None:
    den.provider.answer("/chat/completions", [0.05, *sse(delta(TEXTS[0]), delta(finish="stop"), "[DONE]")])
    model = den.admin.must("GET", f"/api/admin/models/{den.rows['model'][1]}")
    on = by_id(model["model_id"], "/benchmark", provider_id=model["provider"]["id"])
    run = den.admin.post(on, {"requests": 3_000, "warmup": 0}, headers={"prefer": "respond-async"})
    assert run.status == 202, run
    page.goto(f"/admin/runs/{run.json['id']}")
    expect(page.locator("[data-done]")).to_have_text(re.compile("[1-9]"))
    wrong = wrong_with(page, "the run")
    page.goto("/admin/runs")
    wrong += wrong_with(page, "the list")
    den.admin.delete(f"/api/admin/runs/{run.json['id']}")
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
