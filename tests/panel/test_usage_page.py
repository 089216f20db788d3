"""Usage: the report, single requests page by page, CSV, and who sees what."""

import csv
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from model_lineup.panel.usage import harmless
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.paced import Paced, paced
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Workbench


@pytest.fixture(scope="module")
def quick() -> Iterator[Paced]:
    with paced("--ttft-ms", "1", "--gap-ms", "1", "--tokens", "3") as running:
        yield running


@pytest.fixture(scope="module")
def model(quick: Paced, workbench: Workbench) -> str:
    """A model that was called three times."""
    model = str(workbench.model(workbench.provider(quick.base_url)["id"], visible=True)["model_id"])
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    key = {"authorization": f"Bearer {workbench.key('user')['key']}"}
    for _ in range(3):
        workbench.admin.post("/v1/chat/completions", body, headers=key)
    return model


def test_the_page_in_a_browser(admin_page: Page, model: str) -> None:
    admin_page.goto(f"/admin/usage?name={model}&by=outcome")
    expect(admin_page.get_by_role("img", name="Requests per day")).to_be_visible()
    assert violations(admin_page) == []
    wear(admin_page, "dark")
    assert violations(admin_page, *COLOURS) == []
    admin_page.get_by_role("link", name="Single requests").click()
    expect(admin_page.get_by_role("table", name="Single requests").locator("tbody tr")).to_have_count(3)
    assert violations(admin_page) == []
    admin_page.get_by_role("link", name="7 days").click()
    assert "view=requests" in admin_page.url


@pytest.mark.parametrize(
    "by", ["model", "key", "day", "name", "provider", "outcome", "person", "group", "on_behalf_of"]
)
def test_sums_by_each_dimension(admin: Looker, model: str, by: str) -> None:
    answer = admin.get(f"/admin/usage?by={by}&name={model}")
    assert answer.status == 200
    assert "Requests3" in text_of(answer)


def test_the_csv_has_what_the_page_has(admin: Looker, model: str) -> None:
    answer = admin.get(f"/admin/usage/export?by=outcome&name={model}")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = {row["outcome"]: row for row in csv.DictReader(answer.body.decode().splitlines())}
    assert rows["completed"]["requests"] == "3"
    assert rows["completed"]["completion_tokens"] == "9"
    assert rows["completed"]["cost_usd"] == ""


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_what_looks_like_a_formula_is_text_in_the_csv(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


def test_single_requests_come_page_by_page(admin: Looker, workbench: Workbench, model: str) -> None:
    key = {"authorization": f"Bearer {workbench.key('user')['key']}"}
    body = {"model": "no-such-name-at-all", "messages": [{"role": "user", "content": "x"}]}
    for _ in range(55):
        workbench.admin.post("/v1/chat/completions", body, headers=key)
    first = admin.get("/admin/usage?view=requests&name=no-such-name-at-all")
    assert first.body.count(b"<tr><td") == 50
    older = first.body.decode().partition("before=")[2].partition('"')[0]
    second = admin.get(f"/admin/usage?view=requests&name=no-such-name-at-all&before={older}")
    assert second.body.count(b"<tr><td") == 5
    assert "model_not_found" in text_of(second)


@pytest.mark.parametrize(
    "query", ["from=2030-01-02&to=2030-01-01", "from=yesterday", "by=mood", "outcome=good", "key_id=x", "before=1-"]
)
def test_what_is_wrong_is_said_and_the_usual_days_are_shown(admin: Looker, query: str) -> None:
    answer = admin.get(f"/admin/usage?view=requests&{query}")
    assert answer.status == 422
    assert "Shown instead: the last 30 days." in text_of(answer)


def test_ten_years_are_drawn_in_few_bars(admin: Looker) -> None:
    answer = admin.get("/admin/usage?from=2020-01-01&to=2029-12-31")
    assert "Requests per four weeks" in text_of(answer)
    assert len(answer.body) < 120_000


def test_people_see_their_own_usage_and_nothing_else(workbench: Workbench, stranger: Looker, model: str) -> None:
    made, token = workbench.person("user")
    bearer = {"authorization": f"Bearer {token}"}
    key = workbench.admin.must("POST", "/api/me/keys", {"name": workbench.name("own"), "kind": "user"}, headers=bearer)[
        "key"
    ]
    body = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    workbench.admin.post("/v1/chat/completions", body, headers={"authorization": f"Bearer {key}"})
    stranger.get("/admin/sign-in")
    stranger.send("/admin/sign-in", {"email": made["email"], "password": PASSWORD})
    said = text_of(stranger.get("/admin/usage?key_id=1&view=requests"))
    assert "Your usage" in said
    assert "Requests1" in said
    assert "Single requests" not in said
    assert stranger.get("/admin/usage?by=provider").status == 422
    assert stranger.get("/admin/usage/export?by=person").status == 422
    own = stranger.get("/admin/usage/export?by=outcome").body.decode().splitlines()
    assert own[1].startswith("completed,1,")
