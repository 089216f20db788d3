"""Aliases in a file: what is stored as entries."""

from collections.abc import Mapping

from model_lineup.changes.as_code.shapes import AliasEntry, RolloutEntry
from model_lineup.changes.store.configured import AliasRow


def entry_of(row: AliasRow, names: Mapping[int, str]) -> AliasEntry:
    """Where it leads, as a file says it. `names`: of living models by row; what leads to others is left out."""
    rollout = row.rollout
    return AliasEntry(
        model=names[row.model],
        fallbacks=tuple(names[one] for one in row.fallbacks if one in names),
        description=row.description,
        groups=row.groups or None,
        rollout=RolloutEntry(model=names[rollout.target], share=rollout.share, sticky=rollout.sticky)
        if rollout is not None and rollout.target in names
        else None,
    )


def needed_by(rows: list[AliasRow]) -> set[int]:
    """Rows of the models that aliases lead to."""
    rolled_out = {row.rollout.target for row in rows if row.rollout is not None}
    return rolled_out | {one for row in rows for one in (row.model, *row.fallbacks)}
