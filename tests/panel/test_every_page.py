"""Every page that there are pictures of, and every other state of one: nothing for axe-core to find, light and dark,
and no sideways scrolling."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page

from model_lineup.panel.application import ROUTERS
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.counts import SEED, count
from tests.fakes.server import running_server
from tests.fakes.showcase import Showcase, showcase
from tests.fakes.states import PATIENCE_MS, STATES, Stage, State, reach, stage
from tests.fakes.watch import Watch
from tests.panel.conftest import Open
from tools.screenshots import LOOKS, PAGES, Shown, visit

WIDER_THAN_ITS_WINDOW = "() => document.documentElement.scrollWidth - window.innerWidth"
BOXES_ABOVE_THEIR_WORDS = """() => [...document.querySelectorAll(":is(.row, .field, label) > [type=checkbox]")]
    .filter((box) => {
    const words = document.createRange();
    words.setStartAfter(box);
    words.setEndAfter(box.parentElement.lastChild);
    return words.getClientRects()[0]?.top >= box.getBoundingClientRect().bottom;
}).length"""
AT_ONCE = 10
"""Pages that one test looks at: a new window for each costs more than looking."""
NO_PAGES = {
    **dict.fromkeys(("/models/export.csv", "/models/export.json", "/usage/export"), "a file"),
    **dict.fromkeys(("/settings/as-code/lineup.toml", "/runs/{run_id:row}/file", "/static/{version}/{name}"), "a file"),
    **dict.fromkeys(("/models/{row_id:row}/capabilities", "/playground/steps", "/runs/{run_id:row}/row"), "a piece"),
    **dict.fromkeys(("/runs/live", "/runs/{run_id:row}/events"), "a stream"),
    "": "leads to /",
    "/start": "leads to the first step that is left",
    **dict.fromkeys(("/sign-in/single", "/account/connect", "/sign-out/provider"), "leads to another site"),
    **dict.fromkeys(("/sign-in/callback", "/signed-out"), "wants another site: test_single_sign_on.py looks at it"),
    "/models/{row_id:row}/confirm": "only where a name would move: test_models.py has it come to that",
    "/setup": "of a server without people: test_setup_page.py looks at it; a used one is a state",
}
"""Addresses that answer with no page of their own, or with one that is looked at elsewhere."""
FEW = 12
"""States on every day; all of them in `make hard`."""
T = TypeVar("T")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Showcase]:
    with showcase(tmp_path_factory.mktemp("showcase"), models=8, measured=2, requests=2) as show:
        yield show


@pytest.fixture(scope="module")
def on(show: Showcase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_server(tmp_path_factory.mktemp("empty")) as empty, stage(show, empty) as on:
        yield on


@pytest.fixture
def page(open_page: Open, on: Stage, watch: Watch) -> Page:
    page = open_page(on.full.url, **LOOKS["light"])
    page.context.set_default_timeout(PATIENCE_MS)
    watch.also(on.empty.url)
    return page


def some(every: Sequence[T]) -> list[Sequence[T]]:
    return [every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE)]


def pattern(path: str) -> str:
    """Of an address, whatever its rows are called and whatever it is asked."""
    return re.sub(r"{.*?}", "{}", path.partition("?")[0])


def test_every_address_has_its_picture_or_a_reason() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    answering = {route.path.removeprefix("/admin") for route in routes if "GET" in (route.methods or ())}
    shown = {pattern(page.path) for page in PAGES}
    assert sorted(path for path in answering if pattern(path) not in shown) == sorted(NO_PAGES)
    assert sorted(shown - {pattern(path) for path in answering}) == []


def test_what_a_page_is_like_is_looked_at_every_day() -> None:
    assert {page.like for page in PAGES if page.like} <= {page.name for page in PAGES if not page.like}


def first_name(few: Sequence[Shown | State]) -> str:
    return f"{few[0].name}…"


@pytest.mark.hard
@pytest.mark.timeout(240)
@pytest.mark.parametrize("few", some(count([page for page in PAGES if not page.like], PAGES)), ids=first_name)
def test_a_page_is_accessible_and_fits(few: Sequence[Shown], show: Showcase, on: Stage, page: Page) -> None:
    wrong = {}
    for shown in few:
        on.become(page, "admin" if shown.signed_in else "stranger")
        wrong[shown.name] = looked_at(page, partial(visit, page, show, shown))
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.hard
@pytest.mark.timeout(240)
@pytest.mark.parametrize("few", some(count(random.Random(SEED).sample(STATES, FEW), STATES)), ids=first_name)
def test_so_is_every_other_state_of_it(few: Sequence[State], on: Stage, page: Page, watch: Watch) -> None:
    wrong = {}
    for state in few:
        watch.allow(*state.refused)
        wrong[state.name] = looked_at(page, partial(reach, page, on, state), within="main")
    assert {name: found for name, found in wrong.items() if found} == {}


def looked_at(page: Page, come: Callable[[], None], within: str = "") -> list[str]:
    """What is wrong with the page, or with this part of it, as it is after `come`."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(LOOKS["light"]["viewport"])
    come()
    found = violations(page, within=within)
    found += [f"{count} headings of the first rank" for count in [page.locator("h1").count()] if count != 1]
    wear(page, "dark")
    found += violations(page, *COLOURS, within=within)
    page.set_viewport_size(LOOKS["narrow"]["viewport"])
    wide, above = page.evaluate(WIDER_THAN_ITS_WINDOW), page.evaluate(BOXES_ABOVE_THEIR_WORDS)
    found += [f"{wide} px wider than its window"] if wide > 0 else []
    return found + ([f"{above} tick boxes stand above their words"] if above else [])
