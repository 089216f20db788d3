"""The page of findings, and their number on the Overview."""

from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench


def test_findings_are_shown_filtered_and_counted_on_the_overview(admin: Looker, workbench: Workbench) -> None:
    model = workbench.model(visible=True, agents_enabled=True, supports_tools=False)
    page = admin.get("/admin/findings?rule=agents-without-tools&severity=warning")
    said = text_of(page)
    assert "Agents may use it, and it takes no tools." in said
    assert f'href="/admin/models/{model["id"]}"'.encode() in page.body
    assert "Its price is unknown" not in said
    assert admin.get("/admin/findings?rule=nonsense&severity=bad&offset=x").status == 200
    assert "Nothing to find fault with" in text_of(admin.get("/admin/findings?rule=unreachable-model&severity=info"))
    assert b'href="/admin/findings"' in admin.get("/admin").body


def test_findings_are_a_section_that_knows_when_it_is_open(admin: Looker) -> None:
    here = '<a href="/admin/findings" aria-current="page">'
    assert here in admin.get("/admin/findings?severity=error").body.decode()
    elsewhere = admin.get("/admin/models").body.decode()
    assert '<a href="/admin/findings"' in elsewhere
    assert here not in elsewhere
