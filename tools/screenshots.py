"""Writes pictures of the Admin Panel's pages into docs/screenshots/: `python -m tools.screenshots [NAME …]`.

`make screenshots` runs it. Each page of `PAGES` in three looks, from a real server with something to show. Fails when
anything went wrong in the browser on the way, or when a picture is larger than it may be.
"""

import io
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from model_lineup.settings import SETUP_LINK_FILE
from tests.fakes.browser import WINDOWED, NoBrowser, running_chromium
from tests.fakes.server import EMAIL, PASSWORD, Server
from tests.fakes.showcase import Showcase, showcase
from tests.fakes.watch import Watch

FOLDER = Path(__file__).resolve().parent.parent / "docs/screenshots"
MOST_BYTES = 150_000
COLOURS = 256
SETTLE_MS = 300
"""For charts, which are drawn after the page is there."""
ANSWERED_WITHIN_MS = 30_000
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {**WIDE, "color_scheme": "light"},
    "dark": {**WIDE, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


@dataclass(frozen=True)
class Shown:
    """A page and the name of its pictures. `{model}` and the like in a path stand for rows of the showcase; `click`
    are selectors of what is clicked before, in this order; `shows` a text that is there once all is. `like`: the page
    that is built of the same parts, which tests look at more often."""

    name: str
    path: str
    click: tuple[str, ...] = ()
    shows: str = ""
    signed_in: bool = True
    like: str = ""


PAGES = [
    Shown("sign-in", "/sign-in", signed_in=False),
    Shown("overview", "/"),
    Shown("providers", "/providers"),
    Shown("provider-add", "/providers/new"),
    Shown("provider-form", "/providers/new?preset=ollama"),
    Shown("provider-move", "/providers/{provider}/move?direction=down", like="model-delete"),
    Shown("provider-switch", "/providers/{provider}/enabled?on=false", like="model-delete"),
    Shown("provider-delete", "/providers/{provider}/delete", like="model-delete"),
    Shown("models", "/models"),
    Shown("models-filtered", "/models?visible=true&sort=-context_length&limit=100", like="models"),
    Shown("model", "/models/{model}"),
    Shown("model-new", "/models/new", like="model-edit"),
    Shown("model-edit", "/models/{model}/edit"),
    Shown("model-groups", "/models/{limited_model}/groups"),
    Shown("model-delete", "/models/{model}/delete"),
    Shown("model-deleted", "/models/{deleted_model}/restore", like="model-delete"),
    Shown("capabilities", "/runs/capabilities?model={model}&model={other_model}"),
    Shown("catalogues", "/models/catalogue"),
    Shown("aliases", "/aliases"),
    Shown("alias", "/aliases/one?alias=fast&model={fast}"),
    Shown("alias-rollout", "/aliases/rollout?alias=fast&model={fast}"),
    Shown("alias-new", "/aliases/new"),
    Shown("alias-groups", "/aliases/groups?alias=fast&model={fast}", like="model-groups"),
    Shown("alias-import", "/aliases/import"),
    Shown("runs", "/runs"),
    Shown("run-new", "/runs/new?model={model}"),
    Shown("run", "/runs/{run}"),
    Shown("run-compare", "/runs/compare?id={run}&id={other_run}"),
    Shown("tests", "/runs/tests?since=0&id={model}&id={other_model}&id={lost_model}"),
    Shown("findings", "/findings"),
    Shown(
        "provider-tested",
        "/providers/{provider}",
        click=("main >> text=Test", "main >> text=See what a fetch"),
        shows="What fetching would change",
    ),
    Shown("plans", "/providers/plans"),
    Shown("plan", "/providers/plans/{plan}"),
    Shown("set-up", "/start/provider"),
    Shown("set-up-check", "/start/check?provider={provider}", like="set-up-models"),
    Shown("set-up-models", "/start/models"),
    Shown("set-up-alias", "/start/alias?model={model}", like="set-up-models"),
    Shown("set-up-call-it", "/start/use"),
    Shown("keys", "/keys"),
    Shown("key-new", "/keys/new"),
    Shown("key", "/keys/{key}"),
    Shown("key-sees", "/keys/{key}/sees", like="group-sees"),
    Shown("key-delete", "/keys/{key}/delete", like="model-delete"),
    Shown("people", "/people"),
    Shown("person-new", "/people/new", like="person"),
    Shown("person", "/people/{person}"),
    Shown("person-sees", "/people/{person}/sees", like="group-sees"),
    Shown("person-delete", "/people/{person}/delete", like="model-delete"),
    Shown("groups", "/groups"),
    Shown("group-new", "/groups/new", like="group"),
    Shown("group", "/groups/{group}"),
    Shown("group-sees", "/groups/{group}/sees"),
    Shown("group-delete", "/groups/{group}/delete", like="model-delete"),
    Shown("account", "/account"),
    Shown("account-key-new", "/account/keys/new", like="key-new"),
    Shown("account-key-delete", "/account/keys/{own_key}/delete", like="model-delete"),
    Shown("playground", "/playground?name=fast"),
    Shown("webhooks", "/settings/webhooks"),
    Shown("webhook", "/settings/webhooks/{webhook}"),
    Shown("webhook-new", "/settings/webhooks/new", like="webhook"),
    Shown("webhook-delete", "/settings/webhooks/{webhook}/delete", like="model-delete"),
    Shown("activity", "/activity"),
    Shown("change", "/activity/{change}"),
    Shown("undo", "/activity/{change}/undo"),
    Shown("staged", "/activity/staged"),
    Shown("staged-one", "/activity/staged/{staged}"),
    Shown("security", "/activity/security"),
    Shown("notices", "/activity/notices"),
    Shown("usage", "/usage"),
    Shown("settings", "/settings"),
    Shown("as-code", "/settings/as-code"),
]
"""Every page of the panel. tests/panel/test_every_page.py looks at each of them too."""
SETUP = "setup"
"""The first page of all, of a server that nobody can sign in to yet."""


def main(names: list[str]) -> int:
    if unknown := set(names) - {SETUP, *(page.name for page in PAGES)}:
        known = ", ".join([SETUP, *(page.name for page in PAGES)])
        print(f"screenshots: no page {', '.join(sorted(unknown))}; there are: {known}", file=sys.stderr)
        return 1
    wanted = [page for page in PAGES if not names or page.name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    watch = Watch()
    try:
        with (
            running_chromium(WINDOWED) as resting,
            tempfile.TemporaryDirectory(prefix="lineup-show-") as folder,
            showcase(Path(folder)) as show,
            resting.awake() as browser,
        ):
            too_large = [name for look in LOOKS for name in take(browser, show, look, wanted, watch)]
            if not names or SETUP in names:
                too_large += take_setup(browser, Path(folder) / SETUP, watch)
    except NoBrowser as why:
        print(f"screenshots: {why}", file=sys.stderr)
        return 1
    for problem in [*too_large, *watch.problems()]:
        print(f"screenshots: {problem}", file=sys.stderr)
    return 1 if too_large or watch.problems() else 0


def take(browser: Browser, show: Showcase, look: str, wanted: Iterable[Shown], watch: Watch) -> Iterable[str]:
    """Pictures of the pages in this look; what is to complain of them."""
    context = browser.new_context(base_url=show.server.url, reduced_motion="reduce", **LOOKS[look])
    watch.over(context, show.server.url)
    page = context.new_page()
    for shown in sorted(wanted, key=lambda one: one.signed_in):
        if shown.signed_in:
            sign_in_once(page)
        visit(page, show, shown)
        page.wait_for_timeout(SETTLE_MS)
        yield from keep(page, f"{shown.name}-{look}")
    context.close()


def take_setup(browser: Browser, folder: Path, watch: Watch) -> Iterable[str]:
    """Of the page that the link of a first start leads to; what is to complain of its pictures."""
    with Server(folder, first_admin=False).start(wait_ready=False) as server:
        link = (server.data_dir / SETUP_LINK_FILE).read_text().strip()
        for look, options in LOOKS.items():
            context = browser.new_context(base_url=server.url, reduced_motion="reduce", **options)
            watch.over(context, server.url)
            page = context.new_page()
            page.goto(link)
            yield from keep(page, f"{SETUP}-{look}")
            context.close()


def keep(page: Page, name: str) -> Iterable[str]:
    """Writes its picture; what is to complain of that."""
    picture = packed(page.screenshot(animations="disabled", caret="hide"))
    file = FOLDER / f"{name}.png"
    file.write_bytes(picture)
    print(f"{file.name:<34} {len(picture) / 1000:6.1f} kB", flush=True)
    if len(picture) > MOST_BYTES:
        yield f"{file.name} has {len(picture):,} bytes, more than {MOST_BYTES:,}"


def sign_in_once(page: Page) -> None:
    if any(cookie["name"].endswith("lineup") for cookie in page.context.cookies()):
        return
    page.goto("/admin/sign-in")
    page.locator("input[name=email]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("input[name=password]")).to_have_count(0)


def visit(page: Page, show: Showcase, shown: Shown) -> None:
    """The page, with what is to be clicked clicked."""
    page.goto(f"/admin{show.fill(shown.path)}")
    for selector in shown.click:
        page.locator(selector).locator("visible=true").first.click()
    if shown.shows:
        expect(page.locator("main")).to_contain_text(shown.shows, timeout=ANSWERED_WITHIN_MS)


def packed(picture: bytes) -> bytes:
    """With fewer colours, of which small marks keep theirs: a third of the size, and for pages of text no other
    picture."""
    few = (
        Image.open(io.BytesIO(picture))
        .convert("RGB")
        .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    packed = io.BytesIO()
    few.save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
