"""Aliases in a file: what is stored as entries."""

from collections.abc import Mapping

from model_lineup.changes.as_code.shapes import AliasEntry
from model_lineup.changes.store.configured import AliasRow


def entry_of(row: AliasRow, names: Mapping[int, str]) -> AliasEntry:
    """Where it leads, as a file says it. `names`: of living models by row; fallbacks that are gone are left out."""
    return AliasEntry(
        model=names[row.model],
        fallbacks=tuple(names[one] for one in row.fallbacks if one in names),
        description=row.description,
        groups=row.groups or None,
    )


def needed_by(rows: list[AliasRow]) -> set[int]:
    """Rows of the models that aliases lead to."""
    return {one for row in rows for one in (row.model, *row.fallbacks)}
