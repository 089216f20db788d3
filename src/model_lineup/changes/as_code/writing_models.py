"""Models of a file made so: by the thousand, each step for all of them at once."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from model_lineup.catalog import facts, succession
from model_lineup.catalog.inheriting import inherit
from model_lineup.catalog.limits_to_groups import stored as stored_groups
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as store
from model_lineup.catalog.writing import restate
from model_lineup.changes.as_code.models import FLAGS, PINS, entry_of
from model_lineup.changes.as_code.reading import pointed
from model_lineup.changes.as_code.shapes import LifecycleEntry, ModelEntry, plain
from model_lineup.changes.as_code.work import Work
from model_lineup.changes.store.configured import ModelRow
from model_lineup.database.metadata import moment
from model_lineup.journal.record import differing

Key = tuple[str, str]


def arriving(work: Work) -> dict[Key, ModelEntry]:
    """Those that are to be added; of a deleted one the row is brought back instead."""
    return {key: entry for key, entry in work.wanted.models.items() if key not in work.standing.models}


def returning(work: Work) -> list[ModelRow]:
    found = (work.standing.models.get(key) for key in work.wanted.models)
    return [row for row in found if row is not None and row.is_deleted]


def moving(work: Work) -> list[int]:
    """Rows that are to be shown or hidden."""
    rows = ((work.standing.models.get(key), entry) for key, entry in work.wanted.models.items())
    return [row.id for row, entry in rows if row is not None and row.visible != entry.visible]


def write(work: Work) -> None:
    """Raises InvalidInput."""
    for slug, model_id in work.wanted.models:
        if slug not in work.slugs:
            at = f"/models/{pointed(slug)}/{pointed(model_id)}"
            raise work.wrong(at, f"no provider has the slug {slug!r}; add [providers.{slug}]")
    held = {key: row for key in work.wanted.models if (row := work.standing.models.get(key)) is not None}
    added = _add(work)
    _bring_back(work)
    _mark(work, held)
    _limit(work, held)
    _pin(work, held, added)
    _check_ends(work)


def _add(work: Work) -> dict[Key, int]:
    """Facts are pinned at once, but for ends: who follows may not be there yet."""
    change, new = work.change, arriving(work)
    if not new:
        return {}
    at = moment(change.now)
    stated = {key: facts.pinned([], _pins(work, entry, ends=False), at) for key, entry in new.items()}
    known = {key: facts.effective(key[1], stated[key], at) for key in new}
    rows = {
        (slug, model_id): {
            "provider_id": work.slugs[slug],
            "model_id": model_id,
            "source": "file",
            "managed_by": work.label,
            **{flag: int(getattr(entry, flag)) for flag in FLAGS},
        }
        for (slug, model_id), entry in new.items()
    }
    groups = {key: work.groups_of(entry, _place(key)) for key, entry in new.items()}
    columns = [{**rows[key], "group_ids": stored_groups(groups[key]), **fact_store.columns(known[key])} for key in new]
    ids = dict(zip(new, store.add(change.connection, columns, now=change.now, revision=change.revision), strict=True))
    fact_store.state(change.connection, "pin", {ids[key]: stated[key] for key in new}, new_rows=True)
    for key, entry in new.items():
        flags = {flag: getattr(entry, flag) for flag in FLAGS}
        values = {field: fact.value for field, fact in known[key].items()}
        limited = {"groups": groups[key]} if groups[key] else {}
        change.touched("model", ids[key], key[1], before={}, after={**rows[key], **values, **flags, **limited})
    inherit(change, list(ids.values()))
    work.rows |= {f"{slug}/{model_id}": row for (slug, model_id), row in ids.items()}
    return ids


def _bring_back(work: Work) -> None:
    change, rows = work.change, returning(work)
    if not rows:
        return
    ids = [row.id for row in rows]
    store.change(change.connection, ids, {"deleted_at": None}, now=change.now, revision=change.revision)
    marks = ((row.id, row.model_id) for row in rows)
    change.touched_alike("model", marks, before={"deleted": True}, after={"deleted": False})
    work.rows |= {f"{row.slug}/{row.model_id}": row.id for row in rows}


def _mark(work: Work, held: Mapping[Key, ModelRow]) -> None:
    """Flags, and whose rows they are."""
    change, columns = work.change, {}
    for key, row in held.items():
        entry = work.wanted.models[key]
        wanted = {**{flag: getattr(entry, flag) for flag in FLAGS}, "managed_by": work.label}
        before, after = differing({name: getattr(row, name) for name in wanted}, wanted)
        if after:
            columns[row.id] = {name: int(value) if name in FLAGS else value for name, value in wanted.items()}
            change.touched("model", row.id, row.model_id, before=before, after=after)
    store.change_each(change.connection, columns, now=change.now, revision=change.revision)


def _limit(work: Work, held: Mapping[Key, ModelRow]) -> None:
    """To the groups that the file names, where it names any."""
    change, columns = work.change, {}
    for key, row in held.items():
        entry = work.wanted.models[key]
        wanted = row.group_ids if entry.groups is None else work.groups_of(entry, _place(key))
        if wanted != row.group_ids:
            columns[row.id] = {"group_ids": stored_groups(wanted)}
            change.touched("model", row.id, row.model_id, before={"groups": row.group_ids}, after={"groups": wanted})
    store.change_each(change.connection, columns, now=change.now, revision=change.revision)


def _place(key: Key) -> str:
    return f"/models/{pointed(key[0])}/{pointed(key[1])}"


def _pin(work: Work, held: Mapping[Key, ModelRow], added: Mapping[Key, int]) -> None:
    """What is not in the file is no longer pinned. Raises InvalidInput for an end whose successor is not there."""
    names, said = work.names, dict[int, dict[str, Any]]()
    for key, row in held.items():
        entry, stored = work.wanted.models[key], entry_of(row, names)
        fields = [name for name in PINS if getattr(entry, name) != getattr(stored, name)]
        if "lifecycle" in fields and _ended_so(entry.lifecycle, stored.lifecycle, row):
            fields.remove("lifecycle")
        if fields:
            pins = _pins(work, entry, key=key)
            said[row.id] = {name: pins.get(name) for name in fields}
    for key, row_id in added.items():
        entry = work.wanted.models[key]
        if entry.lifecycle is not None:
            said[row_id] = {"lifecycle": _pins(work, entry, key=key)["lifecycle"]}
    if said:
        restate(work.change, "pin", said)


def _ended_so(wanted: LifecycleEntry | None, stored: LifecycleEntry | None, row: ModelRow) -> bool:
    """Whether this is the end that has come: the moment that was added to it then is nobody's decision."""
    if wanted is None or stored is None or row.pins["lifecycle"].get("state") != "retired":
        return False
    same = (wanted.message, wanted.sunset_at, wanted.successor) == (stored.message, stored.sunset_at, stored.successor)
    return same and wanted.deprecated_at is None


def _check_ends(work: Work) -> None:
    """Raises InvalidInput for an end before the deprecation, or successors in a circle."""
    for (slug, model_id), entry in work.wanted.models.items():
        if entry.lifecycle is not None:
            row = work.rows[f"{slug}/{model_id}"]
            with work.at(f"/models/{pointed(slug)}/{pointed(model_id)}"):
                said = _lifecycle(work, entry.lifecycle, (slug, model_id))
                succession.check(work.change.connection, row, said, work.change.now)


def _pins(work: Work, entry: ModelEntry, *, ends: bool = True, key: Key = ("", "")) -> dict[str, Any]:
    """The facts that an entry pins, as they are stored."""
    found = {name: value for name in PINS if (value := getattr(entry, name)) is not None}
    if entry.pricing is not None:
        found["pricing"] = plain(entry.pricing)
    if entry.lifecycle is not None:
        if ends:
            found["lifecycle"] = _lifecycle(work, entry.lifecycle, key)
        else:
            del found["lifecycle"]
    return found


def _lifecycle(work: Work, said: LifecycleEntry, key: Key) -> dict[str, Any]:
    found = plain(said)
    for name in ("deprecated_at", "sunset_at"):
        if name in found:
            found[name] = found[name].astimezone(UTC).isoformat().replace("+00:00", "Z")
    successor = found.pop("successor", None)
    if successor is not None:
        if successor not in work.rows:
            at = f"/models/{pointed(key[0])}/{pointed(key[1])}/lifecycle/successor"
            raise work.wrong(at, f"there is no model {successor!r}")
        found["successor_id"] = work.rows[successor]
    return found
