"""Choosing a model out of many in a form: a field to search in, and what it finds to be ticked.

The form sends `<field>`, what is ticked; `<field>_q`, what was searched for; and `<field>_was`, what was ticked when
the list was made. Without scripts the form itself is the search: words that name no one model make the page ask which.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import Model, ModelFilter
from model_lineup.errors import Conflict, InvalidInput, NotFound
from model_lineup.panel import render
from model_lineup.panel.forms import Form
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, Sent
from model_lineup.rooms import Rooms

router = pages("/models")
FOUND = 20
"""Models that a search shows."""
LONGEST = 512
Field = Literal["model", "fallbacks", "successor_id"]


class Kind(NamedTuple):
    label: str
    help: str
    is_many: bool = False
    is_optional: bool = False


KINDS: dict[str, Kind] = {
    "model": Kind("Leads to", "Type a part of a name, an id or an alias, and choose what is found."),
    "fallbacks": Kind(
        "Fallbacks", "Asked in this order when the model fails before its first byte; 8 at most.", True, True
    ),
    "successor_id": Kind("Successor", "Who answers its aliases afterwards.", False, True),
}


class Picker(NamedTuple):
    """`chosen` in their order; `found`: others that have the words of `q`, the first of `total`."""

    field: str
    kind: Kind
    chosen: list[Model]
    found: list[Model]
    total: int
    q: str

    @property
    def was(self) -> str:
        return ",".join(str(model.id) for model in self.chosen)


@router.post("/pick")
def pick(request: Request, form: Sent, there: There, _: AsAdmin, field: Annotated[Field, Query()]) -> Response:
    """What a picker has chosen and found, for htmx."""
    return render.fragment(request, "models/_picked.html", picker=of_form(there, moved(form), field))


def of_form(there: Rooms, form: Form, field: str) -> Picker:
    """As the form stands. Words that were settled are no search any more."""
    return picker(there, field, _ticked(form, field), form.text(f"{field}_q"))


def picker(there: Rooms, field: str, ticked: Sequence[str], q: str = "") -> Picker:
    """`ticked`: row ids; what is none, or names no living model, is searched for."""
    chosen = [model for said in dict.fromkeys(ticked) if (model := _one(there, said))]
    q = (q or next((said for said in ticked if not _is_id(said)), ""))[:LONGEST]
    if not q:
        return Picker(field, KINDS[field], chosen, [], 0, "")
    page = there.models.page(ModelFilter(q=q[:100]), sort="display_name", limit=FOUND, offset=0)
    known = {model.id for model in chosen}
    return Picker(field, KINDS[field], chosen, [one for one in page.models if one.id not in known], page.total, q)


def settled(there: Rooms, form: Form, *fields: Field) -> Form:
    """The form with row ids in these fields, one a line: what was ticked last, or what the words of the search name.

    Raises InvalidInput for words that name no model or several; the page then shows which have them.
    """
    for field in fields:
        ticked, q = _ticked(form, field), form.text(f"{field}_q")
        if q and ",".join(ticked) == form.text(f"{field}_was"):
            found = str(_named(there, q, field).id)
            ticked = [*ticked, found] if KINDS[field].is_many else [found]
        form = form.but(field, "\n".join(ticked))
    return form


def moved(form: Form) -> Form:
    """The form with one of what is chosen a place earlier, if a button said so: `up` is `fallbacks:12`."""
    field, _, row_id = form.text("up").partition(":")
    ticked = _ticked(form, field)
    if row_id in ticked[1:]:
        at = ticked.index(row_id)
        ticked[at - 1 : at + 1] = [row_id, ticked[at - 1]]
        return form.but(field, "\n".join(ticked))
    return form


def _ticked(form: Form, field: str) -> list[str]:
    """Boxes come one by one; a form that was settled holds lines."""
    words = "\n".join(form.many(field)).replace(",", "\n").split("\n")
    return [word for said in words if (word := said.strip())]


def _named(there: Rooms, q: str, field: str) -> Model:
    try:
        return there.models.get(int(q)) if _is_id(q) else there.models.find(q)
    except (NotFound, Conflict, InvalidInput):
        total = there.models.page(ModelFilter(q=q[:100]), sort="id", limit=1, offset=0).total
        have = "has" if total == 1 else "have"
        count = "10\u202f000 or more" if total > 10_000 else f"{total:,}".replace(",", "\u202f")
        words = (
            f"choose one: {count} {have} {q[:80]!r} in a name, an id or an alias" if total else _NOTHING.format(q[:80])
        )
        raise InvalidInput.at(field, words) from None


_NOTHING = "no model has {!r} in its name, its id or an alias"


def _one(there: Rooms, said: str) -> Model | None:
    try:
        return there.models.get(int(said)) if _is_id(said) else None
    except NotFound:
        return None


def _is_id(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 16
