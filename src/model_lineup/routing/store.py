"""What changed in the catalog since a revision, read in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, case, select

from model_lineup.access import callers
from model_lineup.access.callers import ChangedCallers, GroupSet
from model_lineup.catalog.lifecycle import Notice, notice_of
from model_lineup.catalog.limits_to_groups import groups_of
from model_lineup.catalog.prices import price_of
from model_lineup.catalog.rollouts import rollout_of
from model_lineup.catalog.shapes import Fact
from model_lineup.catalog.tables import aliases, effective_facts, models, providers, staged_changes
from model_lineup.journal import store as journal_store
from model_lineup.journal.tables import change_sets
from model_lineup.routing.snapshot import AliasState, ModelState, ProviderState, StagedState


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows as they are now, and row ids of those that are gone. `since` -1: all rows, and nothing is gone."""

    since: int
    revision: int
    stamp: int | None
    providers: list[ProviderState] = field(default_factory=list)
    models: list[ModelState] = field(default_factory=list)
    aliases: list[AliasState] = field(default_factory=list)
    providers_gone: list[int] = field(default_factory=list)
    models_gone: list[int] = field(default_factory=list)
    aliases_gone: list[int] = field(default_factory=list)
    staged: list[StagedState] = field(default_factory=list)
    staged_gone: list[int] = field(default_factory=list)
    callers: ChangedCallers = field(default_factory=ChangedCallers)


def revision_and_stamp(connection: Connection) -> tuple[int, int | None]:
    """The newest revision, and when its change set was written."""
    newest = journal_store.revision(connection)
    return newest, stamp(connection, newest)


def stamp(connection: Connection, revision: int) -> int | None:
    """When the change set of this revision was written, in microseconds; None where there is none."""
    return connection.execute(select(change_sets.c.at).where(change_sets.c.revision == revision)).scalar_one_or_none()


def changed_since(connection: Connection, since: int) -> Changed:
    """The rows whose `changed_at_revision` is higher; for -1 all that are not deleted."""
    found = Changed(since, *revision_and_stamp(connection), callers=callers.changed_since(connection, since))
    _read_providers(connection, found)
    _read_models(connection, found)
    _read_aliases(connection, found)
    _read_staged(connection, found)
    return found


def _read_providers(connection: Connection, found: Changed) -> None:
    columns = (providers.c.id, providers.c.slug, providers.c.enabled, providers.c.position)
    more = (providers.c.changed_at_revision, providers.c.deleted_at)
    for row_id, slug, enabled, position, changed_at, deleted_at in connection.execute(
        select(*columns, *more).where(*_newer(providers, found.since))
    ):
        if deleted_at is not None:
            found.providers_gone.append(row_id)
        else:
            found.providers.append(ProviderState(row_id, slug, bool(enabled), position, changed_at))


def _read_models(connection: Connection, found: Changed) -> None:
    names = (models.c.id, models.c.model_id, models.c.provider_id, models.c.display_name)
    flags = (models.c.visible, models.c.listed, models.c.agents_enabled)
    facts = (models.c.task, models.c.context_length, models.c.max_output_tokens)
    able = (models.c.supports_tools, models.c.supports_vision, models.c.supports_streaming)
    more = (models.c.created_at, models.c.pricing, _FACTS, models.c.group_ids, models.c.deleted_at)
    columns = (*names, *flags, *facts, *able, *more)
    query = select(*columns).where(*_newer(models, found.since))  # ordering by id would scan them all
    for *values, created_at, pricing, facts_of_end, group_ids, deleted_at in connection.execute(query):
        if deleted_at is not None:
            found.models_gone.append(values[0])
        else:
            values[4:7], values[10:] = map(bool, values[4:7]), map(_known, values[10:])
            values.append(created_at // 1_000_000)
            values.append(None if pricing is None else price_of(_structure(pricing)))
            values.append(None if facts_of_end is None else _notice(facts_of_end))
            values.append(None if group_ids is None else _groups(group_ids))
            found.models.append(ModelState(*values))


_THEIR_FACTS = select(effective_facts.c.facts).where(effective_facts.c.model_row == models.c.id).scalar_subquery()
_FACTS = case((models.c.lifecycle.is_not(None), _THEIR_FACTS), else_=None)
"""Only of models of whose end something is said: there are few, and of no other are they looked for."""


class _Facts(msgspec.Struct):
    lifecycle: Fact | None = None


def _notice(facts: str) -> Notice | None:
    known = _read_facts(facts).lifecycle
    return None if known is None else notice_of(known.value, known.at)


_read_facts = msgspec.json.Decoder(_Facts).decode
_structure = msgspec.json.Decoder(dict[str, Any]).decode


@lru_cache(maxsize=1024)
def _groups(text: str) -> GroupSet:
    """Many models have the same: one set for all of them."""
    return GroupSet(groups_of(text))


def _known(flag: int | None) -> bool | None:
    return None if flag is None else bool(flag)


def _read_aliases(connection: Connection, found: Changed) -> None:
    columns = (aliases.c.id, aliases.c.alias, aliases.c.folded, aliases.c.model_row, aliases.c.fallbacks)
    more = (aliases.c.group_ids, aliases.c.rollout, aliases.c.deleted_at)
    query = select(*columns, *more).where(*_newer(aliases, found.since))
    for row_id, alias, folded, row, fallbacks, group_ids, rollout, deleted_at in connection.execute(query):
        if deleted_at is not None:
            found.aliases_gone.append(row_id)
        else:
            ids = msgspec.json.decode(fallbacks, type=tuple[int, ...])
            groups = None if group_ids is None else _groups(group_ids)
            found.aliases.append(AliasState(row_id, alias, folded, row, ids, groups, rollout_of(rollout)))


def _read_staged(connection: Connection, found: Changed) -> None:
    """Those that wait; the others are gone."""
    newer = (
        staged_changes.c.state == "waiting" if found.since < 0 else staged_changes.c.changed_at_revision > found.since
    )
    for row in connection.execute(select(staged_changes).where(newer)):
        if row.state != "waiting":
            found.staged_gone.append(row.id)
            continue
        takes, rows = _taken(msgspec.json.decode(row.wanted, type=dict[str, Any]))
        announced_at = None if row.announced_at is None else row.announced_at // 1_000_000
        successor = row.successor
        if takes == "alias":
            rows, successor = rows[:1], rows[1]
        found.staged.append(StagedState(row.id, row.due_at, takes, rows, announced_at, row.message, successor))


def _taken(wanted: dict[str, Any]) -> tuple[str, tuple[int, ...]]:
    """What a staged change takes away, and of which rows; of an alias also where it leads then."""
    if "alias_id" in wanted:
        return "alias", (wanted["alias_id"], wanted["target_id"])
    if wanted.get("enabled") is False:
        return "provider", (wanted["provider_id"],)
    if wanted.get("visible") is False:
        return "model", tuple(wanted["model_ids"])
    return ("agents", tuple(wanted["model_ids"])) if wanted.get("agents_enabled") is False else ("", ())


def _newer(table: Table, since: int) -> Iterator[ColumnElement[bool]]:
    if since < 0:
        yield table.c.deleted_at.is_(None)
    else:
        yield table.c.changed_at_revision > since
