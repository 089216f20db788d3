"""Rows that belong to a file and that it no longer names: they go when that is asked for, and only they."""

from dataclasses import dataclass

from model_lineup.catalog import names
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import models as store
from model_lineup.changes.as_code import writing_aliases
from model_lineup.changes.as_code.work import Work
from model_lineup.changes.store import pointing, undoing
from model_lineup.changes.store.configured import AliasRow, ModelRow
from model_lineup.errors import Conflict, ProviderHasModels


@dataclass(frozen=True, slots=True)
class Left:
    """What the file once made or took over, and does not name."""

    providers: list[Provider]
    models: list[ModelRow]
    aliases: list[AliasRow]

    @property
    def names(self) -> list[str]:
        return [
            *(one.slug for one in self.providers),
            *(f"{row.slug}/{row.model_id}" for row in self.models),
            *(row.alias for row in self.aliases),
        ]


def left_by(work: Work) -> Left:
    standing, wanted, label = work.standing, work.wanted, work.label
    folded = {names.fold(alias) for alias in wanted.aliases}
    return Left(
        [one for slug, one in standing.providers.items() if one.managed_by == label and slug not in wanted.providers],
        [
            row
            for key, row in standing.models.items()
            if row.managed_by == label and not row.is_deleted and key not in wanted.models
        ],
        [row for key, row in standing.aliases.items() if row.managed_by == label and key not in folded],
    )


def remove_names(work: Work, left: Left) -> None:
    """Aliases, before others are written: their names may be needed."""
    writing_aliases.remove(work, left.aliases)


def remove_rows(work: Work, left: Left) -> None:
    """Models and providers, once nothing of the file leads to them any more.

    Raises Conflict for a model that somebody else's alias points at, ProviderHasModels for a provider that has models
    which are not the file's.
    """
    change = work.change
    rows = {row.id: row for row in left.models}
    if held := pointing.at(change.connection, list(rows)):
        raise Conflict(
            f"A model that the file no longer names would go, and the alias {held[0][1]!r} points at it, which is not "
            "the file's. Point it elsewhere or delete it first.",
            aliases=[alias for _, alias in held[:20]],
        )
    if rows:
        values = {"deleted_at": change.now, "managed_by": None}
        store.change(change.connection, list(rows), values, now=change.now, revision=change.revision)
        marks = ((row.id, row.model_id) for row in rows.values())
        before, after = {"deleted": False, "managed_by": work.label}, {"deleted": True, "managed_by": None}
        change.touched_alike("model", marks, before=before, after=after)
    still = set(undoing.living_models_of(change.connection, [one.id for one in left.providers]).values())
    for provider in left.providers:
        if provider.id in still:
            raise ProviderHasModels(
                f"The file no longer names the provider {provider.slug!r}, which has models that are not the file's. "
                "Delete them first, or take the provider over.",
                id=provider.id,
            )
        work.through.remove(change, provider)
