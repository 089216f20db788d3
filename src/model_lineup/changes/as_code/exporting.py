"""The configuration as a file: the same instance gives the same bytes, in an order in which differences read well."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection

from model_lineup.access.groups import store as group_store
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import providers as provider_store
from model_lineup.changes.as_code import aliases, groups, models, providers, toml
from model_lineup.changes.as_code.shapes import FORMAT, Configuration, plain
from model_lineup.changes.store import configured
from model_lineup.database.engines import Database
from model_lineup.journal import store as journal_store

Format = Literal["toml", "json"]
HEAD = """\
The configuration of a Lineup, as `lineup export` writes it.
Models that a provider's list brought and nobody touched are left out: fetching brings them again.
A fact about a model stands here when an administrator pinned it; the others are inherited where the file is applied."""
BY_HAND = "Entered by hand, and never written out: set this variable where the file is applied."
_MOST = 1_000_000


class Exported(NamedTuple):
    """`by_hand`: slugs of the providers whose key a placeholder stands for."""

    text: str
    revision: int
    by_hand: list[str]


class Export:
    """What administrators decided, and nothing secret."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def export(self, format: Format = "toml") -> Exported:
        with self._database.read() as connection:
            revision = journal_store.revision(connection)
            found, _ = provider_store.listed(connection, limit=_MOST, offset=0)
            whole = stored(connection, found)
        by_hand = sorted(providers.entered_by_hand(found))
        text = _json(whole) if format == "json" else toml.written(HEAD, _top(whole), _tables(whole, by_hand))
        return Exported(text, revision, by_hand)


def stored(connection: Connection, found: list[Provider]) -> Configuration:
    """What the database holds, with everything that belongs into a file, in the file's order."""
    rows = [row for row in configured.models_at_living_providers(connection) if not row.is_deleted]
    names = {row.id: models.name_of(row) for row in rows}
    pointing = [row for row in configured.living_aliases(connection) if row.model in names]
    entries = {row.id: models.entry_of(row, names) for row in rows}
    needed = aliases.needed_by(pointing) | {models.successor_of(row) or 0 for row in rows}
    inside = [row for row in rows if models.belongs_into_a_file(row, entries[row.id], needed)]
    return Configuration(
        provider_order=tuple(one.slug for one in found),
        groups={one.name: groups.entry_of(one) for one in group_store.every(connection)},
        providers={one.slug: providers.entry_of(one) for one in sorted(found, key=lambda one: one.slug)},
        models={(row.slug, row.model_id): entries[row.id] for row in sorted(inside, key=_by_name)},
        aliases={row.alias: aliases.entry_of(row, names) for row in pointing},
    )


def _by_name(row: configured.ModelRow) -> tuple[str, str]:
    return row.slug, row.model_id


def _top(whole: Configuration) -> dict[str, Any]:
    return {"format": FORMAT, "provider_order": whole.provider_order}


def _tables(whole: Configuration, by_hand: list[str]) -> Iterator[toml.Table]:
    """Groups, providers, models, aliases; each sorted by name."""
    for name, group in whole.groups.items():
        yield toml.Table(("groups", name), plain(group))
    for slug, provider in whole.providers.items():
        comments = {"api_key": BY_HAND} if slug in by_hand else {}
        yield toml.Table(("providers", slug), plain(provider), comments)
    for (slug, model_id), model in whole.models.items():
        yield toml.Table(("models", slug, model_id), plain(model))
    for alias, entry in whole.aliases.items():
        yield toml.Table(("aliases", alias), plain(entry))


def _json(whole: Configuration) -> str:
    by_provider: dict[str, dict[str, Any]] = {}
    for (slug, model_id), model in whole.models.items():
        by_provider.setdefault(slug, {})[model_id] = plain(model)
    document = {
        **_top(whole),
        "groups": {name: plain(group) for name, group in whole.groups.items()},
        "providers": {slug: plain(provider) for slug, provider in whole.providers.items()},
        "models": by_provider,
        "aliases": {alias: plain(entry) for alias, entry in whole.aliases.items()},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
