"""The panel in a browser: when something is seen, and how long it is ever busy."""

import statistics
from collections.abc import Callable, Iterator, Mapping

from playwright.sync_api import Browser, Page

from bench._panel_figures import Figure
from tests.fakes.browser import WINDOWED, running_chromium
from tests.fakes.watch import Watch

PAINTED_MS, TASK_MS = 500.0, 100.0
_LISTEN = """window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration)))
    .observe({type: "longtask", buffered: true});"""
_PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""
_LONGEST = """() => { const longest = Math.max(0, ...window.longTasks); window.longTasks = []; return longest; }"""
SETTLE_MS = 300
ACTS: dict[str, Callable[[Page], None]] = {
    "searched": lambda page: page.locator("#q").press_sequentially("qwen", delay=30),
    "sorted": lambda page: page.locator("thead a").first.click(),
    "switched": lambda page: page.locator("tbody [role=switch]").first.click(),
}


def seen_by_a_browser(url: str, cookies: Mapping[str, str], rounds: int) -> Iterator[Figure]:
    """Each round in a window of its own, which keeps nothing. A task under 50 ms counts as none: browsers do not tell.

    Raises NoBrowser, and AssertionError when anything goes wrong in the page.
    """
    painted: list[float] = []
    longest: dict[str, list[float]] = {"loaded": [], **{act: [] for act in ACTS}}
    with running_chromium(WINDOWED) as resting, resting.awake() as browser:
        for _ in range(rounds):
            watch = Watch()
            page = _opened(browser, url, cookies, watch)
            page.goto("/admin/models", wait_until="load")
            page.wait_for_timeout(SETTLE_MS)
            painted.append(page.evaluate(_PAINTED))
            longest["loaded"].append(page.evaluate(_LONGEST))
            for name, act in ACTS.items():
                with page.expect_response(lambda answer: "/admin/models" in answer.url):
                    act(page)
                page.wait_for_timeout(SETTLE_MS)
                longest[name].append(page.evaluate(_LONGEST))
            assert watch.problems() == []
            page.context.close()
    yield Figure("first contentful paint", "ms", statistics.median(painted), PAINTED_MS, min(painted), max(painted))
    for name, found in longest.items():
        yield Figure(f"longest task while {name}", "ms", max(found), TASK_MS, min(found))


def _opened(browser: Browser, url: str, cookies: Mapping[str, str], watch: Watch) -> Page:
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    context.add_init_script(_LISTEN)
    watch.over(context, url)
    return context.new_page()
