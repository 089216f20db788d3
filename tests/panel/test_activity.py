"""Activity: change sets row by row, and the security log."""

from playwright.sync_api import Page

from tests.fakes.browser import violations
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import PASSWORD, Workbench, by_id

HOSTILE = "<script>alert(1)</script>{{7*7}}"


def _newest(admin: Looker) -> str:
    page = admin.get("/admin/activity").body.decode()
    return "/admin/activity/" + page.partition("/admin/activity/")[2].partition("/admin/activity/")[2].partition('"')[0]


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


def test_the_security_log_is_narrowed(admin: Looker, workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("viewer")
    said = text_of(admin.get(f"/admin/activity/security?event=signed_in&actor={made['email']}"))
    assert "1–1 of 1 entries" in said
    assert made["email"] in said
    assert "No entries" in text_of(admin.get("/admin/activity/security?actor=nobody-at-all"))
    assert admin.get("/admin/activity/security?event=nonsense").status == 422
    assert admin.get("/admin/activity/99999999").status == 404


def test_who_is_only_a_user_sees_none_of_it(workbench: Workbench, stranger: Looker) -> None:
    made, _ = workbench.person("user")
    stranger.get("/admin/sign-in")
    stranger.send("/admin/sign-in", {"email": made["email"], "password": PASSWORD})
    assert [stranger.get(f"/admin/activity{path}").status for path in ("", "/1", "/security")] == [403, 403, 403]


def test_the_pages_in_a_browser(admin_page: Page) -> None:
    for scheme in ("light", "dark"):
        admin_page.emulate_media(color_scheme=scheme)
        for path in ("", "/1", "/security"):
            admin_page.goto(f"/admin/activity{path}")
            assert violations(admin_page) == []
