"""Webhooks and notices in the panel: added, tried, changed, a new secret, what became of deliveries, deleted."""

import base64
import contextlib
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from model_lineup.app import open_database
from model_lineup.notices import store as notice_store
from model_lineup.notices.shapes import Notice
from model_lineup.settings import Settings
from model_lineup.webhooks import store
from tests.fakes.browser import COLOURS, violations, wear
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import FakeProvider, fake_provider, reply
from tests.fakes.server import Server, Workbench

HOSTILE = "gone <script>alert(1)</script>\u202e{{7*7}}"
NEW = {"format": "json", "network_scope": "loopback"}


@pytest.fixture
def receiver() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/hook/canary-path", reply({"ok": True}))
        yield provider


@pytest.fixture
def hook(workbench: Workbench, receiver: FakeProvider) -> Iterator[dict[str, Any]]:
    """One that is off: what the shared server tells meanwhile is not for it."""
    url = f"{receiver.base_url}/hook/canary-path"
    body = {"name": workbench.name("team"), "url": url, "network_scope": "loopback", "enabled": False}
    made = workbench.admin.must("POST", "/api/admin/webhooks", body)
    yield made
    workbench.admin.delete(f"/api/admin/webhooks/{made['id']}")


def told(server: Server, webhook_id: int) -> None:
    """A notice of every outcome that a delivery can have, made just now: the server forgets old ones."""
    at = time.time_ns() // 1_000
    outcomes: tuple[dict[str, Any], ...] = (
        {"status": "delivered", "attempts": 1, "http_status": 200, "due_at": None},
        {"status": "failed", "attempts": 5, "http_status": 500, "message": "It answered 500.", "due_at": None},
        {"status": "waiting", "attempts": 2, "http_status": None, "message": "Refused.", "due_at": 2**52},
    )
    with contextlib.closing(open_database(Settings.model_validate({"data_dir": server.data_dir}))) as database:
        for number, outcome in enumerate(outcomes):
            notice = Notice(kind="model_vanished", subject="model 1", state=f"vanished {number}", text=HOSTILE)
            with database.write_activity() as connection:
                made = notice_store.add(connection, notice, at + number, spread=True)
                store.queue(connection, webhook_id, made, at + number)
                [due] = [one for one in store.due(connection, at + number, 1_000) if one.notice_id == made]
                store.keep(connection, due.id, outcome)


def test_a_webhook_is_added_tried_changed_and_deleted(
    admin: Looker, workbench: Workbench, receiver: FakeProvider
) -> None:
    name = workbench.name("pager")
    admin.get("/admin/settings/webhooks/new")
    url = f"{receiver.base_url}/hook/canary-path"
    wrong = admin.send("/admin/settings/webhooks/new", {**NEW, "name": name, "url": url, "network_scope": "public"})
    assert wrong.status == 422
    assert name in text_of(wrong) or name.encode() in wrong.body
    assert b"canary-path" not in wrong.body
    entered = {**NEW, "name": name, "url": url, "secret": "a-secret-canary", "events": ["key_expiring"]}
    made = admin.send("/admin/settings/webhooks/new", entered)
    here = made.headers["location"]
    page = admin.follow(made)
    assert "signed." in text_of(page)
    assert b"canary" not in page.body
    row = workbench.admin.must("GET", f"/api{here}".replace("/admin/settings", "/admin"))
    assert (row["events"], row["secret_set"], row["format"]) == (["key_expiring"], True, "json")
    assert "The test arrived" in text_of(admin.follow(admin.send(f"{here}/test")))
    assert json.loads(receiver.requests[-1].body)["event"] == "test"
    changes = {**NEW, "name": f"{name}2", "format": "slack", "version": row["version"]}
    assert "is changed." in text_of(admin.follow(admin.send(here, changes)))
    assert "saving again puts it over that" in text_of(admin.send(here, {**changes, "enabled": "true"}))
    assert admin.send(here, {**changes, "name": "", "version": ""}).status == 422
    receiver.answer("/hook/canary-path", reply({}, status=500))
    assert "did not arrive: It answered 500." in text_of(admin.follow(admin.send(f"{here}/test")))
    assert json.loads(receiver.requests[-1].body).keys() == {"text"}
    listed = admin.get("/admin/settings/webhooks")
    assert f"{name}2" in text_of(listed)
    assert b"canary" not in listed.body
    assert "cannot be brought back" in text_of(admin.get(f"{here}/delete"))
    assert f"{name}2 is deleted" in text_of(admin.follow(admin.send(f"{here}/delete")))
    assert admin.get(here).status == 404


def test_a_new_secret_is_shown_once_and_signs_what_is_sent(
    admin: Looker, hook: dict[str, Any], receiver: FakeProvider
) -> None:
    here = f"/admin/settings/webhooks/{hook['id']}"
    assert "Make a secret" in text_of(admin.get(here))
    shown = admin.send(f"{here}/secret")
    assert shown.headers["cache-control"] == "no-store"
    found = re.search(rb'id="secret">(whsec_[\w+/=&#;]+)<', shown.body)
    assert found is not None
    assert len(base64.b64decode(found[1].decode().removeprefix("whsec_"))) == 24
    assert found[1] not in admin.get(here).body
    admin.send(f"{here}/test")
    assert receiver.requests[-1].headers["webhook-signature"].startswith("v1,")
    assert "is not signed any more" in text_of(admin.follow(admin.send(f"{here}/secret", {"what": "none"})))
    admin.send(f"{here}/test")
    assert "webhook-signature" not in receiver.requests[-1].headers


def test_deliveries_and_notices_are_shown_with_what_became_of_them(
    admin: Looker, server: Server, hook: dict[str, Any]
) -> None:
    told(server, hook["id"])
    page = admin.get(f"/admin/settings/webhooks/{hook['id']}")
    words = text_of(page)
    for said in ("delivered", "failed It answered 500.", "waiting Refused. again in", HOSTILE, "It is off"):
        assert said in words
    assert b"<script>alert" not in page.body
    assert "waiting" in text_of(admin.get("/admin/settings/webhooks"))
    notices = admin.get("/admin/activity/notices?kind=model_vanished")
    assert HOSTILE in text_of(notices)
    assert b'href="/admin/models/1"' in notices.body
    assert HOSTILE not in text_of(admin.get("/admin/activity/notices?kind=model_retiring"))
    assert admin.get("/admin/activity/notices?kind=nonsense").status == 422


def test_a_webhook_with_deliveries_is_accessible(admin_page: Page, server: Server, hook: dict[str, Any]) -> None:
    told(server, hook["id"])
    page = admin_page
    page.goto(f"{server.url}/admin/settings/webhooks/{hook['id']}")
    assert violations(page) == []
    wear(page, "dark")
    assert violations(page, *COLOURS) == []
