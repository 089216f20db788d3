"""Adding a model by hand, which a provider does not list."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import There
from model_lineup.api.models import NewModelBody, new_model
from model_lineup.catalog.shapes import ModelFilter
from model_lineup.errors import LineupError, NameWouldMove
from model_lineup.panel import render
from model_lineup.panel.forms import Form, validated
from model_lineup.panel.models.entered import FIELDS, FLAGS, entered, facts, wrong_fields
from model_lineup.panel.models.picking import picker, settled
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.rooms import Rooms

router = pages("/models")


@router.get("/new")
def new_page(request: Request, there: There, _: AsAdmin) -> Response:
    """`?provider_id=` chooses one."""
    values = {"provider_id": request.query_params.get("provider_id", "")[:20]}
    return _page(request, there, values)


@router.post("/new")
def add(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """What is refused is asked again, with what was entered."""
    try:
        form = settled(there, form, "successor_id")
        body = validated(NewModelBody, _values(form))
        model, _receipt = there.models.create(new_model(body), by, confirm=form.flag("confirm"))
    except LineupError as error:
        if error.status >= 500:
            raise
        said = {name: form.text(name) for name in ("provider_id", "model_id", *FLAGS)}
        chosen = form.wholes("groups")
        return _page(request, there, {**entered(form), **said}, error, form.text("successor_id_q"), chosen)
    return render.go(request, f"/models/{model.id}", say=f"{model.display_name[:100]} was added.")


def _values(form: Form) -> dict[str, Any]:
    told = {name: value for name, value in facts(form, {}).items() if value is not None}
    flags = {flag: form.flag(flag) for flag in FLAGS}
    groups = {"groups": form.wholes("groups")} if "groups" in form else {}
    return {"provider_id": form.whole("provider_id") or 0, "model_id": form.text("model_id"), **flags, **groups, **told}


def _page(
    request: Request,
    there: Rooms,
    values: dict[str, str],
    error: LineupError | None = None,
    q: str = "",
    groups: Sequence[int] = (),
) -> Response:
    return render.page(
        request,
        "models/new.html",
        status=200 if error is None else error.status,
        values={**dict.fromkeys((*FIELDS, *FLAGS, "model_id"), ""), "listed": "true", **values},
        providers=[(str(row_id), name) for row_id, name in there.models.facets(ModelFilter()).providers.items()],
        all_groups=there.groups.names(),
        chosen=groups,
        successor=picker(there, "successor_id", [said] if (said := values.get("successor_id", "")) else [], q),
        error=error,
        errors={} if error is None else wrong_fields(error),
        asks=isinstance(error, NameWouldMove),
    )
