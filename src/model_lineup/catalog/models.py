"""Administrative operations on models, each in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET

from model_lineup.access.groups import members
from model_lineup.catalog import facts, names, succession
from model_lineup.catalog.deletion import mark_deleted, mark_of, restore_aliases
from model_lineup.catalog.facets import FacetCounts, Facets
from model_lineup.catalog.inheriting import SOURCES, inherit, with_base
from model_lineup.catalog.limits_to_groups import stored
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.shapes import Model, ModelChanges, ModelFilter, ModelPage, NewModel
from model_lineup.catalog.store import affected, paging, selecting
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as store
from model_lineup.catalog.store import providers as provider_store
from model_lineup.catalog.totals import Totals
from model_lineup.database.engines import Database
from model_lineup.database.metadata import moment
from model_lineup.errors import (
    AmbiguousModel,
    DeletedModel,
    DuplicateModel,
    ModelNotFound,
    PreconditionFailed,
    UnknownProvider,
)
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt

FLAGS = ("visible", "listed", "agents_enabled")


class Restored(NamedTuple):
    """A model that is back, and the aliases that came back with it or could not."""

    model: Model
    aliases: list[str]
    aliases_lost: list[str]
    receipt: Receipt


class Models:
    """What administrators do with single models; `bulk.Bulk` does it with many."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self._totals = Totals()
        self._facets = FacetCounts()

    def page(self, wanted: ModelFilter, *, sort: str, limit: int, offset: int) -> ModelPage:
        """A page of the models that the filter lets through. Raises InvalidInput for an unknown sort field."""
        with self._database.read() as connection:
            revision = journal_store.revision(connection)
            total = self._totals.of(connection, wanted, revision)
            ids = paging.ids(connection, wanted, sort, total=total, limit=limit, offset=offset)
            return ModelPage(store.of_rows(connection, ids), total, limit, offset, revision)

    def facets(self, wanted: ModelFilter) -> Facets:
        """How many models there are with each value of each filter, all other filters as they are."""
        with self._database.read() as connection:
            return self._facets.of(connection, wanted, journal_store.revision(connection))

    def stream(self, wanted: ModelFilter) -> Iterator[Model]:
        """Every model that the filter lets through, by id."""
        with self._database.read() as connection:
            yield from store.stream(connection, selecting.matching(wanted))

    def get(self, row_id: int) -> Model:
        """Raises ModelNotFound."""
        with self._database.read() as connection:
            return living(store.one(connection, row_id), row_id)

    def these(self, row_ids: Sequence[int]) -> list[Model]:
        """The living ones among these rows, in their order."""
        with self._database.read() as connection:
            return store.of_rows(connection, row_ids)

    def find(self, model_id: str, provider_id: int | None = None) -> Model:
        """The one living model of this `model_id`. Raises InvalidInput, ModelNotFound, AmbiguousModel."""
        names.check_model_id(model_id, "model_id")
        with self._database.read() as connection:
            return the_one(store.of_id(connection, model_id, provider_id), model_id, provider_id)

    def create(self, new: NewModel, author: Author, *, confirm: bool = False) -> tuple[Model, Receipt]:
        """Raises InvalidInput, UnknownProvider, DuplicateModel, DeletedModel, NameWouldMove."""
        names.check_model_id(new.model_id, "/model_id")
        with self._journal.change(author, "models.create") as change:
            connection = change.connection
            _refuse_taken(change, new)
            _check_end(change, None, new.pins)
            arriving = affected.by_arrival(connection, new.provider_id, [new.model_id])
            guard = NameGuard(connection, arriving, confirmed=confirm)
            row_id = _add(change, new)
            guard.check()
            model = living(store.one(connection, row_id), row_id)
        return model, change.receipt

    def change(
        self,
        row_id: int,
        changes: ModelChanges,
        author: Author,
        *,
        if_match: int | None = None,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> tuple[Model, Receipt]:
        """Raises ModelNotFound, PreconditionFailed, NameWouldMove."""
        with self._journal.change(author, "models.change", dry_run=dry_run) as change:
            before = living(store.one(change.connection, row_id), row_id)
            _check_version(before, if_match)
            _check_end(change, row_id, changes.pins)
            guard = NameGuard(change.connection, _candidates(change, before, changes), confirmed=confirm)
            _apply(change, before, changes)
            guard.check()
            after = living(store.one(change.connection, row_id), row_id)
        return after, change.receipt

    def delete(
        self,
        row_id: int,
        author: Author,
        *,
        if_match: int | None = None,
        confirm: bool = False,
        dry_run: bool = False,
    ) -> Receipt:
        """Mark it deleted, and its aliases with it. Raises ModelNotFound, PreconditionFailed, NameWouldMove."""
        with self._journal.change(author, "models.delete", dry_run=dry_run) as change:
            model = living(store.one(change.connection, row_id), row_id)
            _check_version(model, if_match)
            guard = NameGuard(change.connection, affected.by_existence(change.connection, [row_id]), confirmed=confirm)
            mark_deleted(change, {row_id: model.model_id})
            guard.check()
        return change.receipt

    def restore(self, row_id: int, author: Author, *, confirm: bool = False) -> Restored:
        """Bring a deleted model back with those of its aliases whose names are still free.

        Raises ModelNotFound, Conflict (not deleted, or its provider is gone), NameWouldMove.
        """
        with self._journal.change(author, "models.restore") as change:
            mark = mark_of(change, row_id)
            coming = [row.alias for row in alias_store.deleted_with(change.connection, row_id, mark.revision)]
            candidates = [*affected.by_existence(change.connection, [row_id]), *coming]
            guard = NameGuard(change.connection, candidates, confirmed=confirm)
            store.change(change.connection, [row_id], {"deleted_at": None}, now=change.now, revision=change.revision)
            change.touched("model", row_id, mark.model_id, before={"deleted": True}, after={"deleted": False})
            back, lost = restore_aliases(change, row_id, mark.revision)
            guard.check()
            model = living(store.one(change.connection, row_id), row_id)
        return Restored(model, back, lost, change.receipt)


def living(model: Model | None, row_id: int) -> Model:
    """Raises ModelNotFound for None."""
    if model is None:
        raise ModelNotFound(f"No model has the id {row_id}. GET /api/admin/models lists the models.", id=row_id)
    return model


def the_one(found: list[Model], model_id: str, provider_id: int | None) -> Model:
    """Never a guess: raises ModelNotFound for none, AmbiguousModel for several."""
    if not found:
        where = "" if provider_id is None else f" at provider {provider_id}"
        raise ModelNotFound(
            f"No model is registered as {model_id!r}{where}. GET /api/admin/models?q= searches the models.",
            model_id=model_id,
        )
    if len(found) > 1:
        candidates = [
            {"id": model.id, "provider_id": model.provider_id, "provider": model.provider.slug} for model in found
        ]
        raise AmbiguousModel(
            f"{len(found)} providers have a model {model_id!r}. Add &provider_id= with one of the candidates.",
            model_id=model_id,
            candidates=candidates,
        )
    return found[0]


def _refuse_taken(change: Change, new: NewModel) -> None:
    if provider_store.one(change.connection, new.provider_id) is None:
        raise UnknownProvider.at("/provider_id", f"no provider has the id {new.provider_id}; GET /api/admin/providers")
    holder = store.holder(change.connection, new.provider_id, new.model_id)
    if holder is None:
        return
    row_id, is_deleted = holder
    if is_deleted:
        raise DeletedModel(
            f"The deleted model {row_id} holds {new.model_id!r}. POST …/models/{row_id}/restore brings it back.",
            id=row_id,
            restore=f"/api/admin/models/{row_id}/restore",
        )
    raise DuplicateModel(
        f"This provider already has {new.model_id!r} as model {row_id}. PUT /api/admin/models/{row_id} changes it.",
        id=row_id,
    )


def _add(change: Change, new: NewModel) -> int:
    at = moment(change.now)
    stated = facts.pinned([], {field: value for field, value in new.pins.items() if value is not None}, at)
    flags = {flag: int(getattr(new, flag)) for flag in FLAGS}
    members.known(change, new.groups)
    known = facts.effective(new.model_id, stated, at)
    row = {"provider_id": new.provider_id, "model_id": new.model_id, "source": "manual", **flags}
    row_id = store.add(
        change.connection,
        [{**row, "group_ids": stored(new.groups), **fact_store.columns(known)}],
        now=change.now,
        revision=change.revision,
    )[0]
    fact_store.state(change.connection, "pin", {row_id: stated}, new_rows=True)
    values = {field: fact.value for field, fact in known.items()}
    after = {**row, **values, **{flag: bool(getattr(new, flag)) for flag in FLAGS}}
    after |= {"groups": sorted(new.groups)} if new.groups else {}
    change.touched("model", row_id, new.model_id, before={}, after=after)
    inherit(change, [row_id])
    return row_id


def _check_end(change: Change, row_id: int | None, pins: Mapping[str, Any]) -> None:
    """Raises InvalidInput."""
    if pins.get("lifecycle") is not None:
        succession.check(change.connection, row_id, pins["lifecycle"], change.now)


def _candidates(change: Change, before: Model, changes: ModelChanges) -> Iterable[str]:
    moves = changes.visible is not UNSET and changes.visible != before.visible
    return affected.by_availability(change.connection, [before.id]) if moves else ()


def _apply(change: Change, before: Model, changes: ModelChanges) -> None:
    """Write what differs and note it; nothing where nothing does."""
    said = {flag: getattr(changes, flag) for flag in FLAGS if getattr(changes, flag) is not UNSET}
    old, new = differing({flag: getattr(before, flag) for flag in FLAGS}, said)
    columns: dict[str, Any] = {flag: int(value) for flag, value in new.items()}
    if changes.groups is not UNSET and sorted(changes.groups) != before.groups:
        members.known(change, changes.groups)
        columns["group_ids"] = stored(changes.groups)
        old, new = {**old, "groups": before.groups}, {**new, "groups": sorted(changes.groups)}
    if changes.pins:
        fact_columns, old_facts, new_facts = _repin(change, before, changes.pins)
        columns, old, new = {**columns, **fact_columns}, {**old, **old_facts}, {**new, **new_facts}
    if new:
        store.change(change.connection, [before.id], columns, now=change.now, revision=change.revision)
        change.touched("model", before.id, before.model_id, before=old, after=new)


def _repin(
    change: Change, model: Model, pins: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Columns to write, and before and after of the fields that differ, each `{value, source}`."""
    stated = fact_store.stated(change.connection, [model.id])[model.id]
    wanted: Sequence[facts.StatedFact] = facts.pinned(stated, pins, moment(change.now))
    sources = ["pin"]
    if "base_model" in pins:
        sources += SOURCES
        wanted = with_base(change, wanted, model.provider_id, model.model_id, pins["base_model"])
    old, new = _origins(model, stated), _origins(model, wanted)
    before, after = differing(old, {field: new.get(field) for field in {*old, *new}})
    if not after:
        return {}, {}, {}
    for source in sources:
        fact_store.state(change.connection, source, {model.id: [fact for fact in wanted if fact.source == source]})
    return fact_store.columns(facts.effective(model.model_id, wanted, model.created_at)), before, after


def _origins(model: Model, stated: Sequence[facts.StatedFact]) -> dict[str, Any]:
    known = facts.effective(model.model_id, stated, model.created_at)
    return {field: facts.origin(fact) for field, fact in known.items()}


def _check_version(model: Model, if_match: int | None) -> None:
    if if_match is not None and if_match != model.version:
        raise PreconditionFailed(
            f"Model {model.id} is at version {model.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=model,
        )
