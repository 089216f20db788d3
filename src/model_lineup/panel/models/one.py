"""One model: what is known of it and from whom, its aliases, tests, benchmarks and changes; editing it."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import From, PathId, There, rooms
from model_lineup.api.models import ModelPatch, changes_of
from model_lineup.api.runs import take_turn
from model_lineup.catalog.models import FLAGS
from model_lineup.catalog.shapes import Model
from model_lineup.changes.staged.shapes import StagedChange
from model_lineup.errors import LineupError, NameWouldMove, PreconditionFailed
from model_lineup.panel import render
from model_lineup.panel.forms import Form, validated
from model_lineup.panel.models import details, shown
from model_lineup.panel.models.entered import FACTS, entered, facts, texts_of, wrong_fields
from model_lineup.panel.models.picking import picker, settled
from model_lineup.panel.pages import pages
from model_lineup.panel.proving import shown as proven
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms
from model_lineup.routing.coming import about
from model_lineup.security.visit import Visit

router = pages("/models")
STAGED = 3
"""Staged changes that a model's page names."""


@router.get("/{row_id:row}")
def model_page(request: Request, row_id: PathId, there: There, _: AsViewer, here: From) -> Response:
    return _page(request, there, there.models.get(row_id), here)


@router.get("/{row_id:row}/edit")
def edit_page(request: Request, row_id: PathId, there: There, _: AsAdmin) -> Response:
    model = there.models.get(row_id)
    return _form(request, model, texts_of(model) | _flags(model), model.version)


@router.post("/{row_id:row}/edit")
def save(request: Request, row_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """What differs from what the form showed is pinned; what was emptied goes back to what others say.

    Where somebody else was quicker, what was entered is shown again beside what stands there now.
    """
    searched = {"successor_id_q": form.text("successor_id_q")}
    before = {name.removeprefix("was_"): form.text(name) for name in form.names() if name.startswith("was_")}
    try:
        form = settled(there, form, "successor_id")
        said = facts(form, before) | {flag: form.flag(flag) for flag in FLAGS}
        changes = changes_of(validated(ModelPatch, said))
        confirm = form.flag("confirm")
        model, receipt = there.models.change(row_id, changes, by, if_match=form.whole("version"), confirm=confirm)
    except LineupError as error:
        if error.status >= 500 or error.status == 404:
            raise
        flags = {flag: form.text(flag) for flag in FLAGS}
        return _again(request, there.models.get(row_id), entered(form) | flags | searched, before, form, error)
    done = "was changed" if receipt.change_id is not None else "is as it was"
    return render.go(request, f"/models/{row_id}", say=f"{model.display_name[:100]} {done}.", undo=receipt.change_id)


@router.post("/{row_id:row}/reset")
def reset(request: Request, row_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Take back what was set by hand: from now on what others say of this field counts."""
    field = form.text("field")
    body = validated(ModelPatch, {field: None} if field in FACTS else {})
    _model, receipt = there.models.change(row_id, changes_of(body), by, if_match=form.whole("version"))
    say = f"{details.LABELS.get(field, field[:50])} is inherited again."
    return render.go(request, f"/models/{row_id}", say=say, undo=receipt.change_id)


@router.post("/{row_id:row}/test")
async def test(request: Request, row_id: PathId, form: Sent, there: There, actor: AsAdmin) -> Response:
    """One real request, whose result the page then shows."""
    await asyncio.to_thread(take_turn, there, actor, row_id, "tests", there.settings.tests_per_minute)
    result = await there.tests.connection(row_id, actor.label)
    return render.go(request, f"/models/{row_id}#tests", say=result.message[:300])


def _page(request: Request, there: Rooms, model: Model, here: Visit) -> Response:
    tests, tests_total = shown.tests_of(there, model.id)
    runs, drawn, runs_total = shown.runs_of(there, model.id)
    return render.page(
        request,
        "models/one.html",
        facts=details.facts_of(there.facts.of(model.id)),
        aliases=there.aliases.of_model(model.id),
        impact=there.impacts.of(model.id, here.request_id or ""),
        tests=tests,
        tests_total=tests_total,
        runs=runs,
        drawn=drawn,
        runs_total=runs_total,
        changes=shown.changes_of(there, model.id),
        group_names=there.groups.names(),
        told=details.told,
        coming=_coming(there, model.id),
        **proven.of_model(there, model),
    )


def _coming(there: Rooms, row_id: int) -> list[StagedChange]:
    """The next staged changes that take it from somebody."""
    snapshot = there.follower.current()
    state = snapshot.models.get(row_id)
    ids = [] if state is None else about(snapshot, state)[:STAGED]
    return [one for one in map(there.staging.get, ids) if one.state == "waiting"]


def _again(
    request: Request, model: Model, values: dict[str, str], before: dict[str, str], form: Form, error: LineupError
) -> Response:
    """After a 412 the form is about the version that is there now, so that saving again means it."""
    now = texts_of(model) | _flags(model)
    if not isinstance(error, PreconditionFailed):
        return _form(request, model, values, form.whole("version") or model.version, before=before, error=error)
    theirs = {field: now[field] for field in now if now[field] != before.get(field, now[field])}
    untouched = {field: now[field] for field in theirs if values.get(field) == before.get(field)}
    clashes = {field: value for field, value in theirs.items() if field not in untouched}
    return _form(request, model, values | untouched, model.version, error=error, clashes=clashes, theirs=theirs)


def _form(
    request: Request,
    model: Model,
    values: dict[str, str],
    version: int,
    *,
    before: dict[str, str] | None = None,
    error: LineupError | None = None,
    clashes: dict[str, str] | None = None,
    theirs: dict[str, str] | None = None,
) -> Response:
    more: dict[str, Any] = {"model": model, "values": values, "version": version, "error": error}
    successor = [said] if (said := values["successor_id"]) else []
    return render.page(
        request,
        "models/edit.html",
        successor=picker(rooms(request), "successor_id", successor, values.get("successor_id_q", "")),
        status=200 if error is None else error.status,
        **more,
        before=texts_of(model) | _flags(model) if before is None else before,
        errors={} if error is None else wrong_fields(error),
        asks=isinstance(error, NameWouldMove),
        clashes=clashes or {},
        theirs=theirs or {},
    )


def _flags(model: Model) -> dict[str, str]:
    return {flag: "true" if getattr(model, flag) else "" for flag in FLAGS}
