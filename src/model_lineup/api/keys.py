"""Keys: `/api/admin/keys` for administrators, `/api/me/keys` for one's own."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import ConfigDict, Field
from starlette.responses import Response

from model_lineup.access.actor import Role
from model_lineup.access.shapes import Key, KeyChanges, Limits, NewKey
from model_lineup.api.answers import answer, documented, done, etag, shown_once, written
from model_lineup.api.auth import NO_STORE
from model_lineup.api.bodies import Body, GroupIds, Moment, Name, Patch, said
from model_lineup.api.dependencies import (
    AsAdmin,
    AsUser,
    AsViewer,
    By,
    IfMatch,
    Limit,
    Offset,
    PathId,
    There,
    version_wanted,
)
from model_lineup.api.strict import noun
from model_lineup.errors import NotAllowed

router = noun("Keys", follows_configuration=True)
Count = Annotated[int, Field(ge=1, le=10**12)]


class LimitsBody(Body):
    """Null: no limit. A minute is any sixty seconds, a month one of the calendar in UTC; cost in US dollars."""

    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    tokens_per_month: Count | None = None
    cost_per_month: Annotated[float, Field(gt=0, le=10**9)] | None = None


class OwnKeyBody(Body):
    name: Name
    kind: Literal["user", "agent"]
    expires_at: Moment | None = None
    limits: LimitsBody = LimitsBody()


def _role_of_admin_keys(schema: dict[str, Any]) -> None:
    """Only admin keys have a role, in the words of JSON Schema."""
    schema["anyOf"] = [
        {"properties": {"kind": {"const": "admin"}}},
        {"properties": {"role": {"type": "null"}}},
    ]


class NewKeyBody(OwnKeyBody):
    """`role`: of an admin key; its maker's by default. `trusted_front_end`: it is believed for whom it asks.
    `groups`: ids of groups that it belongs to, beside its owner's."""

    model_config = ConfigDict(json_schema_extra=_role_of_admin_keys)

    kind: Literal["user", "agent", "admin"]  # type: ignore[assignment]
    role: Literal["admin", "viewer"] | None = None
    trusted_front_end: bool = False
    groups: GroupIds = Field(default_factory=list)


class KeyPatch(Patch):
    """Only what is said changes; null takes an end or the limits away. Limits that are said replace all of them."""

    name: Name = ""
    expires_at: Moment | None = None
    limits: LimitsBody | None = None
    trusted_front_end: bool = False
    disabled: bool = False
    groups: GroupIds = Field(default_factory=list)


class KeyPage(msgspec.Struct, frozen=True):
    keys: list[Key]
    total: int
    limit: int
    offset: int


class MadeKey(Key, frozen=True, kw_only=True):
    """`key` is shown this once and never again; a repeated request (`Idempotency-Key`) gets null instead."""

    key: str | None
    secret_already_shown: bool | UnsetType = UNSET


@router.get("/api/admin/keys", responses=documented(KeyPage))
def list_keys(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """All keys, without their secrets."""
    found, total = there.keys.page(limit=limit, offset=offset)
    return answer(KeyPage(found, total, limit, offset))


@router.post("/api/admin/keys", status_code=201, responses=documented(MadeKey, status=201, with_receipt=True))
def create_key(body: NewKeyBody, there: There, actor: AsAdmin, by: By) -> Response:
    """`admin` keys serve this API with a role, `user` and `agent` keys serve `/v1`."""
    role = Role(body.role) if body.role else None
    new = NewKey(
        name=body.name,
        kind=body.kind,
        role=role,
        expires_at=body.expires_at,
        limits=_limits(body.limits),
        trusted_front_end=body.trusted_front_end,
        groups=body.groups,
    )
    key, secret, receipt = there.keys.create(new, actor, by)
    return _made(key, secret, receipt, f"/api/admin/keys/{key.id}")


@router.get("/api/admin/keys/{key_id:row}", responses=documented(Key))
def get_key(key_id: PathId, there: There, _: AsViewer) -> Response:
    key = there.keys.get(key_id)
    return answer(key, headers=etag(key.id, key.version))


@router.put("/api/admin/keys/{key_id:row}", responses=documented(Key, with_receipt=True))
def change_key(key_id: PathId, body: KeyPatch, there: There, _: AsAdmin, by: By, if_match: IfMatch = None) -> Response:
    """Rename, limit, disable, or set when it ends. Kind and role stay."""
    key, receipt = there.keys.change(key_id, _changes(body), by, if_match=version_wanted(key_id, if_match))
    return written(key, receipt, headers=etag(key.id, key.version))


@router.delete("/api/admin/keys/{key_id:row}", status_code=204)
def delete_key(key_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    """It stops working on the next request."""
    return done(there.keys.delete(key_id, by))


@router.get("/api/me/keys", responses=documented(KeyPage))
def list_own_keys(there: There, actor: AsUser, limit: Limit = 100, offset: Offset = 0) -> Response:
    """One's own keys."""
    found, total = there.keys.page(limit=limit, offset=offset, owner_id=_person(actor.person_id))
    return answer(KeyPage(found, total, limit, offset))


@router.post("/api/me/keys", status_code=201, responses=documented(MadeKey, status=201, with_receipt=True))
def create_own_key(body: OwnKeyBody, there: There, actor: AsUser, by: By) -> Response:
    """A key of one's own for `/v1`."""
    _person(actor.person_id)
    new = NewKey(name=body.name, kind=body.kind, expires_at=body.expires_at, limits=_limits(body.limits))
    key, secret, receipt = there.keys.create(new, actor, by)
    return _made(key, secret, receipt, "/api/me/keys")


@router.delete("/api/me/keys/{key_id:row}", status_code=204)
def delete_own_key(key_id: PathId, there: There, actor: AsUser, by: By) -> Response:
    """It stops working on the next request."""
    return done(there.keys.delete(key_id, by, owner_id=_person(actor.person_id)))


def _made(key: Key, secret: str, receipt: Any, location: str) -> Response:
    made = MadeKey(**msgspec.structs.asdict(key), key=secret)
    headers = {"location": location, **etag(key.id, key.version), **NO_STORE}
    return shown_once(made, receipt, "key", headers=headers)


def _limits(body: LimitsBody) -> Limits:
    return Limits(**body.model_dump())


def _changes(body: KeyPatch) -> KeyChanges:
    values = said(body)
    if values.get("limits") is not None:
        values["limits"] = _limits(values["limits"])
    return KeyChanges(**values)


def _person(person_id: int | None) -> int:
    if person_id is None:
        raise NotAllowed("This credential belongs to nobody; own keys belong to people.")
    return person_id
