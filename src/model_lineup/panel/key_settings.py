"""One key: its settings, which can be changed here, and what it was used for in the last 30 days."""

from datetime import timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.shapes import Key, KeyChanges, Limits
from model_lineup.api.bodies import said
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.keys import KeyPatch
from model_lineup.api.usage import USUAL_DAYS
from model_lineup.errors import LineupError, PreconditionFailed
from model_lineup.journal import store as journal_store
from model_lineup.journal.shapes import ChangeSet
from model_lineup.ledger.shapes import Wanted
from model_lineup.panel import usage
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.keys import LIMITS, end_of, limits_of, rows_of
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/keys")
MODELS = 8
REFUSED = (409, 412, 422)
LABELS = {
    "name": "Name",
    "expires_on": "Last day",
    "active": "On",
    "trusted_front_end": "Trusted front end",
    **dict(LIMITS),
}


@router.get("/{key_id:row}")
def show(request: Request, key_id: PathId, there: There, _: AsViewer) -> Response:
    key = there.keys.get(key_id)
    return _page(request, there, key, texts_of(key))


@router.post("/{key_id:row}")
def change(request: Request, key_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """What differs from what is stored, at the version that the form was made from."""
    before, values = there.keys.get(key_id), {field: form.text(field) for field in LABELS}
    try:
        changes = _changes(form, values, texts_of(before))
        if "groups_shown" in form and form.text("was_groups") != " ".join(sorted(form.many("groups"))):
            changes = msgspec.structs.replace(changes, groups=form.wholes("groups"))
        key, receipt = there.keys.change(key_id, changes, by, if_match=form.whole("version") or 0)
    except LineupError as error:
        if error.status not in REFUSED:
            raise
        return _again(request, there, form, values, error)
    changed = "is changed: this holds on the next request" if receipt.change_id else "was like that already"
    return go(request, f"/keys/{key_id}", say=f"The key {key.name} {changed}.")


def texts_of(key: Key) -> dict[str, str]:
    """What the form of a key holds."""
    limits = {name: getattr(key.limits, name) for name, _ in LIMITS}
    return {
        "name": key.name,
        "expires_on": key.expires_at.date().isoformat() if key.expires_at else "",
        "active": "" if key.disabled else "true",
        "trusted_front_end": "true" if key.trusted_front_end else "",
        **{name: "" if value is None else f"{value:.15g}" for name, value in limits.items()},
    }


def _changes(form: Form, values: dict[str, str], now: dict[str, str]) -> KeyChanges:
    """Only of what is not so already: the end of a key that has expired may stay. Raises InvalidInput."""
    wanted: dict[str, Any] = {}
    if values["name"] != now["name"]:
        wanted["name"] = values["name"]
    if values["expires_on"] != now["expires_on"]:
        wanted["expires_at"] = end_of(values["expires_on"])
    if values["active"] != now["active"]:
        wanted["disabled"] = not form.flag("active")
    if values["trusted_front_end"] != now["trusted_front_end"]:
        wanted["trusted_front_end"] = form.flag("trusted_front_end")
    if any(values[name] != now[name] for name, _ in LIMITS):
        wanted["limits"] = limits_of(form)
    asked = said(validated(KeyPatch, wanted)) if wanted else {}
    if asked.get("limits") is not None:
        asked["limits"] = Limits(**asked["limits"].model_dump())
    return KeyChanges(**asked)


def _again(request: Request, there: Rooms, form: Form, values: dict[str, str], error: LineupError) -> Response:
    """After a 412 the form is about the version that is there now, so that saving again means it."""
    key = there.keys.get(int(request.path_params["key_id"]))
    was = {field: form.text(f"was_{field}") for field in LABELS}
    if not isinstance(error, PreconditionFailed):
        return _page(request, there, key, values, error, was=was, version=form.whole("version"))
    now = texts_of(key)
    theirs = {field for field in LABELS if now[field] != was[field]}
    kept = {field: now[field] if field in theirs and values[field] == was[field] else values[field] for field in LABELS}
    clashes = {LABELS[field]: now[field] for field in LABELS if field in theirs and kept[field] != now[field]}
    return _page(request, there, key, kept, error, clashes=clashes, ahead=_last_change(there, key.id))


def _page(
    request: Request,
    there: Rooms,
    key: Key,
    values: dict[str, str],
    error: LineupError | None = None,
    *,
    was: dict[str, str] | None = None,
    version: int | None = None,
    **more: Any,
) -> Response:
    return page(
        request,
        "keys/one.html",
        status=200 if error is None else error.status,
        row=rows_of(there, [key])[0],
        values=values,
        was=texts_of(key) if was is None else was,
        version=version or key.version,
        limits=LIMITS,
        all_groups=there.groups.names() if key.kind != "admin" else {},
        chosen=key.groups,
        error=error,
        errors={} if error is None else said_of_fields(error),
        used=None if key.kind == "admin" else _used(there, key.id),
        **{"clashes": {}, "ahead": None, **more},
    )


def _used(there: Rooms, key_id: int) -> dict[str, Any]:
    """Its last 30 days: sums, a chart, and the models that it called most."""
    last = there.clock.now().date()
    wanted = Wanted(first=last - timedelta(days=USUAL_DAYS - 1), last=last, key_id=key_id)
    days = there.usage.report(wanted, ("day",), limit=USUAL_DAYS, offset=0)
    models = there.usage.report(wanted, ("model",), limit=MODELS, offset=0)
    return {"totals": days.totals, "drawn": usage.per_day(days), "models": models, "label": usage.label}


def _last_change(there: Rooms, key_id: int) -> ChangeSet | None:
    with there.database.read() as connection:
        return next(iter(journal_store.of_row(connection, "key", key_id, most=1)), None)
