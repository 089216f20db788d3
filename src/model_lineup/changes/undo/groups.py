"""Groups as they were, and who belonged to them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from model_lineup.access.groups import store
from model_lineup.access.groups.groups import columns_of
from model_lineup.access.shapes import Limits
from model_lineup.catalog.store import limited
from model_lineup.changes.undo.later import Standing
from model_lineup.changes.undo.net import DELETED, Fields, Row
from model_lineup.journal.record import Change

_FIELDS = ("name", "description", "limits")


def now(connection: Connection, rows: Iterable[Row]) -> dict[int, Fields]:
    """What these groups are, in the journal's words."""
    found = store.now(connection, [row.id for row in rows])
    return {
        group_id: {
            "name": row.name,
            "description": row.description,
            "limits": msgspec.json.decode(row.limits),
            DELETED: row.deleted_at is not None,
        }
        for group_id, row in found.items()
    }


def memberships_now(connection: Connection, rows: Iterable[Row]) -> dict[int, Fields]:
    found = store.memberships_now(connection, [row.id for row in rows])
    return {one: {"member": bool(row.member)} for one, row in found.items()}


def in_the_way(connection: Connection, rows: Iterable[Row]) -> list[Standing]:
    """Names that another group has by now."""
    found = []
    for row in rows:
        name = row.back.get("name", row.left.get("name", row.label))
        if row.goes or not (row.comes or "name" in row.back):
            continue
        holder = store.by_folded(connection, columns_of({"name": name})["folded"])
        if holder is not None and holder != row.id:
            found.append(Standing("group", row.id, row.label, ["name"], f"Group {holder} is called {name!r} by now."))
    return found


def held(connection: Connection, rows: Iterable[Row]) -> list[Standing]:
    """Groups that would go, and that something is limited to; asked once models and aliases are as they were."""
    going = {row.id: row for row in rows if row.goes}
    reason = "The group would go, and {models} model(s) and {aliases} alias(es) are limited to it."
    return [
        Standing("group", group_id, going[group_id].label, [DELETED], reason.format(**of_it._asdict()))
        for group_id, of_it in limited.holding(connection, going).items()
        if any(of_it)
    ]


def gone(connection: Connection, rows: Iterable[Row], coming: Iterable[int]) -> list[Standing]:
    """Models and aliases that would be limited again to groups which are deleted."""
    rows = [row for row in rows if row.back.get("groups")]
    wanted = {group_id for row in rows for group_id in row.back["groups"]}
    living = {*store.names(connection, wanted), *coming}
    return [
        Standing(row.entity, row.id, row.label, ["groups"], f"Group {missing[0]} is deleted.")
        for row in rows
        if (missing := [group_id for group_id in row.back["groups"] if group_id not in living])
    ]


def write(change: Change, rows: Iterable[Row], as_is: Mapping[int, Fields]) -> None:
    """Bring these groups back to what they were."""
    when = {"now": change.now, "revision": change.revision}
    for row in rows:
        fields = as_is[row.id]
        names = (DELETED,) if row.goes else (DELETED, *_FIELDS)
        back = {name: row.back[name] for name in names if name in row.back and row.back[name] != fields[name]}
        if not back:
            continue
        store.change(change.connection, row.id, _columns(back, change.now), **when)
        change.touched("group", row.id, row.label, before={name: fields[name] for name in back}, after=back)


def write_memberships(change: Change, rows: Iterable[Row], as_is: Mapping[int, Fields]) -> None:
    """Who belonged belongs again, and the other way round."""
    for member in (True, False):
        turning = {row.id: row.label for row in rows if row.back.get("member", not member) is member}
        turning = {one: label for one, label in turning.items() if as_is[one]["member"] is not member}
        store.set_memberships(change.connection, turning, member=member)
        known = store.memberships_now(change.connection, turning).values()
        for side in ("person_id", "key_id"):
            who = [getattr(row, side) for row in known if getattr(row, side) is not None]
            store.touch(change.connection, side, who, now=change.now, revision=change.revision)
        change.touched_alike("membership", turning.items(), before={"member": not member}, after={"member": member})


def _columns(back: Mapping[str, Any], now: int) -> dict[str, Any]:
    columns = {name: value for name, value in back.items() if name != DELETED}
    if "limits" in columns:
        columns["limits"] = msgspec.convert(columns["limits"] or {}, Limits)
    deleted = {"deleted_at": now if back[DELETED] else None} if DELETED in back else {}
    return columns_of(columns) | deleted
