"""Changes to many models: first what they would do, from a dry run, then the changes themselves."""

from typing import Literal, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.api.terminating import end_running_of_bulk
from model_lineup.benchmarks.connection import MAX_TOKENS
from model_lineup.benchmarks.plan import Plan
from model_lineup.catalog.shapes import BulkResult
from model_lineup.changes.staged.shapes import FlagWanted
from model_lineup.errors import InvalidInput, NameWouldMove
from model_lineup.journal.record import Author
from model_lineup.panel import render, staging
from model_lineup.panel.forms import Form, said_of_fields
from model_lineup.panel.groups import many
from model_lineup.panel.models.chosen import Chosen, chosen
from model_lineup.panel.models.view import back_to
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import number, plural
from model_lineup.rooms import Rooms

router = pages("/models")
SHOWN = 20
"""Models that a preview names."""
MOST_TESTED = 100
"""Models that go on to tests or a benchmark at once; each costs requests at its provider."""


class Action(NamedTuple):
    """`flag` None: delete. `takes`: something goes away that callers may be using."""

    title: str
    verb: str
    done: str
    already: str
    flag: str | None
    to: bool
    takes: bool


ACTIONS = {
    "show": Action("Show models", "Show", "Made visible", "visible already", "visible", True, False),
    "hide": Action("Hide models", "Hide", "Hid", "hidden already", "visible", False, True),
    "agents_on": Action("Allow agents", "Allow", "Allowed agents", "allowed already", "agents_enabled", True, False),
    "agents_off": Action(
        "Forbid agents", "Forbid", "Forbade agents", "forbidden already", "agents_enabled", False, True
    ),
    "delete": Action("Delete models", "Delete", "Deleted", "", None, False, True),
}


@router.post("/bulk")
def preview(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """What the change would do; of tests and benchmarks, what they would ask of the providers."""
    which = chosen(form)
    if form.text("action") == "groups":
        return many.choose(request, there, Form({"filter": [form.text("filter")]}), which)
    if form.text("action") in ("test", "benchmark", "capabilities"):
        return _proof(request, there, which, form.text("action"))
    return _preview(request, there, by, form, which)


@router.post("/bulk/apply")
def apply(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """The change that was previewed; where it would now do something else, that is shown first."""
    which, action = chosen(form), _action(form)
    moves_are_fine = form.flag("confirm")
    result, _moves = _rehearse(there, by, which, action)
    if (result.matched, result.changed) != (form.whole("matched"), form.whole("changed")) or (
        _moves and not moves_are_fine
    ):
        return _preview(request, there, by, form, which, has_changed=True)
    result = _carry_out(there, by, which, action, confirm=moves_are_fine)
    if form.flag("terminate"):
        end_running_of_bulk(there, result, which.selection.model_ids or ())
    left = f"; {number(result.unchanged)} {'was' if result.unchanged == 1 else 'were'} {action.already}"
    said = f"{action.done}: {plural(result.changed, 'model')}{left if result.unchanged else ''}."
    return render.go(request, back_to(form.text("filter")), say=said, undo=result.change_id)


@router.post("/bulk/stage")
def stage(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """The change that was previewed, kept for a moment to come."""
    which, action = chosen(form), _action(form)
    if action.flag is None:
        raise InvalidInput.at("action", "deleting is not staged")
    flag: Literal["visible", "agents_enabled"] = "visible" if action.flag == "visible" else "agents_enabled"
    wanted = FlagWanted(chosen=which.selection, flag=flag, value=action.to)
    try:
        staged, receipt = staging.stage(there, form, wanted, by, confirm=form.flag("confirm"))
    except InvalidInput as error:
        return _preview(request, there, by, form, which, error=error)
    say = f"{staged.title[:200]}: staged."
    return render.go(request, f"/activity/staged/{staged.id}", say=say, undo=receipt.change_id)


def _preview(
    request: Request,
    there: Rooms,
    by: Author,
    form: Form,
    which: Chosen,
    *,
    has_changed: bool = False,
    error: InvalidInput | None = None,
) -> Response:
    action = _action(form)
    result, moves = _rehearse(there, by, which, action)
    return render.page(
        request,
        "models/preview.html",
        action=action,
        name=form.text("action"),
        result=result,
        impact=result.impact,
        moves=moves,
        fields=which.fields,
        first=which.first(there, SHOWN),
        back=back_to(form.text("filter")),
        has_changed=has_changed,
        status=200 if error is None else error.status,
        later=staging.entered(form),
        errors={} if error is None else said_of_fields(error),
    )


def _rehearse(there: Rooms, by: Author, which: Chosen, action: Action) -> tuple[BulkResult, NameWouldMove | None]:
    """What it would do, and what it would be refused for unless that is confirmed."""
    try:
        return _carry_out(there, by, which, action, dry_run=True), None
    except NameWouldMove as moves:
        return _carry_out(there, by, which, action, dry_run=True, confirm=True), moves


def _carry_out(
    there: Rooms, by: Author, which: Chosen, action: Action, *, dry_run: bool = False, confirm: bool = False
) -> BulkResult:
    if action.flag is None:
        return there.bulk.delete(which.selection, by, dry_run=dry_run, confirm=confirm)
    return there.bulk.set_flag(which.selection, action.flag, action.to, by, dry_run=dry_run, confirm=confirm)


def _action(form: Form) -> Action:
    found = ACTIONS.get(form.text("action"))
    if found is None:
        raise InvalidInput.at("action", f"is one of {', '.join(ACTIONS)}, groups, test, capabilities and benchmark")
    return found


def _proof(request: Request, there: Rooms, which: Chosen, action: str) -> Response:
    """What tests or benchmarks of them would ask of the providers; the page that starts them does the rest."""
    models = which.first(there, MOST_TESTED + 1)
    shown, plan = models[:MOST_TESTED], Plan()
    asked = 1 if action == "test" else plan.requests + plan.warmup
    if action == "capabilities":  # that page tells what it will ask
        said = (
            f"{MOST_TESTED} models at a time: these are the first {MOST_TESTED}." if len(models) > MOST_TESTED else ""
        )
        return render.go(request, "/runs/capabilities?" + urlencode([("model", model.id) for model in shown]), say=said)
    return render.page(
        request,
        "models/proof.html",
        action=action,
        models=shown,
        more=len(models) > MOST_TESTED,
        most=MOST_TESTED,
        plan=plan,
        requests=len(shown) * asked,
        output_tokens=len(shown) * asked * (MAX_TOKENS if action == "test" else plan.max_tokens),
        test_tokens=MAX_TOKENS,
        query=urlencode([*(("model", model.id) for model in shown), ("do", action)]),
        back=back_to(which.view.query),
        first=shown[:SHOWN],
    )
