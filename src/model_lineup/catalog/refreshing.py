"""Catalogues as an administrator handles them: bringing one, taking an earlier one back, and what that changes.

One refresh is one change set, with every model whose values change; a dry run is the refresh itself, taken back.
"""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.catalog.inheriting import inherit
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalogues import packaged, store
from model_lineup.catalogues.reading import read
from model_lineup.catalogues.shapes import Contents, Skip
from model_lineup.catalogues.store import Catalogue
from model_lineup.database.engines import Database
from model_lineup.database.many import let_go
from model_lineup.database.metadata import moment
from model_lineup.errors import InvalidInput, NotFound
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Entry, Impact

TOLD = 100
"""Models whose changes a refresh tells; the change set has them all."""


class ChangedModel(msgspec.Struct, frozen=True, gc=False):
    """One model that counts something else afterwards: field → before and after, each value and source."""

    id: int
    model_id: str
    changes: dict[str, Any]


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh did, or would do. `fields`: how many models have another value there; `models`: the first of them.

    `catalogue`: the one in use afterwards; None: only the packaged one. `unchanged`: it was in use already.
    """

    catalogue: Catalogue | None
    packaged: str
    taken: int = 0
    skipped: int = 0
    skips: list[Skip] = []
    unchanged: bool = False
    models_changed: int
    fields: dict[str, int]
    models: list[ChangedModel]
    revision: int
    change_id: int | None
    dry_run: bool
    impact: Impact | UnsetType = UNSET


class InUse(msgspec.Struct, frozen=True, kw_only=True):
    """What values are inherited from. `catalogues`: newest first; one of them is in use, or none."""

    packaged: str
    packaged_models: int
    catalogues: list[Catalogue]


class CatalogueDesk:
    """Every operation on catalogues."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    def listed(self) -> InUse:
        with self._database.read() as connection:
            found = store.listed(connection)
        return InUse(packaged=packaged.name(), packaged_models=packaged.size(), catalogues=found)

    def refresh(
        self, body: bytes, author: Author, *, name: str = "", dated: datetime | None = None, dry_run: bool = False
    ) -> Refreshed:
        """Take this file into use, or, without one, read the packaged data and what is in use once more.

        `dated`: its date where it tells none. Raises InvalidInput for what is no catalogue.
        """
        contents = read(body) if body else None
        digest = hashlib.sha256(body).hexdigest()
        with self._journal.change(author, "catalogues.refresh", dry_run=dry_run) as change:
            before = store.in_use(change.connection)
            known = contents is None or (before is not None and before.digest == digest)
            if contents is not None and not known:
                label = name.strip() or contents.format
                when = _date_of(contents, dated, moment(change.now))
                made = store.Made(label, digest, when, change.now, author.label)
                _take(change, before, store.add(change.connection, contents, made))
            changed = inherit(change, fact_store.all_rows(change.connection))
            now = store.in_use(change.connection)
            told = _told(change, changed)
        let_go(change.entries)
        read_out = {} if contents is None else _report(contents)
        return Refreshed(catalogue=now, unchanged=known and contents is not None, **read_out, **told, **_end(change))

    def use(self, catalogue_id: int | None, author: Author, *, dry_run: bool = False) -> Refreshed:
        """Take an earlier one into use again, or none. Raises NotFound."""
        with self._journal.change(author, "catalogues.use", dry_run=dry_run) as change:
            before = store.in_use(change.connection)
            if catalogue_id is not None and store.one(change.connection, catalogue_id) is None:
                raise NotFound(
                    f"No catalogue has the id {catalogue_id}. GET /api/admin/catalog lists those that are kept.",
                    id=catalogue_id,
                )
            known = (before.id if before else None) == catalogue_id
            if not known:
                _take(change, before, catalogue_id)
            changed = inherit(change, fact_store.all_rows(change.connection))
            now, told = store.in_use(change.connection), _told(change, changed)
        let_go(change.entries)
        return Refreshed(catalogue=now, unchanged=known, **told, **_end(change))


def _take(change: Change, before: Catalogue | None, catalogue_id: int | None) -> None:
    store.use(change.connection, catalogue_id)
    after = None if catalogue_id is None else store.one(change.connection, catalogue_id)
    if after is not None:
        values = {"in_use": True, "format": after.format, "digest": after.digest, "taken": after.taken}
        change.touched("catalogue", after.id, after.name, before={"in_use": False}, after=values)
    if before is not None:
        change.touched("catalogue", before.id, before.name, before={"in_use": True}, after={"in_use": False})


def _date_of(contents: Contents, dated: datetime | None, now: datetime) -> datetime:
    """The file's own, never in the future; the administrator's where it has none; else today."""
    if contents.dated is not None:
        whole = contents.dated if len(contents.dated) == 10 else f"{contents.dated}-01"
        return min(datetime.fromisoformat(whole).replace(tzinfo=UTC), now)
    if dated is not None and dated > now:
        raise InvalidInput.at("dated", "a catalogue cannot be of a day that is still to come")
    return dated or now


def _told(change: Change, changed: int) -> dict[str, Any]:
    models = [entry for entry in change.entries if entry.entity == "model"]
    fields = Counter(field for entry in models for field in entry.after)
    return {
        "models_changed": changed,
        "fields": dict(sorted(fields.items())),
        "models": [_changed(entry) for entry in models[:TOLD]],
        "packaged": packaged.name(),
    }


def _changed(entry: Entry) -> ChangedModel:
    changes = {
        field: {"before": entry.before.get(field), "after": after} for field, after in sorted(entry.after.items())
    }
    return ChangedModel(entry.entity_id, entry.label, changes)


def _report(contents: Contents) -> dict[str, Any]:
    return {"taken": len(contents.entries), "skipped": contents.skipped, "skips": contents.skips}


def _end(change: Change) -> dict[str, Any]:
    receipt = change.receipt
    return {
        "revision": receipt.revision,
        "change_id": receipt.change_id,
        "dry_run": change.dry_run,
        "impact": receipt.impact,
    }
