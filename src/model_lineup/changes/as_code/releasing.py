"""Rows that belonged to a configuration file are taken over: from then on they are changed by hand again."""

from collections.abc import Mapping, Sequence

import msgspec

from model_lineup.changes.as_code.lock import TAKE_OVER
from model_lineup.changes.store import managed
from model_lineup.errors import InvalidInput
from model_lineup.journal.record import Author, Journal


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the rows that are nobody's file's now."""

    providers: list[str]
    models: list[str]
    aliases: list[str]
    revision: int
    change_id: int | None
    dry_run: bool


class TakeOver:
    """A file that still names such a row takes it back when it is applied again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def release(
        self,
        author: Author,
        *,
        rows: Mapping[str, Sequence[int]] | None = None,
        label: str | None = None,
        dry_run: bool = False,
    ) -> TakenOver:
        """These rows (entity → ids), or all of one file. What belongs to none is left alone. Raises InvalidInput."""
        if (label is None) == (rows is None):
            raise InvalidInput.at("/label", "say rows, or the label of a file, not both")
        names: dict[str, list[str]] = {}
        with self._journal.change(author, TAKE_OVER, dry_run=dry_run) as change:
            for entity in managed.TABLES:
                ids = () if rows is None else rows.get(entity, ())
                found = managed.owned(change.connection, entity, rows=ids, label=label)
                names[entity] = [name for _, name, _ in found]
                managed.release(
                    change.connection, entity, [row for row, _, _ in found], now=change.now, revision=change.revision
                )
                for row_id, name, of_file in found:
                    before, after = {"managed_by": of_file}, {"managed_by": None}
                    change.touched(entity, row_id, name, before=before, after=after)
        return TakenOver(
            providers=names["provider"],
            models=names["model"],
            aliases=names["alias"],
            revision=change.receipt.revision,
            change_id=change.receipt.change_id,
            dry_run=dry_run,
        )
