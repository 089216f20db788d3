"""Limiting many models to groups at once: which groups, whom it meets, and then the change."""

from typing import Literal, cast

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.api.terminating import end_running_of_bulk
from model_lineup.catalog.shapes import BulkResult, GroupsEdit
from model_lineup.errors import InvalidInput, LineupError
from model_lineup.panel.forms import Form
from model_lineup.panel.models.chosen import Chosen, chosen
from model_lineup.panel.models.view import back_to
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms

router = pages("/models")
SHOWN = 20
WAYS = {
    "add": "For these groups too; what everybody may use is for them alone then",
    "set": "For these groups and no others; none: for everybody",
    "remove": "No more for these groups; what is left with none is for everybody",
}
Way = Literal["add", "set", "remove"]


@router.post("/bulk/groups")
def limit(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """First what it would do, then with `apply` the change; where it would now do something else, that is shown."""
    which = chosen(form)
    try:
        edit = _edit(form)
        result = there.bulk.set_groups(which.selection, edit, by, dry_run=True)
        as_seen = (result.matched, result.changed) == (form.whole("matched"), form.whole("changed"))
        as_seen = as_seen and form.text("looked") == _wanted(form)
        if not (form.flag("apply") and as_seen):
            return choose(request, there, form, which, result=result)
        result = there.bulk.set_groups(which.selection, edit, by)
    except LineupError as error:
        if error.status != 422:
            raise
        return choose(request, there, form, which, error=error)
    if form.flag("terminate"):
        end_running_of_bulk(there, result, which.selection.model_ids or ())
    say = f"Who may use {plural(result.changed, 'model')} is changed: this holds on the next request."
    return go(request, back_to(form.text("filter")), say=say, undo=result.change_id)


def choose(
    request: Request,
    there: Rooms,
    form: Form,
    which: Chosen,
    *,
    result: BulkResult | None = None,
    error: LineupError | None = None,
) -> Response:
    """The form, with what it would do where that is known."""
    return page(
        request,
        "groups/many.html",
        status=200 if error is None else error.status,
        way=form.text("way") or "add",
        ways=WAYS,
        chosen=form.wholes("groups"),
        all_groups=there.groups.names(),
        fields=which.fields,
        first=which.first(there, SHOWN),
        result=result,
        has_changed=form.flag("apply"),
        looked=_wanted(form),
        back=back_to(form.text("filter")),
        error=error,
    )


def _wanted(form: Form) -> str:
    """What is chosen, as a form sends it back to say what was looked at."""
    return " ".join([form.text("way"), *map(str, sorted(form.wholes("groups")))])


def _edit(form: Form) -> GroupsEdit:
    """Raises InvalidInput."""
    way, groups = form.text("way"), form.wholes("groups")
    if way not in WAYS:
        raise InvalidInput.at("way", f"one of {', '.join(WAYS)}")
    return GroupsEdit(**{cast("Way", way): groups})
