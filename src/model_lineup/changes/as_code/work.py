"""One applying under way: what the file wants, what stands there, and through whom it is written."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from model_lineup.access.groups import groups
from model_lineup.access.groups import store as group_store
from model_lineup.access.groups.shapes import Group
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import providers as provider_store
from model_lineup.changes.as_code.planned import MissingKey
from model_lineup.changes.as_code.reading import refused
from model_lineup.changes.as_code.shapes import AliasEntry, Configuration, ModelEntry
from model_lineup.changes.store import configured
from model_lineup.changes.store.configured import AliasRow, ModelRow
from model_lineup.errors import EgressRefused, InvalidInput
from model_lineup.journal.record import Change

EVERY_PROVIDER = 1_000_000


@dataclass(slots=True)
class Standing:
    """What is stored: providers by slug, models by slug and `model_id` (deleted ones too), aliases and groups without
    case."""

    providers: dict[str, Provider]
    models: dict[tuple[str, str], ModelRow]
    aliases: dict[str, AliasRow]
    groups: dict[str, Group]

    @classmethod
    def of(cls, connection: Connection) -> "Standing":
        found, _ = provider_store.listed(connection, limit=EVERY_PROVIDER, offset=0)
        models = configured.models_at_living_providers(connection)
        return cls(
            {one.slug: one for one in found},
            {(row.slug, row.model_id): row for row in models},
            {row.folded: row for row in configured.living_aliases(connection)},
            {groups.folded(one.name): one for one in group_store.every(connection)},
        )


@dataclass(slots=True)
class Work:
    """`label`: whose rows these are from now on. `slugs`: provider ids, `rows`: living models by `slug/model_id`, both
    kept up while rows are written; `groups`: ids by name. `keys`: values by reference."""

    change: Change
    text: str
    wanted: Configuration
    standing: Standing
    label: str
    keys: Mapping[str, str]
    through: Providers
    slugs: dict[str, int] = field(init=False)
    rows: dict[str, int] = field(init=False)
    groups: dict[str, int] = field(init=False)
    missing: list[MissingKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slugs = {slug: provider.id for slug, provider in self.standing.providers.items()}
        self.groups = {name: row for row, name in group_store.names(self.change.connection).items()}
        living = (row for row in self.standing.models.values() if not row.is_deleted)
        self.rows = {f"{row.slug}/{row.model_id}": row.id for row in living}

    @property
    def names(self) -> dict[int, str]:
        """`slug/model_id` of living models by row."""
        return {row: name for name, row in self.rows.items()}

    def groups_of(self, entry: ModelEntry | AliasEntry, pointer: str) -> list[int]:
        """Ids of the groups that an entry names. Raises InvalidInput for one that there is not."""
        unknown = [name for name in entry.groups or () if name not in self.groups]
        if unknown:
            raise self.wrong(f"{pointer}/groups", f"there is no group {unknown[0]!r}; make it first")
        return sorted({self.groups[name] for name in entry.groups or ()})

    def wrong(self, pointer: str, message: str) -> InvalidInput:
        return refused(self.text, [(pointer, message)])

    @contextlib.contextmanager
    def at(self, pointer: str) -> Iterator[None]:
        """What is refused about a field within is told by its place in the file."""
        try:
            yield
        except EgressRefused as error:
            told = self._placed(pointer, error)
            raise EgressRefused(told.detail, **{**error.facts, **told.facts}) from None
        except InvalidInput as error:
            raise self._placed(pointer, error) from None

    def _placed(self, pointer: str, error: InvalidInput) -> InvalidInput:
        if any("line" in one for one in error.facts.get("errors", ())):
            return error  # its place is known already
        errors = [(f"{pointer}{one['pointer']}", one["message"]) for one in error.facts.get("errors", ())]
        return refused(self.text, errors or [(pointer, error.detail)])
