"""What the journal says about a change."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One touched row: only the fields that differ; `before` is empty for a new row, `after` for a removed one."""

    entity: str
    entity_id: int
    label: str
    before: dict[str, Any]
    after: dict[str, Any]


class ChangeSet(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: who did what, when, and how many rows it touched. `entries` stand in the single view only.

    `undone_by`: the change set that took it back, `undoes`: those that it took back itself.
    """

    id: int
    revision: int
    at: datetime
    actor: str
    operation: str
    request_id: str | None
    touched: int
    undone_by: int | None = None
    undoes: list[int] = []
    entries: list[Entry] | None = None


class ChangePage(msgspec.Struct, frozen=True):
    changes: list[ChangeSet]
    total: int
    limit: int
    offset: int


class Losing(msgspec.Struct, frozen=True):
    """Who may use a name before a change, and may not after it, because of groups. The first ten are named."""

    people: int
    people_named: list[str]
    keys: int
    keys_named: list[str]


class Impact(msgspec.Struct, frozen=True):
    """What a dry run would meet: models that it touches, aliases that are touched or lead to these, and the keys and
    requests of the last 30 days that used any of them. `agent_keys`: as many of these keys are agents'. `losing`: of a
    change of limits to groups, or of who belongs to them."""

    models: int
    aliases: int
    keys: int
    requests_30d: int
    agent_keys: int = 0
    losing: Losing | UnsetType = UNSET


class Receipt(msgspec.Struct, frozen=True):
    """What a write returns: the revision after it, and its change set (None: nothing changed, or a dry run). Of a dry
    run also whom it would meet."""

    revision: int
    change_id: int | None
    dry_run: bool | UnsetType = UNSET
    impact: Impact | UnsetType = UNSET


class ChainHead(msgspec.Struct, frozen=True):
    """The newest change set and its digest: what to keep elsewhere and to compare later."""

    change_id: int
    revision: int
    digest: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the journal is as it was written. `broken_at` is the first change set where it is not, `reason` why."""

    holds: bool
    change_sets: int
    entries: int
    head: ChainHead | None
    broken_at: int | None = None
    reason: str | None = None
