"""Changes between a plan and its applying: those that touched what the file is about stand against it."""

from collections.abc import Iterator
from typing import Any

from model_lineup.changes.as_code.work import Work
from model_lineup.changes.store.managed import sets_since
from model_lineup.errors import PlanOvertaken
from model_lineup.journal import store as journal_store

MOST = 200
"""Change sets that are looked through; a plan that is older than that is made again."""
_NAMED = 20


def refuse_overtaken(work: Work, revision: int) -> None:
    """`revision`: of the configuration that was planned for. Raises PlanOvertaken."""
    now = work.change.revision - 1
    if revision == now:
        return
    if revision > now:
        raise PlanOvertaken(f"The plan is for revision {revision}, and the configuration is at {now}. Plan again.")
    connection = work.change.connection
    sets = sets_since(connection, revision, most=MOST + 1)
    if len(sets) > MOST:
        raise PlanOvertaken(f"More than {MOST} changes were made since the plan. Plan again.", revision=now)
    ids, labels = _about(work)
    met: list[dict[str, Any]] = []
    for change_id, actor, operation in sets:
        whole = journal_store.one(connection, change_id)
        for entry in (whole.entries if whole else None) or ():
            if (entry.entity, entry.entity_id) in ids or (entry.entity, entry.label) in labels:
                row = {"entity": entry.entity, "id": entry.entity_id, "label": entry.label}
                met.append({**row, "change_id": change_id, "by": actor, "operation": operation})
    if met:
        first = met[0]
        raise PlanOvertaken(
            f"{len(met)} row(s) of this file changed since it was planned, first of them the {first['entity']} "
            f"{first['label']!r} by {first['by']} (change {first['change_id']}). Plan again, then apply.",
            rows=met[:_NAMED],
            rows_total=len(met),
            revision=now,
        )


def _about(work: Work) -> tuple[set[tuple[str, int]], set[tuple[str, str]]]:
    """All rows that the file names or owns, by id, and by label those that may have come or gone."""
    standing, wanted = work.standing, work.wanted
    ids = set(_owned(work))
    ids |= {("provider", one.id) for slug, one in standing.providers.items() if slug in wanted.providers}
    ids |= {("model", row.id) for key, row in standing.models.items() if key in wanted.models}
    labels = {("alias", alias) for alias in wanted.aliases} | {("group", name) for name in wanted.groups}
    return ids, labels


def _owned(work: Work) -> Iterator[tuple[str, int]]:
    label, standing = work.label, work.standing
    yield from (("provider", one.id) for one in standing.providers.values() if one.managed_by == label)
    yield from (("model", row.id) for row in standing.models.values() if row.managed_by == label)
    yield from (("alias", row.id) for row in standing.aliases.values() if row.managed_by == label)
