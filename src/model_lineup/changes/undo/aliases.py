"""Aliases as they were: where they pointed, what they fell back on, there or not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.rollouts import ended_by, read_note
from model_lineup.catalog.rollouts import stored as kept_rollout
from model_lineup.catalog.store import aliases as store
from model_lineup.catalog.store import models as model_store
from model_lineup.changes.store.undoing import AliasNow
from model_lineup.changes.undo.later import Standing
from model_lineup.changes.undo.net import DELETED, LeftOut, Row
from model_lineup.database.metadata import dump
from model_lineup.journal.record import Change

_COLUMNS = {
    "model": "model_row",
    "description": "description",
    "fallbacks": "fallbacks",
    "groups": "group_ids",
    "rollout": "rollout",
    DELETED: "deleted_at",
    "managed_by": "managed_by",
}


def in_the_way(connection: Connection, rows: Iterable[Row], now: Mapping[int, AliasNow]) -> list[Standing]:
    """Names that another alias has taken, and targets that are gone; asked once the models are back."""
    rows = [row for row in rows if not row.goes]
    taken = store.by_folded(connection, [now[row.id].folded for row in rows if row.comes])
    pointed = {row.id: _pointed_at(row, now[row.id]) for row in rows}
    living = model_store.living(connection, {one for one in pointed.values() if one is not None})
    found = []
    for row in rows:
        holder = taken.get(now[row.id].folded) if row.comes else None
        if holder is not None and holder.id != row.id:
            reason = f"{holder.alias!r} is an alias of model {holder.model_row} by now."
            found.append(Standing("alias", row.id, row.label, [DELETED], reason))
        target = pointed[row.id]
        if target is not None and target not in living:
            reason = f"It led to model {target}, which is deleted."
            found.append(Standing("alias", row.id, row.label, ["model"], reason))
    return found


def asleep(connection: Connection, rows: Sequence[Row], now: Mapping[int, AliasNow]) -> list[LeftOut]:
    """Fallbacks and rollouts that return though their models are deleted: as it was, and they count once those are
    restored."""
    returning = [(row, name, _returning(row, name, now[row.id])) for row in rows for name in ("fallbacks", "rollout")]
    living = model_store.living(connection, {one for _, _, ids in returning for one in ids})
    return [
        LeftOut("alias", row.id, row.label, [name], f"Model {gone[0]} is deleted; restored, it counts again.")
        for row, name, ids in returning
        if (gone := [one for one in ids if one not in living])
    ]


def _returning(row: Row, name: str, now: AliasNow) -> list[int]:
    """Models that its fallbacks, or its rollout, lead to again."""
    said = row.back.get(name)
    if not said or said == now.fields[name]:
        return []
    return [said["target"]] if name == "rollout" else [one for one in said if one not in now.fields[name]]


def _pointed_at(row: Row, now: AliasNow) -> int | None:
    """The model that it leads to when it is as it was; one that the undoing does not touch is as good as before."""
    if not (row.comes or {"model", "fallbacks"} & row.back.keys()):
        return None
    target: int = row.back.get("model", now.fields["model"])
    return target


def write(change: Change, rows: Iterable[Row], now: Mapping[int, AliasNow], *, with_model: set[int]) -> None:
    """Bring these rows back to what they were. `with_model`: models that go in the same change."""
    for row in rows:
        fields = now[row.id].fields
        names = (DELETED,) if row.goes else tuple(_COLUMNS)
        back = {name: row.back[name] for name in names if name in row.back and row.back[name] != fields[name]}
        if not back:
            continue
        if "rollout" in back or fields["rollout"]:
            back |= _ended(back, fields)
        columns = {_COLUMNS[name]: _stored(name, value, change.now) for name, value in back.items()}
        if DELETED in back:
            columns["deleted_with_model"] = int(row.goes and fields["model"] in with_model)
        store.change(change.connection, row.id, columns, now=change.now, revision=change.revision)
        change.touched("alias", row.id, row.label, before={name: fields[name] for name in back}, after=back)


def _ended(back: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """No alias is rolled out to the model that it leads to."""
    rollout = read_note(back.get("rollout", fields["rollout"]))
    left = ended_by(rollout, back.get("model", fields["model"]))
    return {} if left == rollout else {"rollout": None}


def _stored(name: str, value: Any, now: int) -> Any:
    if name == DELETED:
        return now if value else None
    if name == "rollout":
        return kept_rollout(read_note(value))
    if name == "groups":
        return stored(value or ())
    return dump(value) if name == "fallbacks" else value
