"""From one snapshot to the next: the old one and the rows that changed make a new one. Pure.

A table in which nothing changed is shared with the old snapshot; one in which something did is copied once (a dict of
10 000 takes 50 µs). A change of a provider is a change of one value, however many models it has.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from model_lineup.routing.snapshot import AliasState, ModelState, Snapshot
from model_lineup.routing.store import Changed

Key = TypeVar("Key")
Value = TypeVar("Value")


def advance(old: Snapshot, changed: Changed) -> Snapshot:
    """The snapshot after these changes; `old` stays as it is."""
    gone = [old.models[row] for row in changed.models_gone if row in old.models]
    fresh = [model for model in changed.models if model.id not in old.models]
    slugs_gone = [old.providers[row].slug for row in changed.providers_gone if row in old.providers]
    left = _aliases_that_left(old, changed)
    return Snapshot(
        revision=changed.revision,
        stamp=changed.stamp,
        providers=_with(old.providers, {one.id: one for one in changed.providers}, changed.providers_gone),
        slugs=_with(old.slugs, {one.slug: one.id for one in changed.providers}, slugs_gone),
        models=_with(old.models, {model.id: model for model in changed.models}, changed.models_gone),
        by_id=_by_id(old.by_id, fresh, gone),
        aliases=_with(old.aliases, {one.alias: one for one in changed.aliases}, [one.alias for one in left]),
        folded=_with(old.folded, {one.folded: one for one in changed.aliases}, [one.folded for one in left]),
        ending=_with(old.ending, *_ending(old, changed)),
        staged=_with(old.staged, {one.id: one for one in changed.staged}, changed.staged_gone),
        callers=_with(old.callers, {one.token_hash: one for one in changed.callers.living}, _hashes_gone(old, changed)),
    )


def _ending(old: Snapshot, changed: Changed) -> tuple[dict[int, ModelState], list[int]]:
    """Models that have an end, and rows of those that have none any more."""
    with_end = {one.id: one for one in changed.models if one.notice is not None and one.notice.sunset_at is not None}
    touched = [*(one.id for one in changed.models), *changed.models_gone] if old.ending else []
    return with_end, [row for row in touched if row in old.ending and row not in with_end]


def _with(old: Mapping[Key, Value], arriving: Mapping[Key, Value], leaving: Iterable[Key]) -> Mapping[Key, Value]:
    """What leaves goes first: a name that was given up may be another's in the same change."""
    leaving = list(leaving)
    if not (arriving or leaving):
        return old
    new = dict(old)
    for key in leaving:
        new.pop(key, None)
    new.update(arriving)
    return new


def _by_id(
    old: Mapping[str, tuple[int, ...]], fresh: Iterable[ModelState], gone: Iterable[ModelState]
) -> Mapping[str, tuple[int, ...]]:
    fresh, gone = list(fresh), list(gone)
    if not (fresh or gone):
        return old
    new = dict(old)
    for model in gone:
        rows = tuple(row for row in new[model.model_id] if row != model.id)
        if rows:
            new[model.model_id] = rows
        else:
            del new[model.model_id]
    for model in fresh:
        rows = new.get(model.model_id, ())
        new[model.model_id] = (*rows, model.id) if not rows or rows[-1] < model.id else tuple(sorted((*rows, model.id)))
    return new


def _aliases_that_left(old: Snapshot, changed: Changed) -> list[AliasState]:
    """Those whose row is deleted now. Aliases are found by name, so this looks at all of them, once."""
    if not changed.aliases_gone:
        return []
    gone = set(changed.aliases_gone)
    return [alias for alias in old.aliases.values() if alias.id in gone]


def _hashes_gone(old: Snapshot, changed: Changed) -> list[str]:
    """Of keys that may not call any more. They are found by hash, so this looks at all of them, once."""
    if not changed.callers.gone:
        return []
    gone = set(changed.callers.gone)
    return [caller.token_hash for caller in old.callers.values() if caller.key_id in gone]
