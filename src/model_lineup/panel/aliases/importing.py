"""Many aliases from JSON: first what would become of each, then all of them or none."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.aliases import ImportBody
from model_lineup.api.bodies import said
from model_lineup.api.dependencies import There
from model_lineup.catalog.shapes import ImportedItem, ImportItem
from model_lineup.errors import ImportConflict, InvalidInput, LineupError, NameWouldMove
from model_lineup.panel import render
from model_lineup.panel.forms import Form, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.visitors import AsAdmin, By, Sent

router = pages("/aliases")
SHOWN = 500
"""Items of a rehearsal that are named, conflicts first; all are counted."""


@router.get("/import")
def import_page(request: Request, _: AsAdmin) -> Response:
    return _page(request, "", "create")


@router.post("/import")
def run(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """A rehearsal; with `apply` the import, if nothing has come in between."""
    text, mode = form.text("json"), form.text("mode")
    is_meant, confirm = form.flag("apply"), form.flag("confirm")
    try:
        body = validated(ImportBody, {"aliases": _items(form), "mode": mode})
        items = [ImportItem(**said(item)) for item in body.aliases]
        result = there.alias_import.run(items, by, mode=body.mode, dry_run=not is_meant, confirm=confirm)
    except ImportConflict as error:
        return _page(request, text, mode, items=error.facts["items"], error=error)
    except LineupError as error:
        if error.status >= 500:
            raise
        return _page(request, text, mode, error=error)
    if is_meant:
        counts = f"{result.created} created, {result.updated} changed, {result.unchanged} as they were."
        return render.go(request, "/aliases", say=f"Aliases: {counts}")
    return _page(request, text, mode, items=result.items, confirm=confirm)


def _items(form: Form) -> Any:
    """A list, or an object with `aliases`, as the API takes it and `GET /api/admin/aliases` gives it."""
    try:
        found = msgspec.json.decode(form.text("json"))
    except msgspec.DecodeError as error:
        raise InvalidInput.at("json", f"is no JSON: {error}") from None
    found = found.get("aliases") if isinstance(found, dict) else found
    if not isinstance(found, list) or not found:
        raise InvalidInput.at("json", 'a list like [{"alias": "fast", "model_id": "acme/small"}] is expected')
    return found


def _page(
    request: Request,
    text: str,
    mode: str,
    *,
    items: list[ImportedItem] | None = None,
    error: LineupError | None = None,
    confirm: bool = False,
) -> Response:
    found = items or []
    counts = dict.fromkeys(("conflict", "created", "updated", "unchanged"), 0)
    for item in found:
        counts[item.outcome] += 1
    first = sorted(found, key=lambda item: list(counts).index(item.outcome))[:SHOWN]
    more: dict[str, Any] = {"text": text, "mode": mode, "items": first, "counts": counts, "error": error}
    asks = isinstance(error, NameWouldMove)
    status = 200 if error is None else error.status
    return render.page(request, "aliases/import.html", status=status, **more, asks=asks, confirm=confirm or asks)
