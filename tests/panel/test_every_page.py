"""Every page that there are pictures of: nothing for axe-core to find, light and dark, and no sideways scrolling."""

from collections.abc import Iterator

import pytest

from tests.fakes.browser import violations
from tests.fakes.pages import Looker
from tests.fakes.showcase import Showcase, showcase
from tests.panel.conftest import Open
from tools.screenshots import LOOKS, PAGES, Shown, visit

WIDER_THAN_ITS_WINDOW = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Showcase]:
    with showcase(tmp_path_factory.mktemp("showcase"), models=8, measured=2, requests=2) as show:
        yield show


@pytest.fixture(scope="module")
def signed_in(show: Showcase) -> dict[str, str]:
    """The administrator's cookies."""
    return Looker(show.server.client()).sign_in().cookies


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: str(shown.name))
def test_a_page_is_accessible_and_fits(
    shown: Shown, show: Showcase, signed_in: dict[str, str], open_page: Open
) -> None:
    page = open_page(show.server.url, **LOOKS["light"])
    if shown.signed_in:
        page.context.add_cookies(
            [{"name": name, "value": value, "url": show.server.url} for name, value in signed_in.items()]
        )
    visit(page, show, shown)
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast", "link-in-text-block") == []  # nothing but colours is another in the dark
    page.set_viewport_size(LOOKS["narrow"]["viewport"])
    assert page.evaluate(WIDER_THAN_ITS_WINDOW) <= 0
