"""Which models a form has chosen: ticked rows, or all that the filter lets through but for some."""

from typing import NamedTuple
from urllib.parse import parse_qsl

from model_lineup.catalog.shapes import Model, Selection
from model_lineup.errors import InvalidInput
from model_lineup.panel.forms import Form
from model_lineup.panel.models.view import View, of_pairs
from model_lineup.rooms import Rooms


class Chosen(NamedTuple):
    """`view`: the table that it was chosen from. `fields`: what a form sends to choose the same again."""

    view: View
    selection: Selection
    fields: list[tuple[str, str]]

    def first(self, there: Rooms, most: int) -> list[Model]:
        """So many of them, in the table's order."""
        ids = self.selection.model_ids
        if ids is not None:
            return there.models.these(ids[:most])
        out = set(self.selection.exclude)
        page = there.models.page(self.view.wanted, sort=self.view.sort, limit=most + len(out), offset=0)
        return [model for model in page.models if model.id not in out][:most]


def chosen(form: Form) -> Chosen:
    """Raises InvalidInput, also where nothing is chosen."""
    query = form.text("filter")[:2_000]
    view = of_pairs(dict(parse_qsl(query)))
    if form.flag("all"):
        out = _ids(form.text("exclude"))
        fields = [("filter", query), ("all", "true"), ("exclude", form.text("exclude"))]
        return Chosen(view, Selection(filter=view.wanted, exclude=out), fields)
    ids = form.wholes("ids")
    if not ids:
        raise InvalidInput.at("ids", "tick at least one row, or all that match")
    return Chosen(view, Selection(model_ids=ids), [("filter", query), *(("ids", str(one)) for one in ids)])


def _ids(said: str) -> list[int]:
    return Form({"exclude": [one for one in said.split(",") if one]}).wholes("exclude")
