"""The few rows that decide what some names mean: a `names.NameIndex` loaded from the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection, select

from model_lineup.catalog.names import fold
from model_lineup.catalog.tables import aliases, models, providers
from model_lineup.database.many import AT_ONCE
from model_lineup.database.values import in_numbers, in_words


@dataclass(slots=True)
class NamesAround:
    """Implements `names.NameIndex` for the names that it was loaded for; others look unknown."""

    _aliases: dict[str, int] = field(default_factory=dict)
    _folded: dict[str, int] = field(default_factory=dict)
    _at_provider: dict[tuple[str, str], int] = field(default_factory=dict)
    _with_id: dict[str, list[int]] = field(default_factory=dict)
    _available: dict[int, bool] = field(default_factory=dict)

    def alias(self, name: str) -> int | None:
        return self._aliases.get(name)

    def alias_without_case(self, folded: str) -> int | None:
        return self._folded.get(folded)

    def at_provider(self, slug: str, model_id: str) -> int | None:
        return self._at_provider.get((slug, model_id))

    def with_id(self, model_id: str) -> Sequence[int]:
        return self._with_id.get(model_id, ())

    def available(self, row: int) -> bool:
        return self._available.get(row, False)


def answerable(connection: Connection, names: Iterable[str]) -> list[str]:
    """Those of these names that an available model may answer to now; no other is answered.

    Of the ten thousand names of a fetch that are few, and `load` needs a row for each.
    """
    waiting = iter(names)
    found: dict[str, None] = {}
    while here := list(islice(waiting, AT_ONCE)):
        found.update(dict.fromkeys(_answerable(connection, here)))
    return list(found)


def _answerable(connection: Connection, names: Sequence[str]) -> list[str]:
    ids = {*names, *(name.partition("/")[2] for name in names if "/" in name)}
    serving = (models.c.deleted_at.is_(None), models.c.visible == 1, providers.c.enabled == 1)
    with_id = select(models.c.model_id).select_from(models.join(providers)).where(*serving)
    found = set(connection.execute(with_id.where(in_words(connection, models.c.model_id, ids)).distinct()).scalars())
    with_alias = select(aliases.c.folded).select_from(aliases.join(models).join(providers)).where(*serving)
    folded = in_words(connection, aliases.c.folded, {fold(name) for name in names})
    called = set(connection.execute(with_alias.where(aliases.c.deleted_at.is_(None), folded)).scalars())
    if not (found or called):
        return []
    return [name for name in names if name in found or name.partition("/")[2] in found or fold(name) in called]


def load(connection: Connection, names: Iterable[str], *, rows: Iterable[int] = ()) -> NamesAround:
    """What these names mean now, within this transaction; and whether these rows are available."""
    wanted = set(names)
    around = NamesAround()
    if wanted:
        _load_availability(connection, around, rows)
        _load_aliases(connection, around, wanted)
        _load_models(connection, around, wanted | {name.partition("/")[2] for name in wanted if "/" in name})
    return around


def _load_availability(connection: Connection, around: NamesAround, rows: Iterable[int]) -> None:
    query = select(models.c.id, models.c.visible, providers.c.enabled).select_from(models.join(providers))
    living = query.where(models.c.deleted_at.is_(None), in_numbers(connection, models.c.id, rows))
    for row, visible, enabled in connection.execute(living):
        around._available[row] = bool(visible and enabled)


def _load_aliases(connection: Connection, around: NamesAround, names: set[str]) -> None:
    query = (
        select(aliases.c.alias, aliases.c.folded, aliases.c.model_row, models.c.visible, providers.c.enabled)
        .select_from(aliases.join(models, models.c.id == aliases.c.model_row).join(providers))
        .where(aliases.c.deleted_at.is_(None), in_words(connection, aliases.c.folded, {fold(name) for name in names}))
    )
    for alias, folded, row, visible, enabled in connection.execute(query):
        around._aliases[alias] = around._folded[folded] = row
        around._available[row] = bool(visible and enabled)


def _load_models(connection: Connection, around: NamesAround, ids: set[str]) -> None:
    query = (
        select(models.c.id, models.c.model_id, models.c.visible, providers.c.slug, providers.c.enabled)
        .select_from(models.join(providers))
        .where(models.c.deleted_at.is_(None), in_words(connection, models.c.model_id, ids))
        .order_by(providers.c.position, models.c.id)
    )
    for row, model_id, visible, slug, enabled in connection.execute(query):
        around._available[row] = bool(visible and enabled)
        around._at_provider[slug, model_id] = row
        around._with_id.setdefault(model_id, []).append(row)
