"""Which columns the table of models shows: chosen per browser, without a script."""

import re

from tests.fakes.pages import Looker
from tests.fakes.server import PASSWORD, Answer, Workbench


def heads(page: Answer) -> list[str]:
    head = page.body.decode().partition("<thead>")[2].partition("</thead>")[0]
    return re.findall(r'class="c-(\w+)', head)


def cells(page: Answer) -> list[set[str]]:
    rows = page.body.decode().partition("<tbody")[2].partition("</tbody>")[0].split("<tr ")[1:]
    return [set(re.findall(r'class="c-(\w+)', row)) for row in rows]


def test_columns_are_left_out_of_head_and_rows_until_all_are_wanted_again(admin: Looker, workbench: Workbench) -> None:
    model = workbench.model(display_name="Columns")
    here = f"/admin/models?q={model['model_id']}"
    assert len(heads(admin.get(here))) == 9
    chosen = admin.send("/admin/models/columns", {"column": "status", "back": f"q={model['model_id']}"})
    assert chosen.headers["location"] == here
    page = admin.get(here)
    assert heads(page) == ["name", "status"]
    assert cells(page) == [{"name", "status"}]
    assert b'name="column" value="status" form="cols" checked' in page.body
    assert b'name="column" value="can" form="cols">' in page.body
    row = admin.send(f"/admin/models/{model['id']}/switch?flag=visible&to=true", hx_request="true")
    assert set(re.findall(rb'class="c-(\w+)', row.body)) == {b"name", b"status"}
    admin.send("/admin/models/columns", {"all": "true"})
    assert len(heads(admin.get(here))) == 9


def test_a_name_stays_where_nothing_was_ticked_and_unknown_columns_are_none(admin: Looker) -> None:
    assert admin.send("/admin/models/columns", {"column": "secret", "back": "limit=7"}).status == 422
    admin.send("/admin/models/columns", {"column": "secret"})
    assert heads(admin.get("/admin/models")) == ["name"]
    admin.send("/admin/models/columns", {"all": "true"})


def test_whoever_only_reads_chooses_too(stranger: Looker, workbench: Workbench) -> None:
    made, _ = workbench.person("viewer")
    viewer = stranger.sign_in(made["email"], PASSWORD)
    viewer.get("/admin/models")
    assert viewer.send("/admin/models/columns", {"column": "can"}).status == 303
    assert heads(viewer.get("/admin/models")) == ["name", "can"]
