"""The list of providers: how each fares, in which order they win, which are switched on."""

from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.catalog.census import Counts
from model_lineup.catalog.shapes import Provider, ProviderChanges
from model_lineup.changes.staged.shapes import SwitchWanted
from model_lineup.errors import InvalidInput, NameWouldMove
from model_lineup.journal.record import Author
from model_lineup.panel import staging
from model_lineup.panel.forms import Form, said_of_fields
from model_lineup.panel.pages import pages
from model_lineup.panel.providers.preview import Preview, preview
from model_lineup.panel.render import by_htmx, fragment, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms
from model_lineup.upstream import registry

router = pages("/providers")
Direction = Annotated[str, Query(pattern="^(up|down)$")]


class Row(NamedTuple):
    """`last`: how the last fetch ended, as it was kept; None without one. `status`: for `data-is`, and for people."""

    provider: Provider
    kind: str
    counts: Counts
    last: dict[str, Any] | None
    status: tuple[str, str]


def row_of(there: Rooms, provider: Provider) -> Row:
    counts = there.census.by_provider().get(provider.id, Counts())
    last = msgspec.json.decode(provider.last_fetch)
    label = registry.kind_named(provider.type).label
    return Row(provider, label, counts, last, _status(provider, last))


@router.get("")
def listing(request: Request, there: There, _: AsViewer) -> Response:
    return page(request, "providers/list.html", rows=_rows(there))


@router.post("/{provider_id:row}/enabled")
def switch(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """On and off; whoever would be met by it is shown first."""
    on = form.flag("on")
    if not form.flag("confirm") and _switched(there, provider_id, on, by).meets_anybody:
        return go(request, f"/providers/{provider_id}/enabled?on={'true' if on else 'false'}")
    changes = ProviderChanges(enabled=on)
    provider, receipt = there.providers.change(provider_id, changes, by, confirm=form.flag("confirm"))
    said = f"{provider.name} is {'on' if on else 'off'}."
    if by_htmx(request) and not form.flag("confirm"):
        row = row_of(there, provider)
        return fragment(request, "providers/_row.html", say=said, undo=receipt.change_id, row=row, place=None)
    return go(request, "/providers", say=said, undo=receipt.change_id)


@router.get("/{provider_id:row}/enabled")
def ask_about_switch(
    request: Request, provider_id: PathId, there: There, _: AsAdmin, by: By, on: bool = False
) -> Response:
    return _ask_about_switch(request, there, provider_id, on, by)


@router.post("/{provider_id:row}/enabled/stage")
def stage_switch(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """On or off at a moment to come."""
    on = form.flag("on")
    wanted = SwitchWanted(provider_id=provider_id, enabled=on)
    try:
        staged, receipt = staging.stage(there, form, wanted, by, confirm=form.flag("confirm"))
    except InvalidInput as error:
        return _ask_about_switch(request, there, provider_id, on, by, form, error)
    say = f"{staged.title[:200]}: staged."
    return go(request, f"/activity/staged/{staged.id}", say=say, undo=receipt.change_id)


def _ask_about_switch(
    request: Request,
    there: Rooms,
    provider_id: int,
    on: bool,
    by: Author,
    form: Form | None = None,
    error: InvalidInput | None = None,
) -> Response:
    """`form` and `error`: the moment that was entered, and what is wrong with it."""
    provider, verb = there.providers.get(provider_id), "on" if on else "off"
    return page(
        request,
        "providers/confirm.html",
        status=422 if error else 200,
        title=f"Switch {provider.name} {verb}?",
        text="While it is off, callers get a 404 for its models; the models keep their own settings." if not on else "",
        preview=_switched(there, provider_id, on, by),
        action=f"/providers/{provider_id}/enabled",
        fields={"on": "true" if on else "false", "confirm": "true"},
        verb=f"Switch {verb}",
        back="/providers",
        later=staging.entered(form) if form else dict.fromkeys(staging.FIELDS, ""),
        errors=said_of_fields(error) if error else {},
        may_announce=not on,
    )


@router.post("/{provider_id:row}/move")
def move(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """One place up or down in the order in which providers win an id that several have."""
    direction, confirm = form.text("direction"), form.flag("confirm")
    provider = there.providers.get(provider_id)
    try:
        there.providers.reorder(_moved(there, provider_id, direction), by, confirm=confirm)
    except NameWouldMove:
        return go(request, f"/providers/{provider_id}/move?direction={'up' if direction == 'up' else 'down'}")
    if by_htmx(request):
        return fragment(request, "providers/_table.html", say=f"{provider.name} moved {direction}.", rows=_rows(there))
    return go(request, "/providers")


@router.get("/{provider_id:row}/move")
def ask_about_move(
    request: Request, provider_id: PathId, there: There, _: AsAdmin, by: By, direction: Direction = "up"
) -> Response:
    provider = there.providers.get(provider_id)
    order = _moved(there, provider_id, direction)
    return page(
        request,
        "providers/confirm.html",
        title=f"Move {provider.name} {direction}?",
        text="Where several providers have a model of one id, the first of them in this order answers.",
        preview=preview(there, lambda confirm: there.providers.reorder(order, by, confirm=confirm, dry_run=True)),
        action=f"/providers/{provider_id}/move",
        fields={"direction": direction, "confirm": "true"},
        verb=f"Move {direction}",
        back="/providers",
    )


def _rows(there: Rooms) -> list[Row]:
    found, _ = there.providers.page(limit=1_000, offset=0)
    return [row_of(there, provider) for provider in found]


def _switched(there: Rooms, provider_id: int, on: bool, by: Author) -> Preview:
    changes = ProviderChanges(enabled=on)
    return preview(
        there, lambda confirm: there.providers.change(provider_id, changes, by, confirm=confirm, dry_run=True)
    )


def _moved(there: Rooms, provider_id: int, direction: str) -> list[int]:
    """The ids in their order after the move; the same order for who is first or last already."""
    found, _ = there.providers.page(limit=100_000, offset=0)
    ids = [provider.id for provider in found]
    here = ids.index(provider_id)
    place = here - 1 if direction == "up" else here + 1
    if 0 <= place < len(ids):
        ids[here], ids[place] = ids[place], ids[here]
    return ids


def _status(provider: Provider, last: dict[str, Any] | None) -> tuple[str, str]:
    if not provider.enabled:
        return "off", "off"
    if last is None:
        return "new", "never fetched"
    return ("ok", "ok") if last.get("outcome") == "ok" else ("failing", "last fetch failed")
