"""Visitors of the panel: with a browser, in whose windows nothing may go wrong unnamed; and without scripts."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.fakes.browser import NoBrowser, RestingChromium, running_chromium
from tests.fakes.pages import Looker
from tests.fakes.server import Server
from tests.fakes.watch import Watch

Open = Callable[..., Page]
WITHIN_MS = 60_000
"""What a page has to show is waited for; on a busy machine for long."""

expect.set_options(timeout=WITHIN_MS)


@pytest.fixture(scope="session")
def resting_chromium() -> Iterator[RestingChromium]:
    """One for all tests of this process; those of other rooms do not notice that it runs."""
    try:
        with running_chromium() as chromium:
            yield chromium
    except NoBrowser as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no browser: {why}")


@pytest.fixture
def chromium(resting_chromium: RestingChromium) -> Iterator[Browser]:
    """The browser, usable until the test ends. A test that has it cannot start an event loop in this thread."""
    with resting_chromium.awake() as browser:
        yield browser


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What goes wrong in this test's browser windows; ask it to `allow` what shall."""
    watch = Watch()
    yield watch
    assert watch.problems() == []


@pytest.fixture
def open_page(chromium: Browser, server: Server, watch: Watch) -> Iterator[Open]:
    """`open_page(url=server.url, **options)`: a page in a new window of a new person.

    Options are those of Playwright's contexts: `color_scheme="dark"`, `java_script_enabled=False`, `viewport`, …
    Addresses are relative to the server's: `page.goto("/admin")`.
    """
    opened: list[BrowserContext] = []

    def open_page(url: str = server.url, **options: Any) -> Page:
        context = chromium.new_context(base_url=url, **{"reduced_motion": "reduce", **options})
        context.set_default_timeout(WITHIN_MS)
        watch.over(context, url)
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture
def page(open_page: Open) -> Page:
    """A page at the shared server, nobody signed in."""
    return open_page()


@pytest.fixture(scope="session")
def admin_cookies(server: Server) -> dict[str, str]:
    """Of one session for all tests; who signs out, signs in himself."""
    return Looker(server.client()).sign_in().cookies


@pytest.fixture
def open_admin_page(open_page: Open, server: Server, admin_cookies: dict[str, str]) -> Open:
    """`open_admin_page(**options)`: another window at the shared server's overview, the administrator signed in."""

    def open_admin_page(**options: Any) -> Page:
        page = open_page(**options)
        page.context.add_cookies(
            [{"name": name, "value": value, "url": server.url} for name, value in admin_cookies.items()]
        )
        page.goto("/admin/")
        return page

    return open_admin_page


@pytest.fixture
def admin_page(open_admin_page: Open) -> Page:
    """A page at the shared server's overview, the administrator signed in."""
    return open_admin_page()


@pytest.fixture
def stranger(server: Server) -> Looker:
    """Somebody without scripts who is not signed in."""
    return Looker(server.client())


@pytest.fixture
def admin(stranger: Looker) -> Looker:
    return stranger.sign_in()
