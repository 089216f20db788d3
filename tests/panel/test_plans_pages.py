"""Plans of fetches in the panel: kept, looked at, applied in part after a preview, refused when overtaken; and the
rules and the schedule of a provider."""

import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import Answer, Server, Workbench

HOSTILE = "a/<script>alert(1)</script>\u202e{{7*7}}"


@pytest.fixture
def upstream() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        lists(provider, {"gone": {}, "longer": {"max_model_len": 10}})
        yield provider


@pytest.fixture
def provider(workbench: Workbench, upstream: FakeProvider) -> dict[str, Any]:
    """It was fetched; now its list is another one."""
    made: dict[str, Any] = workbench.provider(upstream.base_url)
    workbench.admin.must("POST", f"/api/admin/providers/{made['id']}/fetch")
    lists(upstream, {"longer": {"max_model_len": 20}, HOSTILE: {}, "new-preview": {}})
    return made


def lists(provider: FakeProvider, models: dict[str, dict[str, Any]]) -> None:
    provider.answer("/models", reply({"data": [{"id": name, **facts} for name, facts in models.items()]}))


def kept(admin: Looker, provider: dict[str, Any]) -> tuple[str, Answer]:
    """The address of a new plan, and its page."""
    admin.get(f"/admin/providers/{provider['id']}")
    answer = admin.send(f"/admin/providers/{provider['id']}/plan")
    return answer.headers["location"], admin.follow(answer)


def box_of(page: Answer, model_id: str) -> str:
    found = re.search(rf'name="item" value="(\d+)" aria-label="Apply to {re.escape(model_id)}"', page.body.decode())
    assert found is not None
    return found[1]


def test_a_plan_is_kept_looked_at_and_applied_in_part(
    admin: Looker, workbench: Workbench, provider: dict[str, Any]
) -> None:
    here, page = kept(admin, provider)
    words = text_of(page)
    assert "to review" in words
    assert "context_length 10 → 20" in words
    assert HOSTILE in words
    assert b"<script>alert" not in page.body
    assert "gone" in text_of(admin.get(f"{here}?outcome=vanished&q=GON"))
    assert "No such items" in text_of(admin.get(f"{here}?q=nothing-like-it"))
    assert "4 items to review" in text_of(admin.get("/admin/"))
    admin.get(here)
    assert "Tick the items" in text_of(admin.follow(admin.send(here)))
    chosen = {"item": [box_of(page, "longer"), box_of(page, "gone")]}
    assert "Apply 2 items of plan" in text_of(admin.send(here, chosen))
    done = admin.follow(admin.send(here, {**chosen, "what": "items", "apply": "true"}))
    assert "2 items applied." in text_of(done)
    assert "partly applied" in text_of(done)
    assert "2 items of the plan would be left" not in text_of(admin.send(here, {"what": "added"}))
    assert "discarded" in text_of(admin.follow(admin.send(f"{here}/discard")))
    assert "discarded" in text_of(admin.get("/admin/providers/plans?status=discarded"))
    models = workbench.admin.must("GET", f"/api/admin/models?provider_id={provider['id']}")["models"]
    assert {one["model_id"]: one["status"] for one in models} == {"gone": "vanished", "longer": "untested"}


def test_models_that_only_seem_to_change_are_said_to(
    admin: Looker, server: Server, upstream: FakeProvider, provider: dict[str, Any]
) -> None:
    """As after an upgrade: what is stored is from a reading that knew less."""
    with closing(sqlite3.connect(server.data_dir / "lineup.db", timeout=30)) as database, database:
        database.execute("UPDATE providers SET list_reading = 0 WHERE id = ?", (provider["id"],))
    lists(upstream, {"gone": {"owned_by": "acme"}, "longer": {"max_model_len": 20}})
    here, page = kept(admin, provider)
    assert "1 of the 2 changed: Lineup reads more of this provider’s list than before" in text_of(page)
    assert "Lineup reads more of this provider's list now" in text_of(admin.get(f"{here}?outcome=changed"))
    rehearsed = text_of(admin.send(f"/admin/providers/{provider['id']}/fetch"))
    assert "1 of the 2 changed: Lineup reads more of this provider’s list than before" in rehearsed


def test_a_plan_that_was_overtaken_says_by_what_and_applies_nothing(
    admin: Looker, workbench: Workbench, provider: dict[str, Any]
) -> None:
    here, _ = kept(admin, provider)
    models = workbench.admin.must("GET", f"/api/admin/models?provider_id={provider['id']}&q=longer")["models"]
    workbench.admin.must("PUT", f"/api/admin/models/{models[0]['id']}", {"context_length": 7})
    refused = admin.send(here, {"what": "all", "apply": "true"})
    assert refused.status == 409
    assert "Nothing was applied: 1 item would do something else now" in text_of(refused)
    assert "now pinned by an admin: context_length" in text_of(refused)
    newer, _ = kept(admin, provider)
    assert newer != here
    assert "overtaken by plan" in text_of(admin.get(here))


def test_rules_are_tried_and_kept_with_the_schedule(
    admin: Looker, workbench: Workbench, provider: dict[str, Any]
) -> None:
    here = f"/admin/providers/{provider['id']}"
    kept(admin, provider)
    admin.get(here)
    entered = {"include": "", "ignore": "*-preview\r\n", "every_minutes": "60", "apply": ["added", "vanished"]}
    tried = text_of(admin.send(f"{here}/fetching", {**entered, "do": "check"}))
    assert "Of 4 known models a fetch would look at 3 and leave 1 alone" in tried
    version = workbench.admin.must("GET", f"/api{here}")["version"]
    wrong = admin.send(f"{here}/fetching", {**entered, "every_minutes": "1", "version": version})
    assert wrong.status == 422
    assert "*-preview" in text_of(wrong)
    assert admin.send(f"{here}/fetching", {**entered, "version": version}).status == 303
    stored = workbench.admin.must("GET", f"/api{here}")
    assert stored["fetch_rules"] == {"include": [], "ignore": ["*-preview"]}
    assert stored["fetch_schedule"] == {"every_minutes": 60, "apply": ["added", "vanished"]}
    assert admin.send(f"{here}/fetching", {**entered, "version": version}).status == 412
    ran = text_of(admin.follow(admin.send(f"{here}/fetching/run")))
    # The schedule itself may have come first: it is under way then, or has done everything.
    assert any(
        said in ran for said in ("left to review", "is being fetched at this moment", "The list says nothing new")
    )
    workbench.admin.must("PUT", f"/api{here}", {"fetch_schedule": None})


def test_a_fetch_that_is_under_way_is_told_and_not_begun_twice(
    admin: Looker, workbench: Workbench, upstream: FakeProvider, provider: dict[str, Any]
) -> None:
    here = f"/admin/providers/{provider['id']}"
    before = len(upstream.requests)
    upstream.answer("/models", (1.0, *reply({"data": []})))
    with ThreadPoolExecutor(1) as meanwhile:
        first = meanwhile.submit(workbench.admin.must, "POST", f"/api{here}/fetch-schedule/run")
        while len(upstream.requests) == before:
            time.sleep(0.01)
        admin.get(here)
        assert "is being fetched at this moment" in text_of(admin.follow(admin.send(f"{here}/fetching/run")))
        first.result()
    assert len(upstream.requests) == before + 1


def test_a_list_that_cannot_be_read_makes_no_plan(
    admin: Looker, upstream: FakeProvider, provider: dict[str, Any]
) -> None:
    upstream.answer("/models", reply({"error": {"message": "no"}}, status=401))
    admin.get(f"/admin/providers/{provider['id']}")
    assert "The test failed at auth" in text_of(admin.send(f"/admin/providers/{provider['id']}/plan"))


def test_a_plan_and_its_provider_have_nothing_for_axe_to_find(
    admin_page: Page, workbench: Workbench, provider: dict[str, Any]
) -> None:
    page = admin_page
    page.goto(f"{page.url.partition('/admin')[0]}/admin/providers/{provider['id']}")
    assert violations(page) == []
    page.get_by_role("button", name="Keep as a plan").click()
    page.get_by_role("heading", name=re.compile(r"Plan \d+")).wait_for()
    assert violations(page) == []
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
    page.get_by_role("button", name="Apply all").click()
    page.get_by_role("heading", name=re.compile("Apply 4 items")).wait_for()
    assert violations(page) == []
