"""Pointing an alias elsewhere at a moment to come."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.changes.staged.shapes import TargetWanted
from model_lineup.panel import render, staging
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent

router = pages("/aliases")


@router.post("/stage")
def stage(
    request: Request,
    form: Sent,
    there: There,
    _: AsAdmin,
    by: By,
    name: Annotated[str, Query(alias="alias", max_length=128)],
) -> Response:
    """What was previewed, as far as it is where the alias leads; the rest is changed at once or not at all."""
    wanted = TargetWanted(alias=name, target=form.whole("target") or 0)
    staged, receipt = staging.stage(there, form, wanted, by, confirm=form.flag("confirm"))
    say = f"{staged.title[:200]}: staged."
    return render.go(request, f"/activity/staged/{staged.id}", say=say, undo=receipt.change_id)
