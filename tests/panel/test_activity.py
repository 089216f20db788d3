"""Activity: change sets row by row, and the security log."""

import re
from datetime import UTC, datetime

import pytest

from model_lineup.journal.shapes import ChangeSet
from model_lineup.panel.changes import in_words
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Workbench, by_id

HOSTILE = "<script>alert(1)</script>{{7*7}}"


def _newest(admin: Looker) -> str:
    page = admin.get("/admin/activity").body.decode()
    found = re.search(r'"(/admin/activity/\d+)"', page)
    assert found is not None
    return found[1]


def test_a_change_shows_before_and_after(admin: Looker, workbench: Workbench) -> None:
    model = workbench.model(display_name="Old name")
    workbench.admin.must("PUT", by_id(model["model_id"]), {"display_name": HOSTILE})
    answer = admin.get(_newest(admin))
    said = text_of(answer)
    assert "models.change" in said
    assert "admin@example.com" in said
    assert f"Old name (pin){HOSTILE} (pin)" in said
    assert b"<script>alert" not in answer.body


def test_a_bulk_of_many_rows_is_shown_fifty_at_a_time(admin: Looker, workbench: Workbench) -> None:
    provider = workbench.provider()["id"]
    rows = [workbench.model(provider)["id"] for _ in range(60)]
    workbench.admin.must("PUT", "/api/admin/models/bulk/visibility", {"model_ids": rows, "visible": True})
    where = _newest(admin)
    first = admin.get(where)
    assert first.body.count(b'scope="row"') == 50
    assert "1–50 of 60 rows" in text_of(first)
    assert admin.get(f"{where}?offset=50").body.count(b'scope="row"') == 10


def test_the_overview_says_in_words_what_was_changed(admin: Looker, workbench: Workbench) -> None:
    key = workbench.key("user")
    assert f"made key {key['name']} admin@example.com" in text_of(admin.get("/admin/"))
    provider = workbench.provider()["id"]
    rows = [workbench.model(provider)["id"] for _ in range(3)]
    workbench.admin.must("PUT", "/api/admin/models/bulk/visibility", {"model_ids": rows, "visible": True})
    page = admin.get("/admin/")
    for one in (page, admin.get("/admin/activity")):
        assert "switched the visibility of model" in text_of(one)
        assert "and 2 more rows" in text_of(one)
    latest = re.findall(r'/admin/activity/(\d+)"', page.body.decode())[0]
    assert "models.bulk.visible" in text_of(admin.get(f"/admin/activity/{latest}"))


@pytest.mark.parametrize(
    ("operation", "touched", "first", "said"),
    [
        ("providers.fetch", 1_200, None, "fetched 1\u202f200 rows"),
        ("models.bulk.delete", 87, None, "deleted 87 models"),
        ("aliases.import", 2, ("alias", "fast"), "imported alias fast and 1 more row"),
        ("people.change", 1, ("person", "a@example.com"), "changed person a@example.com"),
        ("providers.reorder", 3, ("provider", "One"), "put the providers in another order"),
        ("catalogues.refresh", 3, ("catalogue", "mine"), "took into use catalogue mine and 2 more rows"),
        ("catalogues.refresh", 1, ("model", "m"), "read the catalogues again for model m"),
        ("catalogues.use", 900, None, "changed which catalogue is in use: 900 rows"),
        ("plans.apply", 2, ("model", "m"), "applied a plan to model m and 1 more row"),
        ("something.new", 1, ("model", "m"), "something.new model m"),
    ],
)
def test_words_for_changes(operation: str, touched: int, first: tuple[str, str] | None, said: str) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    change = ChangeSet(id=1, revision=1, at=at, actor="a", operation=operation, request_id=None, touched=touched)
    assert in_words(change, first) == said


def test_the_security_log_is_narrowed(admin: Looker, workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("viewer")
    said = text_of(admin.get(f"/admin/activity/security?event=signed_in&actor={made['email']}"))
    assert "1–1 of 1 entry" in said
    assert made["email"] in said
    assert "No entries" in text_of(admin.get("/admin/activity/security?actor=nobody-at-all"))
    assert admin.get("/admin/activity/security?event=nonsense").status == 422
    assert admin.get("/admin/activity/99999999").status == 404


def test_who_is_only_a_user_sees_none_of_it(workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("user")
    stranger.get("/admin/sign-in")
    stranger.send("/admin/sign-in", {"email": made["email"], "password": PASSWORD})
    assert [stranger.get(f"/admin/activity{path}").status for path in ("", "/1", "/security")] == [403, 403, 403]
