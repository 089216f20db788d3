"""Groups and their members, as they are entered and shown."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.access.shapes import Limits
from model_lineup.journal.shapes import Impact


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`people`, `keys`: how many belong to it themselves. `limits` are shared by all who do, and by people's keys.

    `models`, `aliases`: how many are limited to it, alone or with other groups.
    """

    id: int
    name: str
    description: str | None
    limits: Limits
    people: int
    keys: int
    models: int = 0
    aliases: int = 0
    version: int
    created_at: datetime
    updated_at: datetime


class GroupPage(msgspec.Struct, frozen=True):
    groups: list[Group]
    total: int
    limit: int
    offset: int


class NewGroup(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str | None = None
    limits: Limits = Limits()


class GroupChanges(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch; None takes the description or the limits away."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    limits: Limits | UnsetType | None = UNSET


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person by address, or a key by name; `owner` is a key's."""

    type: Literal["person", "key"]
    id: int
    name: str
    kind: str | None = None
    owner: str | None = None
    disabled: bool


class MemberPage(msgspec.Struct, frozen=True):
    """People first, by address; then keys, by name."""

    members: list[Member]
    total: int
    limit: int
    offset: int


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of people and of keys."""

    people: list[int] = []
    keys: list[int] = []


class MembersChanged(msgspec.Struct, frozen=True, kw_only=True):
    matched: int
    changed: int
    unchanged: int
    revision: int
    change_id: int | None
    dry_run: bool
    impact: Impact | UnsetType = UNSET
