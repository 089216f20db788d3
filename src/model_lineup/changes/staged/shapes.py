"""Staged changes, as they are entered, kept and shown."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from model_lineup.catalog.shapes import Selection
from model_lineup.journal.shapes import Impact

Operation = Literal["models.visibility", "models.agents_enabled", "providers.enabled", "aliases.target"]
State = Literal["waiting", "done", "cancelled", "refused"]


class FlagWanted(msgspec.Struct, frozen=True, kw_only=True):
    """`flag`: visible or agents_enabled."""

    chosen: Selection
    flag: Literal["visible", "agents_enabled"]
    value: bool


class SwitchWanted(msgspec.Struct, frozen=True, kw_only=True):
    provider_id: int
    enabled: bool


class TargetWanted(msgspec.Struct, frozen=True, kw_only=True):
    """`target`: a model's row."""

    alias: str
    target: int


Wanted = FlagWanted | SwitchWanted | TargetWanted


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What callers are told until then. `starts_at`: from when on; None as it is entered: from now on. `successor_id`:
    the model to use instead."""

    starts_at: datetime | None = None
    message: str | None = None
    successor_id: int | None = None


class NewStaged(msgspec.Struct, frozen=True, kw_only=True):
    wanted: Wanted
    at: datetime
    announce: Announcement | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a change was not carried out: what the operation said, and the changes since it was staged that touched the
    same rows, newest first."""

    code: str
    message: str
    changes: list[dict[str, Any]] = []


class StagedModel(msgspec.Struct, frozen=True):
    """`model_id` is null where the model is deleted for good."""

    id: int
    model_id: str | None
    provider: str | None


class StagedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change that waits for its moment, or did. `wanted`: what it does, with the ids of its rows; `models`: the first
    hundred of `models_total`. `impact_when_staged`: whom it would have met then. `confirmed`: names in use may change
    their meaning. `late_s`: how long after its moment it was carried out, where that was more than a minute."""

    id: int
    operation: Operation
    title: str
    at: datetime
    state: State
    announce: Announcement | None
    wanted: dict[str, Any]
    models: list[StagedModel]
    models_total: int
    confirmed: bool
    impact_when_staged: Impact
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None
    late_s: int | None
    refusal: Refusal | None


class StagedPage(msgspec.Struct, frozen=True):
    """Waiting ones first, soonest first; then those that ended, newest first."""

    staged: list[StagedChange]
    total: int
    limit: int
    offset: int
