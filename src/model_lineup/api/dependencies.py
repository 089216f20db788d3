"""Who is asking, with which role, and through which rooms: the symbols that routes depend on.

Whatever waits for nothing is `async`: FastAPI runs everything else in a thread, which costs more than the answer.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Header, Path, Query, Request

from model_lineup.access.actor import Actor, Role
from model_lineup.access.tokens import kind_of
from model_lineup.api.bodies import MOST_INTEGER, Line
from model_lineup.api.visits import visit_of
from model_lineup.catalog.shapes import Model
from model_lineup.errors import ConflictingCredentials, GatewayTimeout, InvalidInput, NotSignedIn
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms
from model_lineup.security.visit import Visit

WAIT_S = 5.0
CLAIM = "lineup.claim"


def rooms(request: Request) -> Rooms:
    found: Rooms = request.app.state.rooms
    return found


def visit(request: Request, there: Rooms) -> Visit:
    """Where the request came from."""
    return visit_of(request, there.settings.trusted_proxies)


async def _rooms(request: Request) -> Rooms:
    return rooms(request)


There = Annotated[Rooms, Depends(_rooms)]


async def _visit(request: Request, there: There) -> Visit:
    return visit(request, there)


From = Annotated[Visit, Depends(_visit)]


def current_actor(request: Request, there: There, here: From) -> Actor:
    """The actor that the credential stands for. Raises NotSignedIn, ConflictingCredentials."""
    local = request.scope.get("lineup.actor")  # set by the command line in its own process; no header can set it
    if isinstance(local, Actor):
        return local
    token = _token(request)
    kind = kind_of(token)
    actor = None
    if kind == "access":
        actor = there.sessions.actor(token)
    elif kind == "admin":
        actor = there.keys.admin_actor(token, here)
    elif kind in ("user", "agent"):
        raise NotSignedIn("Keys of this kind serve /v1. The admin API takes an access token or an admin key.")
    if actor is None:
        raise NotSignedIn("This credential is unknown, expired or revoked. POST /api/auth/login gives a new one.")
    return actor


class Needs:
    """A dependency that lets only this role and those above it through."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, actor: Annotated[Actor, Depends(current_actor)]) -> Actor:
        actor.must_reach(self.role)
        return actor


async def open_to_all() -> None:
    """The policy of the few routes that need no credential; named, so that no route is open by omission."""


Anybody = Annotated[None, Depends(open_to_all)]
AsUser = Annotated[Actor, Depends(Needs(Role.USER))]
AsViewer = Annotated[Actor, Depends(Needs(Role.VIEWER))]
AsAdmin = Annotated[Actor, Depends(Needs(Role.ADMIN))]


def claim_of(request: Request) -> str | None:
    """The claim under which a request is carried out that came with an `Idempotency-Key`."""
    claim: str | None = request.scope.get(CLAIM)
    return claim


async def author(request: Request, here: From, actor: Annotated[Actor, Depends(current_actor)]) -> Author:
    """The actor as the journal names it, with the request that it came by."""
    return Author(actor.label, here.request_id, here.address, here.user_agent, claim_of(request))


By = Annotated[Author, Depends(author)]
Confirm = Annotated[bool, Query(description="Accept that names in use change their meaning.")]
DryRun = Annotated[bool, Query(description="Do everything, report it, and take it back.")]
Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=MOST_INTEGER)]
PathId = Annotated[int, Path(ge=1, le=MOST_INTEGER)]


async def within_page_limit(request: Request) -> None:
    """A `limit` is bounded by a setting, too. Raises InvalidInput."""
    most, asked = rooms(request).settings.page_limit, request.query_params.get("limit", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 19 and int(asked) > most:
        raise InvalidInput.at("limit", f"at most {most} (LINEUP_PAGE_LIMIT)")


async def wait_for_revision(
    there: There,
    _: Annotated[Actor, Depends(current_actor)],
    wait_revision: Annotated[
        int | None, Query(ge=0, le=MOST_INTEGER, description="Wait up to 5 s until the configuration is that new.")
    ] = None,
) -> None:
    """Hold a read until the configuration is at least this new. Whoever has no credential is not waited for."""
    await revision_reached(there, wait_revision)


async def revision_reached(there: Rooms, wait_revision: int | None) -> None:
    """Returns when it is, at once for None. Raises GatewayTimeout after 5 s."""
    if wait_revision is None:
        return
    for _ in range(int(WAIT_S / 0.05)):
        if await asyncio.to_thread(_revision, there) >= wait_revision:
            return
        await asyncio.sleep(0.05)
    raise GatewayTimeout(f"Revision {wait_revision} did not come within {WAIT_S:g} s.")


def _revision(there: Rooms) -> int:
    with there.database.read() as connection:
        return journal_store.revision(connection)


def model_of_query(
    request: Request,
    there: There,
    model_id: Annotated[Line, Query(min_length=1, description="The provider's own id; percent-encode it.")],
    provider_id: Annotated[int | None, Query(ge=1, le=MOST_INTEGER, description="Picks among several.")] = None,
) -> Model:
    """The model of `?model_id=`, decoded once and strictly. Raises ModelNotFound, AmbiguousModel, InvalidInput."""
    return there.models.find(_strict(request, "model_id"), provider_id)


TheModel = Annotated[Model, Depends(model_of_query)]


def version_wanted(row_id: int, if_match: str | None) -> int | None:
    """The version that `If-Match` names for this row; None without one or for `*`, -1 for another row's tag.

    Proxies that compress mark a tag as weak (`W/`); a version is exact all the same.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    for tag in if_match.split(","):
        named, _, version = tag.strip().removeprefix("W/").strip('"').partition("-")
        if named == str(row_id) and version.isascii() and version.isdigit() and len(version) < 19:
            return int(version)
    return -1


IfMatch = Annotated[str | None, Header(description="The ETag that was read; another version answers 412.")]


def _token(request: Request) -> str:
    """The bearer token. Raises NotSignedIn for none, ConflictingCredentials for several that differ."""
    bearers = [
        value[7:].strip() for value in request.headers.getlist("authorization") if value[:7].lower() == "bearer "
    ]
    given = {*bearers, *request.headers.getlist("x-api-key")}
    if len(given) > 1:
        raise ConflictingCredentials("Send one credential: Authorization: Bearer with a token or an admin key.")
    if not bearers:
        raise NotSignedIn("Send Authorization: Bearer with an access token (POST /api/auth/login) or an admin key.")
    return bearers[0]


def _strict(request: Request, name: str) -> str:
    """A query parameter, form-decoded once. Raises InvalidInput when it is repeated or not UTF-8."""
    raw: bytes = request.scope["query_string"]
    pairs = (part.partition(b"=") for part in raw.split(b"&"))
    values = [value for key, _, value in pairs if unquote_to_bytes(key.replace(b"+", b" ")) == name.encode()]
    if len(values) != 1:
        raise InvalidInput.at(name, "say it once")
    try:
        return unquote_to_bytes(values[0].replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidInput.at(name, "is not UTF-8 when percent-decoded") from None


def policy_of(dependant: Any) -> Callable[..., Any] | None:
    """The policy among a route's dependencies, however deep; None where there is none."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Needs) or dependency.call is open_to_all:
            found: Callable[..., Any] = dependency.call
            return found
        if (inner := policy_of(dependency)) is not None:
            return inner
    return None
