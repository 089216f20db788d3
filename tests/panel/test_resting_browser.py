"""A browser that was started for one test is in no other test's way."""

import asyncio

import pytest
from playwright.sync_api import Page

from tests.fakes.browser import NoBrowser, RestingChromium, chromium_path


def test_other_tests_run_event_loops_while_the_browser_rests(resting_chromium: RestingChromium) -> None:
    async def a_process_and_a_pause() -> int | None:
        process = await asyncio.create_subprocess_exec("true")
        await asyncio.sleep(0.01)
        return await process.wait()

    assert asyncio.run(a_process_and_a_pause()) == 0
    with resting_chromium.awake() as browser:
        page = browser.new_page()
        page.set_content("<h1>Still here</h1>")
        assert page.inner_text("h1") == "Still here"
        page.close()
    assert asyncio.run(a_process_and_a_pause()) == 0


def test_the_page_of_a_test_is_nobodys(page: Page) -> None:
    answer = page.goto("/api/docs")
    assert answer is not None
    assert answer.status == 200
    assert page.context.cookies() == []


def test_a_missing_browser_is_named_with_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        NoBrowser, match=r"none of chromium-headless.*, chromium, .* and only root can have apt-get install one"
    ):
        chromium_path.__wrapped__()
