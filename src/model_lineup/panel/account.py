"""One's own account: password, keys, and which models one may call. All that a plain user sees."""

import asyncio
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.access.actor import Actor
from model_lineup.api.auth import PasswordChange
from model_lineup.api.dependencies import From, PathId, There
from model_lineup.errors import InvalidInput, LineupError, NotAllowed, PasswordsBusy, SignInThrottled
from model_lineup.panel import keys
from model_lineup.panel.addresses import base_url
from model_lineup.panel.forms import said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import go, page
from model_lineup.panel.single_sign_on import comes_from_elsewhere
from model_lineup.panel.visitors import AsUser, By, Sent
from model_lineup.rooms import Rooms

router = pages("/account")
MOST_KEYS = 200
AT_ONCE = 100
Words = Annotated[str, Query(max_length=100)]


@router.get("")
def account(request: Request, there: There, actor: AsUser, q: Words = "") -> Response:
    return _page(request, there, actor, q)


@router.post("/password")
async def change_password(request: Request, form: Sent, there: There, here: From, actor: AsUser, by: By) -> Response:
    """Other sessions of the person end; this one goes on."""
    person, session = _person(actor), actor.session
    try:
        if form.raw("new_password") != form.raw("again"):
            raise InvalidInput.at("/again", "this is not the same password")
        typed = {name: form.raw(name) for name in ("current_password", "new_password")}
        body = validated(PasswordChange, typed)
        await asyncio.to_thread(
            there.people.change_own_password, person, body.current_password, body.new_password, by, here
        )
    except (InvalidInput, NotAllowed, SignInThrottled, PasswordsBusy) as error:
        return await asyncio.to_thread(_page, request, there, actor, "", error)
    if session is not None:
        await asyncio.to_thread(there.sessions.keep, session, person)
    return go(request, "/account", say="Your password is changed. Your other sessions have ended.")


@router.get("/keys/new")
def new_key(request: Request, _: AsUser) -> Response:
    return page(request, "keys/new.html", **keys.form_of({"kind": "user"}, own=True), error=None, errors={})


@router.post("/keys/new")
def add_key(request: Request, form: Sent, there: There, actor: AsUser, by: By) -> Response:
    _person(actor)
    try:
        key, secret = keys.made(form, there, actor, by, own=True)
    except InvalidInput as error:
        values = {name: form.text(name) for name in form.names()}
        more = {"error": error, "errors": said_of_fields(error)}
        return page(request, "keys/new.html", status=422, **keys.form_of(values, own=True), **more)
    return page(request, "keys/made.html", key=key, secret=secret, url=base_url(request), back="/account", name=None)


@router.get("/keys/{key_id:row}/delete")
def ask_about_key(request: Request, key_id: PathId, there: There, actor: AsUser) -> Response:
    row = keys.rows_of(there, [there.keys.get(key_id, owner_id=_person(actor))])[0]
    return page(request, "keys/delete.html", row=row, action=f"/account/keys/{key_id}/delete", back="/account")


@router.post("/keys/{key_id:row}/delete")
def delete_key(request: Request, key_id: PathId, form: Sent, there: There, actor: AsUser, by: By) -> Response:
    there.keys.delete(key_id, by, owner_id=_person(actor))
    return go(request, "/account", say="The key is deleted.")


def _page(request: Request, there: Rooms, actor: Actor, q: str, error: LineupError | None = None) -> Response:
    found, total = there.keys.page(limit=MOST_KEYS, offset=0, owner_id=_person(actor))
    groups = there.groups.of_person(_person(actor))
    elsewhere = there.sign_on.name if there.sign_on.is_on else None
    return page(
        request,
        "account/page.html",
        status=200 if error is None else error.status,
        rows=keys.rows_of(there, found),
        total=total,
        choice=there.routes.choice("user", groups=groups, search=q, limit=AT_ONCE, offset=0),
        q=q,
        elsewhere=elsewhere,
        connected=elsewhere is not None and comes_from_elsewhere(there, _person(actor)),
        url=base_url(request),
        error=error,
        errors={} if error is None else said_of_fields(error),
    )


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise NotAllowed("This session belongs to nobody.")
    return actor.person_id
