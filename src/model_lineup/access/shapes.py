"""What goes in and out of this room. Frozen values; no hash and no secret, but for a key's one showing."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.access.actor import Role

SignIn = Literal["none", "password", "single_sign_on", "both"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """`sign_in`: by what this person can. `groups`: ids of those it belongs to; its keys belong to them, too."""

    id: int
    email: str
    role: Role
    disabled: bool
    password_set: bool
    sign_in: SignIn
    groups: list[int] = []
    version: int
    created_at: datetime
    updated_at: datetime


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    role: Role
    password: str | None = None
    disabled: bool = False
    groups: list[int] = []


class PersonChanges(msgspec.Struct, frozen=True, kw_only=True):
    """`forget_sign_on`: the account at a provider of sign-on that this person was bound to is not this person's."""

    email: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    password: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    groups: list[int] | UnsetType = UNSET
    forget_sign_on: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """None: no limit. Money in US dollars."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_month: int | None = None
    cost_per_month: float | None = None


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """`owner_id`: the person whose disabling revokes it; `last4`: the last four characters of the key.

    `trusted_front_end`: it is believed for which of its own users it asks. `groups`: ids of those that it belongs to
    itself; `owners_groups`: those that its owner belongs to, and it with him.
    """

    id: int
    name: str
    kind: str
    role: Role | None
    owner_id: int | None
    last4: str
    limits: Limits
    trusted_front_end: bool
    groups: list[int] = []
    owners_groups: list[int] = []
    expires_at: datetime | None
    disabled: bool
    version: int
    created_at: datetime
    updated_at: datetime


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    role: Role | None = None
    expires_at: datetime | None = None
    limits: Limits = Limits()
    trusted_front_end: bool = False
    groups: list[int] = []


class KeyChanges(msgspec.Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    limits: Limits | UnsetType | None = UNSET
    trusted_front_end: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    groups: list[int] | UnsetType = UNSET


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """`expires_in` in seconds, of the access token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme, not a secret
    expires_in: int
    refresh_token: str
