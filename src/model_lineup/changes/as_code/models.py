"""Models in a file: which of them an administrator has decided something about, and what that was."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from model_lineup.changes.as_code.shapes import LifecycleEntry, ModelEntry, PricingEntry
from model_lineup.changes.store.configured import ModelRow

FLAGS = ("visible", "listed", "agents_enabled")
PINS = tuple(name for name in ModelEntry.__struct_fields__ if name not in (*FLAGS, "groups"))


def name_of(row: ModelRow) -> str:
    """As `slug/model_id`."""
    return f"{row.slug}/{row.model_id}"


def belongs_into_a_file(row: ModelRow, entry: ModelEntry, needed: Collection[int]) -> bool:
    """Whether somebody decided something about it, or something decided leads to it (`needed`).

    What a provider's list brought and nobody touched comes again with the next fetch.
    """
    return row.source != "discovered" or entry != ModelEntry() or row.id in needed


def entry_of(row: ModelRow, names: Mapping[int, str]) -> ModelEntry:
    """Its flags and pins, as a file says them. `names`: of living models by row."""
    return ModelEntry(
        visible=row.visible,
        listed=row.listed,
        agents_enabled=row.agents_enabled,
        groups=row.groups or None,
        **{field: _entered(field, value, names) for field, value in row.pins.items() if field in PINS},
    )


def successor_of(row: ModelRow) -> int | None:
    """The row that its pinned lifecycle names."""
    found = (row.pins.get("lifecycle") or {}).get("successor_id")
    return found if type(found) is int else None


def _entered(field: str, value: Any, names: Mapping[int, str]) -> Any:
    if field == "pricing":
        return msgspec.convert(value, PricingEntry)
    if field == "lifecycle":
        return _lifecycle(value, names)
    return value


def _lifecycle(said: Mapping[str, Any], names: Mapping[int, str]) -> LifecycleEntry | None:
    """That the end has come is nobody's decision: it follows from `sunset_at`."""
    found = LifecycleEntry(
        message=said.get("message"),
        deprecated_at=_moment(said.get("deprecated_at")),
        sunset_at=_moment(said.get("sunset_at")),
        successor=names.get(said.get("successor_id", 0)),
    )
    return None if found == LifecycleEntry() else found


def _moment(said: Any) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None
