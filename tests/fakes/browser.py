"""A real Chromium: found or installed, started, and asked about what is in reach of everybody.

    with running_chromium() as resting, resting.awake() as browser:
        page = browser.new_page()

Whatever the machine has on its PATH is taken, and first the one without a window's machinery, which takes a quarter
less of the processor; root gets one from apt. Nothing is downloaded by Playwright.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

WINDOWED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What people have; for measurements and pictures."""
NAMES = ("chromium-headless-shell", *WINDOWED)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AXE = Path(__file__).parents[2] / "build/browser/axe.js"
INSTALL_WITHIN_S = 100
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules that a theme can break; all others say the same in the light and in the dark."""
_RUN_AXE = """async ({rules, within}) => {
    const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
    const found = await axe.run(within || document, {resultTypes: ["violations", "incomplete"], ...only});
    const unseen = found.incomplete.flatMap((rule) => rule.nodes
        .filter((node) => node.any.some((check) => check.data?.messageKey === "equalRatio"))
        .map((node) => [rule.id, "serious", "Text has the colour of what it stands on", node.target.join(" "), ""]));
    return unseen.concat(found.violations.flatMap((rule) => rule.nodes.map(
        (node) => [rule.id, rule.impact, rule.help, node.target.join(" "), node.failureSummary])));
}"""


class NoBrowser(Exception):
    """The message says what was looked for, and why there is none."""


@dataclass(frozen=True)
class RestingChromium:
    """Playwright keeps an event loop running in this thread. While it rests, other tests may run theirs."""

    _browser: Browser
    _loop: asyncio.AbstractEventLoop

    @contextmanager
    def awake(self) -> Iterator[Browser]:
        """The browser, to be used until the block ends."""
        asyncio._set_running_loop(self._loop)
        try:
            yield self._browser
        finally:
            asyncio._set_running_loop(None)


@contextmanager
def running_chromium(names: Sequence[str] = NAMES) -> Iterator[RestingChromium]:
    """The first of `names` that there is, else any. Raises NoBrowser."""
    path = _found(names) or chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        resting = RestingChromium(browser, asyncio.get_running_loop())
        asyncio._set_running_loop(None)
        try:
            yield resting
        finally:
            with resting.awake():
                browser.close()
            asyncio._set_running_loop(resting._loop)  # playwright ends its own loop


@cache
def chromium_path() -> str:
    """Of the first on the PATH, or of the one that apt has installed just now. Raises NoBrowser."""
    if found := _found():
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoBrowser(f"none of {', '.join(NAMES)} is on the PATH, and only root can have apt-get install one")
    with (Path(tempfile.gettempdir()) / "lineup-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers of one test run look at the same time
        said = "" if _found() else _install()
    if found := _found():
        return found
    raise NoBrowser(f"none of {', '.join(NAMES)} is on the PATH, and apt-get has installed none: {said}")


def _found(names: Sequence[str] = NAMES) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _install() -> str:
    """The end of what apt-get said. One that takes long is left to itself: ended half-way it would harm the machine."""
    install = "apt-get -qq install -y --no-install-recommends"
    quiet = f"apt-get -qq update && {{ {install} chromium-headless-shell || {install} chromium; }}"
    with tempfile.TemporaryFile("w+") as said:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        running = subprocess.Popen(
            ["sh", "-c", quiet], stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, text=True
        )
        try:
            running.wait(INSTALL_WITHIN_S)
        except subprocess.TimeoutExpired:
            return f"it is not done after {INSTALL_WITHIN_S} s"
        said.seek(0)
        return said.read()[-300:].strip()


def violations(page: Page, *rules: str, within: str = "") -> list[str]:
    """What axe-core finds wrong with the page as it stands: rule, weight, element, and what would mend it.

    `rules`: those to ask for, like "color-contrast"; all that are usual without any. `within`: a selector of the part
    that is asked about; the whole page without.
    """
    page.wait_for_load_state()  # a page that is half there has half its landmarks
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    found: list[list[Any]] = page.evaluate(_RUN_AXE, {"rules": list(rules), "within": within})
    return [f"{rule} ({impact}): {about}: {where}: {mend}" for rule, impact, about, where, mend in found]


def wear(page: Page, theme: Literal["light", "dark"]) -> None:
    """Have the system want that theme, and wait until an open page has it: it is told with its next frame, and axe-core
    would look at a page that changes under it, or at one that has not changed yet."""
    page.emulate_media(color_scheme=theme)
    expect(page.locator("html.dark")).to_have_count(int(theme == "dark"))


@cache
def _axe() -> str:
    if not AXE.exists():
        raise RuntimeError(f"{AXE.name} is missing: make setup-dev gets it")
    return AXE.read_text("utf-8")
