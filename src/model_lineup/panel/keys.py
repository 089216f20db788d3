"""Keys: who may call with what, made here, shown once, disabled and deleted."""

from datetime import UTC, datetime, time
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Actor, Role
from model_lineup.access.shapes import Key, KeyChanges, Limits, NewKey
from model_lineup.api.bodies import MOST_INTEGER
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.keys import NewKeyBody
from model_lineup.errors import InvalidInput, LineupError, NotFound
from model_lineup.journal.record import Author
from model_lineup.panel.addresses import base_url
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import by_htmx, fragment, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms

router = pages("/keys")
AT_ONCE = 50
FirstRow = Annotated[int, Query(alias="offset", ge=0, le=MOST_INTEGER)]
KINDS = (("user", "user: people and applications"), ("agent", "agent: models that are enabled for agents"))
ADMIN_KIND = ("admin", "admin: the admin API, no models")
LIMITS = (
    ("requests_per_minute", "Requests per minute"),
    ("tokens_per_minute", "Tokens per minute"),
    ("tokens_per_month", "Tokens per month"),
    ("cost_per_month", "US dollars per month"),
)


class Row(NamedTuple):
    """`state`: for `data-is` and for people."""

    key: Key
    owner: str | None
    last_used: datetime | None
    state: tuple[str, str]


def rows_of(there: Rooms, found: list[Key]) -> list[Row]:
    used = there.usage.last_used([key.id for key in found])
    owners = {key.owner_id: _owner(there, key.owner_id) for key in found if key.owner_id is not None}
    now = there.clock.now()
    return [Row(key, owners.get(key.owner_id or 0), used[key.id], _state(key, now)) for key in found]


@router.get("")
def listing(request: Request, there: There, _: AsViewer, first: FirstRow = 0) -> Response:
    found, total = there.keys.page(limit=AT_ONCE, offset=first)
    rows = rows_of(there, found)
    return page(request, "keys/list.html", rows=rows, total=total, offset=first, limit=AT_ONCE)


@router.get("/new")
def new(request: Request, there: There, _: AsAdmin, kind: str = "user") -> Response:
    groups: dict[str, Any] = {"all_groups": there.groups.names(), "chosen": []}
    return page(request, "keys/new.html", **form_of({"kind": kind[:10]}), **groups, error=None, errors={})


@router.post("/new")
def add(request: Request, form: Sent, there: There, actor: AsAdmin, by: By) -> Response:
    """The one page that shows the key."""
    try:
        key, secret = made(form, there, actor, by)
    except LineupError as error:
        if error.status not in (403, 422):
            raise
        values = {name: form.text(name) for name in form.names()}
        more = {"error": error, "errors": said_of_fields(error), "all_groups": there.groups.names()}
        chosen = [int(one) for one in form.many("groups") if one.isdigit() and len(one) < 17]
        return page(request, "keys/new.html", status=error.status, **form_of(values), **more, chosen=chosen)
    return page(request, "keys/made.html", key=key, secret=secret, url=base_url(request), back="/keys", name=None)


def form_of(values: dict[str, str], *, own: bool = False) -> dict[str, Any]:
    kinds = KINDS if own else (*KINDS, ADMIN_KIND)
    return {"values": values, "kinds": kinds, "limits": LIMITS, "own": own}


def made(form: Form, there: Rooms, actor: Actor, by: Author, *, own: bool = False) -> tuple[Key, str]:
    """A key as the form has it, and its secret. Raises InvalidInput, NotAllowed."""
    body = validated(
        NewKeyBody,
        {
            "name": form.text("name"),
            "kind": form.text("kind"),
            "role": form.text("role") or None if form.text("kind") == "admin" else None,
            "expires_at": end_of(form.text("expires_on")),
            "limits": limits_of(form),
            "trusted_front_end": form.flag("trusted_front_end") and not own,
            "groups": [] if own else form.wholes("groups"),
        },
    )
    if own and body.kind == "admin":
        raise InvalidInput.at("/kind", "own keys are for users and agents")
    wanted = NewKey(
        name=body.name,
        kind=body.kind,
        role=Role(body.role) if body.role else None,
        expires_at=body.expires_at,
        limits=Limits(**body.limits.model_dump()),
        trusted_front_end=body.trusted_front_end,
        groups=body.groups,
    )
    key, secret, _ = there.keys.create(wanted, actor, by)
    return key, secret


def limits_of(form: Form) -> dict[str, Any]:
    """As the API's bodies have them. Raises InvalidInput."""
    counts = {name: form.whole(name) for name, _ in LIMITS[:-1]}
    return {**counts, "cost_per_month": form.number("cost_per_month")}


@router.post("/{key_id:row}/enabled")
def switch(request: Request, key_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    on = form.flag("on")
    key, _receipt = there.keys.change(key_id, KeyChanges(disabled=not on), by)
    said = f"The key {key.name} is {'on' if on else 'off'}: this holds on the next request."
    if by_htmx(request):
        return fragment(request, "keys/_row.html", say=said, row=rows_of(there, [key])[0], mine=False)
    return go(request, "/keys", say=said)


@router.get("/{key_id:row}/delete")
def ask_about_deletion(request: Request, key_id: PathId, there: There, _: AsAdmin) -> Response:
    row = rows_of(there, [there.keys.get(key_id)])[0]
    return page(request, "keys/delete.html", row=row, action=f"/keys/{key_id}/delete", back="/keys")


@router.post("/{key_id:row}/delete")
def delete(request: Request, key_id: PathId, there: There, form: Sent, _: AsAdmin, by: By) -> Response:
    name = there.keys.get(key_id).name
    there.keys.delete(key_id, by)
    return go(request, "/keys", say=f"The key {name} is deleted.")


def _owner(there: Rooms, person_id: int) -> str | None:
    try:
        return there.people.get(person_id).email
    except NotFound:
        return None


def _state(key: Key, now: datetime) -> tuple[str, str]:
    if key.disabled:
        return "off", "off"
    if key.expires_at is not None and key.expires_at <= now:
        return "warn", "expired"
    return "ok", "in force"


def end_of(day: str) -> str | None:
    """The end of that day in UTC; what is no day is left for the body to refuse."""
    if not day:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(day), time(23, 59, 59), UTC).isoformat()
    except ValueError:
        return day
