"""Many aliases in one transaction: any conflict, and nothing is stored, with every item reported.

An item alone behaves as a single POST would; an alias that is there already and identical is `unchanged`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row

from model_lineup.catalog import names
from model_lineup.catalog.aliases import Addition, add, warning
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.rollouts import ended_by, noted, rollout_of
from model_lineup.catalog.rollouts import stored as kept_rollout
from model_lineup.catalog.shapes import ImportedItem, ImportItem, ImportResult, NewAlias
from model_lineup.catalog.store import aliases as store
from model_lineup.catalog.store import shadowing, targets
from model_lineup.errors import ImportConflict, InvalidInput
from model_lineup.journal.record import Author, Change, Journal, differing

Mode = Literal["create", "upsert"]


@dataclass(slots=True)
class _Plan:
    """What is to be done, decided before anything is written."""

    reports: list[ImportedItem]
    created: list[tuple[ImportItem, int]]
    updated: list[tuple[ImportItem, int, Row[Any]]]


class AliasImport:
    def __init__(self, journal: Journal, *, most: int) -> None:
        """`most`: items in one import."""
        self._journal = journal
        self._most = most

    def run(
        self,
        items: Sequence[ImportItem],
        author: Author,
        *,
        mode: Mode = "create",
        dry_run: bool = False,
        confirm: bool = False,
    ) -> ImportResult:
        """`upsert` retargets and describes aliases that exist. Raises InvalidInput, ImportConflict, NameWouldMove."""
        if len(items) > self._most:
            raise InvalidInput.at("/aliases", f"{len(items)} aliases are too many for one import; {self._most} at most")
        with self._journal.change(author, "aliases.import", dry_run=dry_run) as change:
            plan = _plan(change.connection, items, mode)
            _refuse_conflicts(plan.reports)
            guard = NameGuard(change.connection, [item.alias for item in items], confirmed=confirm)
            _create(change, plan.created)
            for item, row_id, stored in plan.updated:
                _update(change, item, row_id, stored)
            guard.check(but=[item.alias for item, _, _ in plan.updated])
            warnings = _warnings(change.connection, [item.alias for item, _ in plan.created])
        return _result(plan.reports, warnings, change)


def _plan(connection: Connection, items: Sequence[ImportItem], mode: Mode) -> _Plan:
    found = targets.by_model_id(connection, {item.model_id for item in items})
    taken = store.by_folded(connection, {names.fold(item.alias) for item in items})
    named = shadowing.models_named(connection, {names.fold(item.alias) for item in items})
    repeated = {alias for alias, n in Counter(names.fold(item.alias) for item in items).items() if n > 1}
    plan = _Plan([], [], [])
    for index, item in enumerate(items):
        report = _judge(item, index, found, taken, named, repeated, mode)
        plan.reports.append(report)
        if report.outcome == "created":
            plan.created.append((item, _candidates(item, found)[0].id))
        elif report.outcome == "updated":
            plan.updated.append((item, _candidates(item, found)[0].id, taken[names.fold(item.alias)]))
    return plan


def _judge(
    item: ImportItem,
    index: int,
    found: dict[str, list[targets.Candidate]],
    taken: dict[str, Row[Any]],
    named: dict[str, list[shadowing.Named]],
    repeated: set[str],
    mode: Mode,
) -> ImportedItem:
    """What would become of one item, and why not if it cannot be."""
    folded = names.fold(item.alias)
    stored = taken.get(folded)
    if not names.ALIAS.fullmatch(item.alias):
        return _conflict(item, index, "invalid_input", "an alias has letters, digits and . _ : / @ - (128 at most)")
    if folded in repeated:
        return _conflict(item, index, "alias_taken", "this import names the alias more than once (case does not count)")
    if problem := _target_problem(item, _candidates(item, found)):
        return _conflict(item, index, *problem)
    if stored is not None:
        return _judge_stored(item, index, stored, _candidates(item, found)[0].id, mode)
    if visible := [row.id for row in named.get(folded, []) if row.visible]:
        return _conflict(item, index, "alias_shadows_model", f"the visible model {visible[0]} is called like this")
    return ImportedItem(index=index, alias=item.alias, model_id=item.model_id, outcome="created")


def _judge_stored(item: ImportItem, index: int, stored: Row[Any], target: int, mode: Mode) -> ImportedItem:
    same_words = item.description is UNSET or item.description == stored.description
    if stored.alias == item.alias and stored.model_row == target and same_words:
        return ImportedItem(index=index, alias=item.alias, model_id=item.model_id, outcome="unchanged")
    if target in msgspec.json.decode(stored.fallbacks, type=list[int]):
        return _conflict(item, index, "invalid_input", f"model {target} is a fallback of {stored.alias!r} already")
    if mode == "upsert" and stored.alias == item.alias:
        return ImportedItem(index=index, alias=item.alias, model_id=item.model_id, outcome="updated")
    message = f'{stored.alias!r} is an alias of model {stored.model_row} already; mode "upsert" would change it'
    return _conflict(item, index, "alias_taken", message)


def _candidates(item: ImportItem, found: dict[str, list[targets.Candidate]]) -> list[targets.Candidate]:
    rows = found.get(item.model_id, [])
    return rows if item.provider_id is None else [row for row in rows if row.provider_id == item.provider_id]


def _target_problem(item: ImportItem, rows: Sequence[targets.Candidate]) -> tuple[str, str] | None:
    if not rows:
        return "model_not_found", f"no model is registered as {item.model_id!r}"
    if len(rows) > 1:
        providers = ", ".join(str(row.provider_id) for row in rows)
        return "ambiguous_model", f"providers {providers} have this model; add provider_id"
    return None


def _conflict(item: ImportItem, index: int, code: str, message: str) -> ImportedItem:
    return ImportedItem(
        index=index, alias=item.alias, model_id=item.model_id, outcome="conflict", code=code, message=message
    )


def _refuse_conflicts(reports: Iterable[ImportedItem]) -> None:
    items = list(reports)
    conflicts = [item for item in items if item.outcome == "conflict"]
    if conflicts:
        first = conflicts[0]
        raise ImportConflict(
            f"{len(conflicts)} of {len(items)} aliases cannot be stored, so none was. "
            f"First: item {first.index}, {first.alias!r}: {first.message}.",
            conflicts=len(conflicts),
            items=[*conflicts, *(item for item in items if item.outcome != "conflict")],
        )


def _create(change: Change, created: Sequence[tuple[ImportItem, int]]) -> None:
    additions = [
        Addition(
            NewAlias(alias=item.alias, description=None if item.description is UNSET else item.description),
            row_id,
            item.model_id,
        )
        for item, row_id in created
    ]
    if additions:
        add(change, additions)


def _update(change: Change, item: ImportItem, row_id: int, stored: Row[Any]) -> None:
    description = stored.description if item.description is UNSET else item.description
    rollout = rollout_of(stored.rollout)
    left = ended_by(rollout, row_id)
    columns = {"model_row": row_id, "description": description, "rollout": kept_rollout(left)}
    store.change(change.connection, stored.id, columns, now=change.now, revision=change.revision)
    old, new = differing(
        {"model": stored.model_row, "description": stored.description, "rollout": noted(rollout)},
        {"model": row_id, "description": description, "rollout": noted(left)},
    )
    change.touched("alias", stored.id, item.alias, before=old, after=new)


def _warnings(connection: Connection, created: Sequence[str]) -> list[str]:
    named = shadowing.models_named(connection, {names.fold(alias) for alias in created})
    return [warning(alias, rows) for alias in created if (rows := named.get(names.fold(alias)))]


def _result(reports: list[ImportedItem], warnings: list[str], change: Change) -> ImportResult:
    counts = Counter(report.outcome for report in reports)
    return ImportResult(
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        items=reports,
        warnings=warnings,
        revision=change.receipt.revision,
        change_id=change.receipt.change_id,
        dry_run=change.dry_run,
        impact=change.receipt.impact,
    )
