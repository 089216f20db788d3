"""The steps of the set-up. What is done in them is done by the operations of the pages that come later."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Actor
from model_lineup.api.aliases import NewAliasBody
from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import Model, ModelFilter, NewAlias, Selection
from model_lineup.errors import AliasShadowsModel, AliasTaken, InvalidInput, LineupError, ModelNotFound, NameWouldMove
from model_lineup.panel import keys
from model_lineup.panel.addresses import base_url
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.providers import form as forms
from model_lineup.panel.providers.editing import cards, new_form, shown
from model_lineup.panel.providers.preview import moves_of
from model_lineup.panel.render import go, page
from model_lineup.panel.start.progress import progress
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms

router = pages("/start")
AT_ONCE = 50
MOST_TARGETS = 500
Word = Annotated[str, Query(max_length=40)]
Words = Annotated[str, Query(max_length=100)]
RowNumber = Annotated[int, Query(ge=0, le=MOST_INTEGER)]
Name = Annotated[str, Query(max_length=600)]


def _page(request: Request, there: Rooms, template: str, here: int, *, status: int = 200, **more: Any) -> Response:
    """`here`: which step this is, from 0."""
    return page(request, f"start/{template}", status=status, steps=progress(there).steps, here_step=here, **more)


@router.get("")
def begin(request: Request, there: There, _: AsAdmin) -> Response:
    """To the first step that is left."""
    return go(request, progress(there).next_path)


@router.get("/provider")
def provider(request: Request, there: There, _: AsAdmin, type: Word = "", preset: Word = "") -> Response:
    chosen = forms.preset_named(preset)
    kind = chosen.type if chosen else type
    if not kind:
        return _page(request, there, "cards.html", 0, **cards(there))
    fields = forms.fields_of(kind)
    more = new_form(fields, forms.proposed(fields.kind, chosen), preset)
    return _page(request, there, "provider.html", 0, **more, errors={}, error=None)


@router.get("/check")
def check(request: Request, there: There, _: AsAdmin, provider: RowNumber = 0) -> Response:
    return _page(request, there, "check.html", 1, **shown(there, there.providers.get(provider)))


@router.get("/models")
def models(
    request: Request, there: There, _: AsAdmin, q: Words = "", provider: RowNumber = 0, offset: RowNumber = 0
) -> Response:
    return _models(request, there, q, provider, offset)


@router.post("/models")
def choose(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Make the ticked ones visible, and perhaps enable them for agents."""
    ids, q, provider = form.wholes("model"), form.text("q")[:100], form.whole("provider") or 0
    if not ids:
        return _models(request, there, q, provider, form.whole("offset") or 0, "Tick at least one model.")
    chosen = Selection(model_ids=ids)
    try:
        there.bulk.set_flag(chosen, "visible", True, by, confirm=form.flag("confirm"))
        if form.flag("agents"):
            there.bulk.set_flag(chosen, "agents_enabled", True, by)
    except NameWouldMove as error:
        moves, total = moves_of(there, error)
        return _models(request, there, q, provider, 0, "", moves=moves, total_moves=total, ticked=ids)
    return go(request, f"/start/alias?model={ids[0]}", say=f"{plural(len(ids), 'model')} visible from now on.")


@router.get("/alias")
def alias(request: Request, there: There, _: AsAdmin, model: RowNumber = 0) -> Response:
    return _alias(request, there, {"alias": "", "model": str(model)})


@router.post("/alias")
def make_alias(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    values = {"alias": form.text("alias"), "model": form.text("model")}
    try:
        body = validated(NewAliasBody, {"alias": values["alias"]})
        made, _receipt = there.aliases.create(form.whole("model") or 0, NewAlias(alias=body.alias), by)
    except (InvalidInput, AliasTaken, AliasShadowsModel, NameWouldMove, ModelNotFound) as error:
        return _alias(request, there, values, error)
    return go(request, f"/start/use?model={made.model.id}", say=f"{made.alias} answers now.")


@router.get("/use")
def use(request: Request, there: There, _: AsAdmin, model: RowNumber = 0) -> Response:
    return _use(request, there, model, secret=None)


@router.post("/use")
def make_key(request: Request, form: Sent, there: There, actor: AsAdmin, by: By) -> Response:
    """The one page that shows the key."""
    return _use(request, there, form.whole("model") or 0, secret=_made(form, there, actor, by))


def _made(form: Form, there: Rooms, actor: Actor, by: Any) -> str:
    asked = {name: [form.text(name)] for name in ("name", "kind")}
    return keys.made(Form(asked), there, actor, by)[1]


def _models(
    request: Request, there: Rooms, q: str, provider: int, offset: int, problem: str = "", **more: Any
) -> Response:
    wanted = ModelFilter(q=q or None, provider_id=provider or None)
    found = there.models.page(wanted, sort="model_id", limit=AT_ONCE, offset=offset)
    told = {"moves": [], "total_moves": 0, "ticked": [], "problem": problem, **more}
    status = 409 if told["total_moves"] else 422 if problem else 200
    at = {"q": q, "provider": provider, "offset": offset, "limit": AT_ONCE}
    return _page(request, there, "models.html", 2, status=status, found=found, **at, **told)


def _alias(request: Request, there: Rooms, values: dict[str, str], error: LineupError | None = None) -> Response:
    targets = _visible(there)
    if error is None and not any(values["model"] == str(one.id) for one in targets):
        values = {**values, "model": str(targets[0].id) if targets else ""}
    options = [(str(one.id), f"{one.model_id} ({one.provider.name})") for one in targets]
    told = {"values": values, "options": options, "error": error}
    errors = {} if error is None else said_of_fields(error)
    return _page(request, there, "alias.html", 3, status=error.status if error else 200, **told, errors=errors)


def _use(request: Request, there: Rooms, model: int, *, secret: str | None) -> Response:
    return _page(
        request, there, "use.html", 4, url=base_url(request), secret=secret, name=_name(there, model), model=model
    )


def _name(there: Rooms, model: int) -> str | None:
    """What callers write for this model, else for the first visible one: its alias where it has one."""
    targets = [one for one in _visible(there) if one.id == model] or _visible(there)
    return (targets[0].aliases or [targets[0].model_id])[0] if targets else None


def _visible(there: Rooms) -> list[Model]:
    wanted = ModelFilter(visible=True)
    return there.models.page(wanted, sort="-updated_at", limit=MOST_TARGETS, offset=0).models
