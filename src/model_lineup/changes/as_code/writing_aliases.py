"""Aliases of a file made so: where each leads, what it falls back on, and whose it is."""

from collections.abc import Container, Iterable
from typing import Any

from model_lineup.catalog import names
from model_lineup.catalog.aliases import Addition, add
from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.rollouts import Rollout, noted
from model_lineup.catalog.rollouts import stored as kept_rollout
from model_lineup.catalog.shapes import NewAlias
from model_lineup.catalog.store import aliases as store
from model_lineup.changes.as_code.reading import pointed
from model_lineup.changes.as_code.shapes import AliasEntry
from model_lineup.changes.as_code.work import Work
from model_lineup.changes.store.configured import AliasRow
from model_lineup.database.metadata import dump
from model_lineup.journal.record import differing

_COLUMNS = {"model": "model_row", "groups": "group_ids"}


def write(work: Work) -> None:
    """Raises InvalidInput where no such model is."""
    additions, living = [], work.names
    for alias, entry in work.wanted.aliases.items():
        held = work.standing.aliases.get(names.fold(alias))
        target, fallbacks = _row(work, alias, "model", entry.model), _fallbacks(work, alias, entry)
        if held is not None and held.alias == alias:
            _change(work, held, entry, target, fallbacks, living)
            continue
        if held is not None:  # the same name, spelt otherwise
            remove(work, [held])
        new = NewAlias(
            alias=alias,
            description=entry.description,
            fallbacks=fallbacks,
            groups=work.groups_of(entry, f"/aliases/{pointed(alias)}"),
            rollout=_rollout(work, alias, entry),
            managed_by=work.label,
        )
        additions.append(Addition(new, target, entry.model.partition("/")[2]))
    if additions:
        add(work.change, additions)


def remove(work: Work, rows: Iterable[AliasRow]) -> None:
    """They are nobody's file's from then on."""
    change = work.change
    for row in rows:
        values = {"deleted_at": change.now, "managed_by": None}
        store.change(change.connection, row.id, values, now=change.now, revision=change.revision)
        old, new = differing({"managed_by": row.managed_by}, {"managed_by": None})
        change.touched("alias", row.id, row.alias, before={"deleted": False, **old}, after={"deleted": True, **new})


def changing(work: Work) -> list[str]:
    """Names that are to be added or lead elsewhere."""
    found = []
    for alias, entry in work.wanted.aliases.items():
        held = work.standing.aliases.get(names.fold(alias))
        if held is None or held.alias != alias or work.rows.get(entry.model) != held.model:
            found.append(alias)
    return found


def _change(
    work: Work, held: AliasRow, entry: AliasEntry, target: int, fallbacks: list[int], living: Container[int]
) -> None:
    """Fallbacks that are gone count for nothing on either side."""
    rollout = _rollout(work, held.alias, entry)
    standing = held.rollout if held.rollout is not None and held.rollout.target in living else None
    old: dict[str, Any] = {
        "model": held.model,
        "description": held.description,
        "fallbacks": [row for row in held.fallbacks if row in living],
        "rollout": noted(standing),
        "managed_by": held.managed_by,
    }
    new: dict[str, Any] = {
        "model": target,
        "description": entry.description,
        "fallbacks": fallbacks,
        "rollout": noted(rollout),
        "managed_by": work.label,
    }
    if entry.groups is not None:
        old["groups"] = held.group_ids
        new["groups"] = work.groups_of(entry, f"/aliases/{pointed(held.alias)}")
    was, now = differing(old, new)
    if not now:
        return
    if "fallbacks" in was:
        was["fallbacks"] = held.fallbacks
    if "rollout" in was:
        was["rollout"] = noted(held.rollout)
    columns = {_COLUMNS.get(name, name): value for name, value in now.items()}
    if "groups" in now:
        columns["group_ids"] = stored(new["groups"])
    if "fallbacks" in columns:
        columns["fallbacks"] = dump(fallbacks)
    if "rollout" in columns:
        columns["rollout"] = kept_rollout(rollout)
    change = work.change
    store.change(change.connection, held.id, columns, now=change.now, revision=change.revision)
    change.touched("alias", held.id, held.alias, before=was, after=now)


def _fallbacks(work: Work, alias: str, entry: AliasEntry) -> list[int]:
    return [_row(work, alias, f"fallbacks/{number}", name) for number, name in enumerate(entry.fallbacks)]


def _rollout(work: Work, alias: str, entry: AliasEntry) -> Rollout | None:
    said = entry.rollout
    return None if said is None else Rollout(_row(work, alias, "rollout/model", said.model), said.share, said.sticky)


def _row(work: Work, alias: str, field: str, name: str) -> int:
    if name not in work.rows:
        at = f"/aliases/{pointed(alias)}/{field}"
        raise work.wrong(at, f"there is no model {name!r}, neither in the file nor stored")
    return work.rows[name]
