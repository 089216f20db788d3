"""A configuration file applied: planned, looked at and done by the same operation, in one transaction, as one change.

A row that the file names is from then on as the file says, defaults included, and belongs to the file (`managed_by`).
Rows that it does not name are nobody's business here; those that belonged to it before go only when asked to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from model_lineup.catalog import names
from model_lineup.catalog.moves import NameGuard
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.store import affected
from model_lineup.catalog.store import models as model_store
from model_lineup.changes.as_code import groups, pruning, reading, writing_aliases, writing_models, writing_providers
from model_lineup.changes.as_code.lock import APPLY
from model_lineup.changes.as_code.overtaken import refuse_overtaken
from model_lineup.changes.as_code.planned import ROWS, Applied, rows_of
from model_lineup.changes.as_code.pruning import Left
from model_lineup.changes.as_code.shapes import Configuration
from model_lineup.changes.as_code.work import Standing, Work
from model_lineup.errors import InvalidInput, ManagedByFile, NameWouldMove
from model_lineup.journal.record import Author, Journal

LONGEST_LABEL = 100


class Apply:
    def __init__(self, journal: Journal, providers: Providers) -> None:
        self._journal = journal
        self._providers = providers

    def apply(
        self,
        text: str,
        author: Author,
        *,
        label: str,
        keys: Mapping[str, str] | None = None,
        prune: bool = False,
        revision: int | None = None,
        dry_run: bool = False,
        confirm: bool = False,
    ) -> Applied:
        """`label`: what the rows say they belong to. `keys`: values by reference. `revision`: of the plan that was
        looked at; what changed since is refused where it touched the same rows.

        Raises InvalidInput with pointers and lines, EgressRefused, CredentialRebindRequired, ManagedByFile for rows of
        another file, PlanOvertaken, NameWouldMove, Conflict.
        """
        if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
            raise InvalidInput.at("/label", f"1 to {LONGEST_LABEL} printable characters, such as a file's name")
        wanted, moves = reading.read(text), list[str]()
        with self._journal.change(author, APPLY, dry_run=dry_run) as change:
            standing = Standing.of(change.connection)
            work = Work(change, text, wanted, standing, label, keys or {}, self._providers)
            _refuse_others_rows(work)
            if revision is not None:
                refuse_overtaken(work, revision)
            left = pruning.left_by(work)
            going = left if prune else Left([], [], [])
            guard = NameGuard(change.connection, _candidates(work, going), confirmed=confirm)
            _write(work, going)
            freed = [*(row.alias for row in going.aliases), *affected.by_existence(change.connection, _rows(going))]
            try:
                guard.check(but=wanted.aliases, freed=freed)
            except NameWouldMove as error:
                if not dry_run:
                    raise
                moves = [move["name"] for move in error.facts["names"]]
        rows = rows_of(change.entries, _names(work))
        outcomes = Counter(row.outcome for row in rows)
        touched = outcomes["added"] + outcomes["changed"]
        return Applied(
            label=label,
            dry_run=dry_run,
            base_revision=change.revision - 1,
            added=outcomes["added"],
            changed=outcomes["changed"],
            removed=outcomes["removed"],
            unchanged=max(0, _named(wanted) - touched),
            rows=rows[:ROWS],
            rows_total=len(rows),
            left_over=[] if prune else left.names[:ROWS],
            missing_keys=work.missing,
            moves=moves,
            revision=change.receipt.revision,
            change_id=change.receipt.change_id,
            impact=change.receipt.impact,
        )


def _write(work: Work, going: Left) -> None:
    """In an order in which everything finds what it leads to."""
    groups.write(work)
    writing_providers.write(work)
    writing_models.write(work)
    pruning.remove_names(work, going)
    writing_aliases.write(work)
    pruning.remove_rows(work, going)
    writing_providers.write_in_order(work)


def _refuse_others_rows(work: Work) -> None:
    """Raises ManagedByFile for a row that another file owns."""
    found = [(name, owner) for name, owner in _owners(work) if owner not in (None, work.label)]
    if found:
        name, owner = found[0]
        raise ManagedByFile(
            f"{name!r} belongs to the configuration file {owner!r}, and this one is {work.label!r}. Take it over first "
            "(POST /api/admin/take-over), apply it under that label, or leave it out of this file.",
            rows=[{"name": name, "managed_by": owner} for name, owner in found[:20]],
            rows_total=len(found),
        )


def _owners(work: Work) -> Iterator[tuple[str, str | None]]:
    standing, wanted = work.standing, work.wanted
    for slug in wanted.providers:
        if (provider := standing.providers.get(slug)) is not None:
            yield slug, provider.managed_by
    for key in wanted.models:
        if (row := standing.models.get(key)) is not None and not row.is_deleted:
            yield "/".join(key), row.managed_by
    for name in wanted.aliases:
        if (alias := standing.aliases.get(names.fold(name))) is not None:
            yield name, alias.managed_by


def _candidates(work: Work, going: Left) -> list[str]:
    """Names that may mean something else afterwards."""
    connection = work.change.connection
    found = [name for slug, model_id in writing_models.arriving(work) for name in (model_id, f"{slug}/{model_id}")]
    moving = writing_models.moving(work)
    for slug, entry in work.wanted.providers.items():
        provider = work.standing.providers.get(slug)
        if provider is not None and provider.enabled != entry.enabled:
            moving.extend(model_store.ids_of_provider(connection, provider.id))
    if work.wanted.provider_order is not None and list(work.wanted.provider_order) != list(work.slugs):
        moving = [row.id for row in work.standing.models.values() if not row.is_deleted]
    coming = [row.id for row in writing_models.returning(work)]
    return [
        *found,
        *affected.by_availability(connection, moving),
        *affected.by_existence(connection, [*coming, *_rows(going)]),
        *writing_aliases.changing(work),
        *(row.alias for row in going.aliases),
    ]


def _rows(going: Left) -> list[int]:
    return [row.id for row in going.models]


def _names(work: Work) -> dict[tuple[str, int], str]:
    """How the file names its rows."""
    providers = {("provider", row): slug for slug, row in work.slugs.items()}
    gone = {("model", row.id): f"{row.slug}/{row.model_id}" for row in work.standing.models.values()}
    return {**providers, **gone, **{("model", row): name for name, row in work.rows.items()}}


def _named(wanted: Configuration) -> int:
    return len(wanted.groups) + len(wanted.providers) + len(wanted.models) + len(wanted.aliases)
