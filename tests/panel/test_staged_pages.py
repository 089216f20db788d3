"""Staged changes in the panel: staged from a preview, listed, told on the first page, cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench


def in_days(days: int) -> str:
    """As a browser's field sends it."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def models(workbench: Workbench) -> list[dict[str, Any]]:
    at = workbench.provider("http://127.0.0.1:9/v1")
    return [workbench.model(at["id"], workbench.name("m"), visible=True) for _ in range(2)]


def test_hiding_is_staged_from_its_preview_seen_and_cancelled(
    admin: Looker, workbench: Workbench, models: list[dict[str, Any]]
) -> None:
    row, successor = (model["id"] for model in models)
    chosen = {"filter": "", "ids": [row], "action": "hide"}
    admin.get("/admin/models")
    assert "Not now, but at a moment to come" in text_of(admin.send("/admin/models/bulk", chosen))
    past = admin.send("/admin/models/bulk/stage", {**chosen, "at": "2026-01-01T00:00"})
    assert (past.status, "must be a moment to come" in text_of(past)) == (422, True)
    later = {"at": in_days(30), "announce": "true", "message": "Use <b>another</b>.", "successor": successor}
    shown = text_of(admin.follow(admin.send("/admin/models/bulk/stage", {**chosen, **later})))
    title = f"Hide {models[0]['model_id']}"
    assert title in shown
    assert "Use <b>another</b>." in shown
    assert title in text_of(admin.get("/admin/activity/staged?state=waiting"))
    assert title in text_of(admin.get("/admin/"))
    page = text_of(admin.get(f"/admin/models/{row}"))
    assert f"{title} is staged for" in page
    assert "and callers are told" in page
    staged = workbench.admin.must("GET", "/api/admin/staged?state=waiting")["staged"]
    (mine,) = [one for one in staged if one["title"] == title]
    cancelled = text_of(admin.follow(admin.send(f"/admin/activity/staged/{mine['id']}/cancel")))
    assert f"{title}: cancelled." in cancelled
    assert workbench.admin.must("GET", f"/api/admin/models/{row}")["visible"]


def test_an_alias_is_pointed_elsewhere_later(admin: Looker, workbench: Workbench, models: list[dict[str, Any]]) -> None:
    name = workbench.name("alias")
    workbench.alias(models[0]["model_id"], name)
    where = f"?alias={name}&model={models[0]['id']}"
    admin.get(f"/admin/aliases/one{where}")
    preview = text_of(admin.send(f"/admin/aliases/one{where}", {"model": models[1]["id"], "description": ""}))
    assert "Not now, but at a moment to come" in preview
    later = {"target": models[1]["id"], "at": in_days(20)}
    shown = text_of(admin.follow(admin.send(f"/admin/aliases/stage?alias={name}", later)))
    assert f"Point {name} from {models[0]['model_id']} to {models[1]['model_id']}" in shown


def test_a_provider_is_switched_off_later(admin: Looker, workbench: Workbench, models: list[dict[str, Any]]) -> None:
    provider = workbench.admin.must("GET", f"/api/admin/providers/{models[0]['provider_id']}")
    asked = f"/admin/providers/{provider['id']}/enabled"
    assert f'href="{asked}?on=false"'.encode() in admin.get(f"/admin/providers/{provider['id']}").body
    assert "Not now, but at a moment to come" in text_of(admin.get(f"{asked}?on=false"))
    past = admin.send(f"{asked}/stage", {"on": "false", "at": "2026-01-01T00:00", "message": "Soon."})
    assert (past.status, "must be a moment to come" in text_of(past)) == (422, True)
    assert b'value="Soon."' in past.body
    later = {"on": "false", "confirm": "true", "at": in_days(30), "announce": "true", "message": "It closes."}
    shown = text_of(admin.follow(admin.send(f"{asked}/stage", later)))
    assert f"Switch {provider['name']} off" in shown
    assert "It closes." in shown
    assert workbench.admin.must("GET", f"/api/admin/providers/{provider['id']}")["enabled"]


def test_its_pages_are_for_everybody_to_read(
    admin_page: Page, workbench: Workbench, models: list[dict[str, Any]]
) -> None:
    hidden = {"operation": "models.visibility", "model_ids": [models[0]["id"]], "visible": False}
    wanted = {"change": hidden, "at": f"{in_days(30)}:00Z", "announce": {"message": "Soon."}}
    staged = workbench.admin.must("POST", "/api/admin/staged", wanted)
    for path in ("/admin/activity/staged", f"/admin/activity/staged/{staged['id']}"):
        admin_page.goto(path)
        assert violations(admin_page) == []
        wear(admin_page, "dark")
        assert violations(admin_page, *COLOURS) == []
        wear(admin_page, "light")
