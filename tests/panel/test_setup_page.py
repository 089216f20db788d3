"""The first administrator is made in a browser, with the link that the first start writes down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from model_lineup.settings import SETUP_LINK_FILE
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.server import EMAIL, PASSWORD, Server
from tests.fakes.watch import Watch
from tests.panel.conftest import Open


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server without any administrator."""
    with Server(tmp_path / "data", first_admin=False).start(wait_ready=False) as server:
        yield server


def test_the_link_makes_the_first_administrator_once(new_server: Server, open_page: Open, watch: Watch) -> None:
    link = (new_server.data_dir / SETUP_LINK_FILE).read_text().strip()
    page = open_page(new_server.url)
    page.goto(link)
    assert violations(page) == []
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.locator("body")).to_contain_text(EMAIL)
    assert new_server.admin().get("/api/admin/models").status == 200

    watch.allow("403 GET /admin/setup")
    page.goto(link)
    expect(page.locator("body")).to_contain_text("used up")
