"""Signing in and out, and what concerns the signed-in person."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from model_lineup.access.shapes import TokenPair
from model_lineup.api.answers import answer, documented, done
from model_lineup.api.bodies import Body, Line, NewPassword
from model_lineup.api.dependencies import Anybody, AsUser, By, From, There
from model_lineup.api.strict import noun
from model_lineup.errors import NotAllowed

router = noun("Sign-in", "/api")
NO_STORE = {"cache-control": "no-store"}


class Login(Body):
    email: Annotated[Line, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Refresh(Body):
    refresh_token: Annotated[Line, Field(min_length=1, max_length=200)]


class PasswordChange(Body):
    current_password: Annotated[str, Field(min_length=1, max_length=256)]
    new_password: NewPassword


@router.post("/auth/login", responses=documented(TokenPair))
def login(body: Login, there: There, here: From, _: Anybody) -> Response:
    """A pair of tokens: the access token goes into `Authorization: Bearer`.

    Wrong passwords lock the account out for who comes from this address: 429 `sign_in_throttled` with `Retry-After`.
    """
    return answer(there.sessions.sign_in(body.email, body.password, here), headers=NO_STORE)


@router.post("/auth/refresh", responses=documented(TokenPair))
def refresh(body: Refresh, there: There, here: From, _: Anybody) -> Response:
    """A new pair. A refresh token is used once; a late second use ends the session."""
    return answer(there.sessions.refresh(body.refresh_token, here), headers=NO_STORE)


@router.post("/auth/logout", status_code=204)
def logout(there: There, here: From, actor: AsUser) -> Response:
    """End this session at once."""
    if actor.session is None:
        raise NotAllowed("A key has no session. DELETE /api/admin/keys/{id} revokes a key.")
    there.sessions.sign_out(actor.session, here, actor.label)
    return Response(status_code=204)


@router.put("/me/password", status_code=204)
def change_password(body: PasswordChange, there: There, here: From, actor: AsUser, by: By) -> Response:
    """A new password ends all other sessions of the person. A wrong current one counts as a failed sign-in."""
    if actor.person_id is None or actor.key_id is not None:
        raise NotAllowed("Only a signed-in person has a password.")
    people, wanted = there.people, body.new_password
    receipt = people.change_own_password(actor.person_id, body.current_password, wanted, by, here)
    if actor.session is not None:
        there.sessions.keep(actor.session, actor.person_id)
    return done(receipt)


@router.get("/admin/me")
def me(actor: AsUser) -> Response:
    """Who this credential stands for."""
    email = actor.label if actor.session is not None else None
    is_admin = actor.role.value == "admin"
    return answer({"user_id": actor.person_id, "email": email, "role": actor.role, "is_admin": is_admin})
