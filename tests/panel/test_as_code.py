"""The configuration as a file in the panel: downloaded, planned, applied; rows that belong to one, and taken over."""

from model_lineup.panel.aliases.listing import ROWS
from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench

AT = "/admin/settings/as-code"
FILE = """
[providers.{slug}]
name = "{slug}"
type = "openai"
base_url = "https://api.example.com/v1"
api_key = "env:THE_KEY"

[models.{slug}.one]
visible = true

[aliases.{slug}-alias]
model = "{slug}/one"
"""


def test_a_file_is_planned_applied_and_its_rows_are_taken_over(admin: Looker, workbench: Workbench) -> None:
    slug = workbench.name("file").replace("_", "-").lower()
    text = FILE.format(slug=slug)
    assert "Keys are never in it" in text_of(admin.get(AT))
    plan = admin.send(AT, {"file_text": text, "label": f"{slug}.toml"})
    said = text_of(plan)
    assert plan.status == 200
    assert "3 added 0 changed 0 removed" in " ".join(said.split())
    assert "env:THE_KEY" in said
    fields = {"file_text": text, "label": f"{slug}.toml", "apply": "true"}
    without = admin.send(AT, fields)
    assert (without.status, "was not sent along" in text_of(without)) == (422, True)
    done = admin.send(AT, {**fields, "key:env:THE_KEY": "sk-canary-0123456789"})
    assert done.status == 303, done
    assert "sk-canary" not in text_of(admin.follow(done))
    assert f"[models.{slug}.one]" in admin.get(f"{AT}/lineup.toml").body.decode()
    page = workbench.admin.must("GET", f"/api/admin/models?q={slug}&limit=1")
    model = page["models"][0]
    address = f"/admin/models/{model['id']}"
    assert f"Belongs to {slug}.toml" in text_of(admin.get(address))
    assert f"Belongs to {slug}.toml" in text_of(admin.get(f"/admin/providers/{model['provider_id']}"))
    mark = f'title="Belongs to {slug}.toml, and is changed there"'
    aliases = workbench.admin.must("GET", "/api/admin/aliases?limit=1")["total"]
    assert mark in admin.get(f"/admin/models?q={slug}").body.decode()
    assert mark in admin.get("/admin/providers").body.decode()
    assert any(mark in admin.get(f"/admin/aliases?offset={at}").body.decode() for at in range(0, aliases, ROWS))
    refused = admin.send(f"{address}/switch?flag=visible&to=false", {"confirm": "true"})
    assert refused.status == 409
    taken = admin.send(f"{AT}/take-over", {"model": str(model["id"]), "back": f"/models/{model['id']}"})
    assert taken.status == 303
    assert "Belongs to" not in text_of(admin.get(address))


def test_what_is_wrong_is_told_by_line_and_what_was_brought_stays(admin: Looker) -> None:
    page = admin.send(AT, {"file_text": "[aliases.a]\nmodel = 3\n[aliases.b]"})
    said = text_of(page)
    assert page.status == 422
    assert "line 2, /aliases/a/model" in said
    assert "line 3" in said
    assert "[aliases.b]" in said
