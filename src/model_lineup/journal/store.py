"""Reading the journal."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, RowMapping, func, select

from model_lineup.database.metadata import moment
from model_lineup.database.prepared import Prepared
from model_lineup.database.tables import instance
from model_lineup.journal import undone
from model_lineup.journal.chain import COMPACTION
from model_lineup.journal.contents import HEAD, entries_about, entries_between, entries_of, first_position, read
from model_lineup.journal.shapes import ChangePage, ChangeSet, Entry
from model_lineup.journal.tables import change_contents, change_digests, change_sets, claimed_changes

_SETS_AT_ONCE, _PARTS_AT_ONCE = 1_000, 20
"""Rows in memory while the whole journal is read."""
_REVISION = Prepared(lambda _: select(instance.c.revision))


def revision(connection: Connection) -> int:
    """The number of the newest configuration."""
    return int(_REVISION.rows(connection)[0][0])


def page(connection: Connection, *, limit: int, offset: int) -> ChangePage:
    """Change sets, newest first, without their entries."""
    total = connection.execute(select(func.count()).select_from(change_sets)).scalar_one()
    rows = connection.execute(select(change_sets).order_by(change_sets.c.id.desc()).limit(limit).offset(offset))
    found = undone.with_undoings(connection, [_change_set(row) for row in rows])
    return ChangePage(found, int(total), limit, offset)


def one(connection: Connection, change_id: int) -> ChangeSet | None:
    """One change set with all its entries."""
    row = connection.execute(select(change_sets).where(change_sets.c.id == change_id)).one_or_none()
    if row is None:
        return None
    parts = select(change_contents.c.entries).where(change_contents.c.change_id == change_id)
    found = connection.execute(parts.order_by(change_contents.c.part)).scalars()
    return _whole(connection, row, [entry for part in found for entry in entries_of(part)])


def rows_of(connection: Connection, change_id: int, *, limit: int, offset: int) -> ChangeSet | None:
    """One change set with these of its entries; parts that hold none of them are not decoded."""
    row = connection.execute(select(change_sets).where(change_sets.c.id == change_id)).one_or_none()
    if row is None:
        return None
    here, end = change_contents.c.change_id == change_id, offset + limit
    heads = select(change_contents.c.part, func.substr(change_contents.c.entries, 1, HEAD)).where(here)
    parts = [(part, first_position(head)) for part, head in connection.execute(heads.order_by(change_contents.c.part))]
    ends = [first for _, first in parts[1:]] + [row.touched]
    asked = [part for (part, first), after in zip(parts, ends, strict=False) if first < end and after > offset]
    query = select(change_contents.c.entries).where(here, change_contents.c.part.in_(asked))
    found = connection.execute(query.order_by(change_contents.c.part)).scalars()
    entries = [entry for part in found for entry in entries_between(part, offset, end)]
    return _whole(connection, row, entries)


def first_rows(connection: Connection, change_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Entity and label of the first row that each of these change sets touched; a whole part is read for each."""
    here = change_contents.c.change_id.in_(list(change_ids)) & (change_contents.c.part == 0)
    found = connection.execute(select(change_contents.c.change_id, change_contents.c.entries).where(here))
    firsts = {row.change_id: read(row.entries)[0] for row in found}
    return {change_id: (first.entity, first.label) for change_id, first in firsts.items()}


def of_row(connection: Connection, entity: str, row_id: int, *, most: int) -> list[ChangeSet]:
    """The newest change sets that touched this row, each with its entry of that row alone."""
    here = (change_contents.c.lowest <= row_id) & (change_contents.c.highest >= row_id)
    query = select(change_sets, change_contents.c.entries).join(change_contents)
    newest = query.where(change_contents.c.entity == entity, here).order_by(change_sets.c.id.desc())
    found: list[ChangeSet] = []
    with connection.execute(newest, execution_options={"yield_per": _PARTS_AT_ONCE}) as rows:
        for row in rows:
            entries = [one for one in entries_of(row.entries) if (one.entity, one.entity_id) == (entity, row_id)]
            if entries:
                found.append(msgspec.structs.replace(_change_set(row), entries=entries))
            if len(found) == most:
                break
    return found


@contextlib.contextmanager
def everything(connection: Connection) -> Iterator[tuple[Iterable[RowMapping], Iterable[RowMapping]]]:
    """All change sets with their digests (None where one has none), and the parts of all contents, in order, read as
    they are asked for.
    """
    digests = (change_digests.c.contents, change_digests.c.digest)
    sets = select(change_sets, *digests).outerjoin(change_digests).order_by(change_sets.c.id)
    parts = select(change_contents).order_by(change_contents.c.change_id, change_contents.c.part)
    with (
        connection.execute(sets, execution_options={"yield_per": _SETS_AT_ONCE}) as every_set,
        connection.execute(parts, execution_options={"yield_per": _PARTS_AT_ONCE}) as every_part,
    ):
        yield every_set.mappings(), every_part.mappings()


def later(connection: Connection, after: int, touched: Mapping[str, Collection[int]]) -> Iterator[tuple[int, Entry]]:
    """Everything that change sets after this one did to these rows (entity → row ids), oldest first."""
    for entity, ids in touched.items():
        wanted = frozenset(ids)
        near = (change_contents.c.highest >= min(wanted)) & (change_contents.c.lowest <= max(wanted))
        query = select(change_contents.c.change_id, change_contents.c.entries)
        query = query.where(change_contents.c.entity == entity, change_contents.c.change_id > after, near)
        in_order = query.order_by(change_contents.c.change_id, change_contents.c.part)
        with connection.execute(in_order, execution_options={"yield_per": _PARTS_AT_ONCE}) as rows:
            for change_id, part in rows:
                yield from ((change_id, entry) for entry in entries_about(part, wanted))


def compacted_through(connection: Connection) -> int:
    """The id of the newest change set whose contents may be gone; 0 when none may."""
    declared = select(func.max(change_contents.c.highest)).join(change_sets)
    found = declared.where(change_contents.c.entity == "journal", change_sets.c.operation == COMPACTION)
    return int(connection.execute(found).scalar_one() or 0)


def change_of_claim(connection: Connection, claim: str) -> int | None:
    """The change set that the request with this claim has made."""
    query = select(claimed_changes.c.change_id).where(claimed_changes.c.claim == claim)
    return connection.execute(query).scalar_one_or_none()


def _whole(connection: Connection, row: Row[Any], entries: list[Entry]) -> ChangeSet:
    return msgspec.structs.replace(undone.with_undoings(connection, [_change_set(row)])[0], entries=entries)


def _change_set(row: Row[Any]) -> ChangeSet:
    return ChangeSet(
        id=row.id,
        revision=row.revision,
        at=moment(row.at),
        actor=row.actor,
        operation=row.operation,
        request_id=row.request_id,
        touched=row.touched,
    )
