"""SQL of groups and of who belongs to them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, insert, literal, null, select, union_all, update

from model_lineup.access.groups.shapes import Group, Member
from model_lineup.access.shapes import Limits
from model_lineup.access.tables import group_members, groups, keys, people
from model_lineup.database.metadata import moment
from model_lineup.database.values import in_numbers

_ALIVE = groups.c.deleted_at.is_(None)
_PEOPLE = (group_members.c.member == 1) & people.c.deleted_at.is_(None)
_KEYS = (group_members.c.member == 1) & keys.c.deleted_at.is_(None)


def page(connection: Connection, *, limit: int, offset: int) -> tuple[list[Group], int]:
    """By name, and how many there are."""
    total = connection.execute(select(func.count()).select_from(groups).where(_ALIVE)).scalar_one()
    query = select(groups).where(_ALIVE).order_by(groups.c.folded).limit(limit).offset(offset)
    return _counted(connection, connection.execute(query).all()), int(total)


def every(connection: Connection) -> list[Group]:
    """By name."""
    return _counted(connection, connection.execute(select(groups).where(_ALIVE).order_by(groups.c.folded)).all())


def one(connection: Connection, group_id: int) -> Group | None:
    found = _counted(connection, connection.execute(select(groups).where(_ALIVE, groups.c.id == group_id)).all())
    return found[0] if found else None


def by_folded(connection: Connection, folded: str) -> int | None:
    """The id of the living group of this name."""
    query = select(groups.c.id).where(_ALIVE, groups.c.folded == folded)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def names(connection: Connection, ids: Iterable[int] | None = None) -> dict[int, str]:
    """Names of living groups by id, of these or of all, in their order."""
    query = select(groups.c.id, groups.c.name).where(_ALIVE).order_by(groups.c.folded)
    if ids is not None:
        query = query.where(in_numbers(connection, groups.c.id, ids))
    return {row.id: row.name for row in connection.execute(query)}


def add(connection: Connection, values: Mapping[str, Any], *, now: int) -> int:
    row = {**values, "version": 1, "created_at": now, "updated_at": now}
    return int(connection.execute(insert(groups).values(row).returning(groups.c.id)).scalar_one())


def change(connection: Connection, group_id: int, values: Mapping[str, Any], *, now: int, revision: int) -> None:
    """Whoever belongs to it has changed with it: followers of the revision read them anew."""
    stamped = {**values, "version": groups.c.version + 1, "updated_at": now}
    connection.execute(update(groups).where(groups.c.id == group_id).values(stamped))
    theirs = (group_members.c.group_id == group_id, group_members.c.member == 1)
    for table, column in ((people, group_members.c.person_id), (keys, group_members.c.key_id)):
        members = select(column).where(*theirs, column.is_not(None))
        connection.execute(update(table).where(table.c.id.in_(members)).values(changed_at_revision=revision))


def now(connection: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """Rows of groups, deleted ones too."""
    query = select(groups).where(in_numbers(connection, groups.c.id, ids))
    return {row.id: row for row in connection.execute(query)}


def members(connection: Connection, group_id: int, *, limit: int, offset: int) -> tuple[list[Member], int]:
    """People by address, then keys by name; and how many there are."""
    of_it = group_members.c.group_id == group_id
    persons = (
        select(
            *(literal(0).label("sort"), people.c.email_folded.label("by"), people.c.id, people.c.email.label("name")),
            *(null().label("kind"), null().label("owner"), people.c.disabled),
        )
        .select_from(group_members.join(people))
        .where(of_it, _PEOPLE)
    )
    owners = people.alias("owners")
    joined = group_members.join(keys).outerjoin(owners, owners.c.id == keys.c.owner_id)
    theirs = (
        select(
            *(literal(1).label("sort"), keys.c.name.label("by"), keys.c.id, keys.c.name),
            *(keys.c.kind, owners.c.email.label("owner"), keys.c.disabled),
        )
        .select_from(joined)
        .where(of_it, _KEYS)
    )
    both = union_all(persons, theirs).subquery()
    total = connection.execute(select(func.count()).select_from(both)).scalar_one()
    rows = connection.execute(select(both).order_by(both.c.sort, both.c.by, both.c.id).limit(limit).offset(offset))
    return [_member(row) for row in rows], int(total)


def memberships(
    connection: Connection, group_ids: Iterable[int], column: str, ids: Iterable[int]
) -> Sequence[Row[Any]]:
    """`id`, `group_id`, `who` and `member` of the rows that there are; `column` is person_id or key_id."""
    who = group_members.c[column]
    query = select(group_members.c.id, group_members.c.group_id, who.label("who"), group_members.c.member)
    of_groups = in_numbers(connection, group_members.c.group_id, group_ids)
    return [*connection.execute(query.where(of_groups, in_numbers(connection, who, ids)))]


def memberships_of(connection: Connection, column: str, who: int) -> Sequence[Row[Any]]:
    """`id`, `group_id` and `member` of one person or key, in living groups."""
    query = select(group_members.c.id, group_members.c.group_id, group_members.c.member)
    joined = query.select_from(group_members.join(groups)).where(_ALIVE, group_members.c[column] == who)
    return [*connection.execute(joined)]


def memberships_now(connection: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    query = select(group_members).where(in_numbers(connection, group_members.c.id, ids))
    return {row.id: row for row in connection.execute(query)}


def add_membership(connection: Connection, group_id: int, column: str, who: int) -> int:
    values = {"group_id": group_id, column: who, "member": 1}
    return int(connection.execute(insert(group_members).values(values).returning(group_members.c.id)).scalar_one())


def set_memberships(connection: Connection, ids: Iterable[int], *, member: bool) -> None:
    mine = in_numbers(connection, group_members.c.id, ids)
    connection.execute(update(group_members).where(mine).values(member=int(member)))


def touch(connection: Connection, column: str, ids: Iterable[int], *, now: int, revision: int) -> None:
    """These people, or keys, belong to other groups than before: what was read of them is no longer their state."""
    table = people if column == "person_id" else keys
    stamps = {"version": table.c.version + 1, "updated_at": now, "changed_at_revision": revision}
    connection.execute(update(table).where(in_numbers(connection, table.c.id, ids)).values(stamps))


def known_people(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Addresses of living people by id."""
    alive = people.c.deleted_at.is_(None)
    query = select(people.c.id, people.c.email).where(alive, in_numbers(connection, people.c.id, ids))
    return {row.id: row.email for row in connection.execute(query)}


def active_people(connection: Connection) -> dict[int, str]:
    """Addresses by id of those who are not disabled, in their order."""
    query = select(people.c.id, people.c.email).where(people.c.deleted_at.is_(None), people.c.disabled == 0)
    return {row.id: row.email for row in connection.execute(query.order_by(people.c.email_folded))}


def called(connection: Connection, email_folded: str, name: str) -> tuple[list[int], list[int]]:
    """People of this address, and user and agent keys of this name, or of this id."""
    persons = select(people.c.id).where(people.c.deleted_at.is_(None), people.c.email_folded == email_folded)
    named = keys.c.name == name
    if name.isascii() and name.isdigit() and len(name) < 16:
        named = named | (keys.c.id == int(name))
    theirs = select(keys.c.id).where(keys.c.deleted_at.is_(None), keys.c.kind != "admin", named)
    found = connection.execute(theirs.order_by(keys.c.id).limit(100)).scalars()
    return list(connection.execute(persons).scalars()), list(found)


def known_keys(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Name and kind of living keys by id."""
    alive = keys.c.deleted_at.is_(None)
    query = select(keys.c.id, keys.c.name, keys.c.kind).where(alive, in_numbers(connection, keys.c.id, ids))
    return {row.id: (row.name, row.kind) for row in connection.execute(query)}


def limited(connection: Connection) -> dict[int, tuple[str, Limits]]:
    """Name and limits of living groups that have any."""
    query = select(groups.c.id, groups.c.name, groups.c.limits).where(_ALIVE, groups.c.limits != "{}")
    return {row.id: (row.name, msgspec.json.decode(row.limits, type=Limits)) for row in connection.execute(query)}


def of_people(connection: Connection, ids: Iterable[int] | None = None) -> dict[int, list[int]]:
    """Living groups by person; of these people, or of all who belong to any. Ascending."""
    return _belonging(connection, group_members.c.person_id, ids)


def of_keys(connection: Connection, ids: Iterable[int] | None = None) -> dict[int, list[int]]:
    """The same of keys: only the groups that they belong to themselves."""
    return _belonging(connection, group_members.c.key_id, ids)


def _belonging(connection: Connection, who: ColumnElement[Any], ids: Iterable[int] | None) -> dict[int, list[int]]:
    query = select(who, group_members.c.group_id).select_from(group_members.join(groups))
    query = query.where(_ALIVE, group_members.c.member == 1, who.is_not(None))
    if ids is not None:
        query = query.where(in_numbers(connection, who, ids))
    found: dict[int, list[int]] = {}
    for one, group_id in connection.execute(query.order_by(group_members.c.group_id)):
        found.setdefault(one, []).append(group_id)
    return found


def _counted(connection: Connection, rows: Sequence[Row[Any]]) -> list[Group]:
    ids = [row.id for row in rows]
    persons = _count(connection, group_members.join(people), _PEOPLE, ids)
    theirs = _count(connection, group_members.join(keys), _KEYS, ids)
    return [_group(row, persons.get(row.id, 0), theirs.get(row.id, 0)) for row in rows]


def _count(connection: Connection, joined: Any, counts: ColumnElement[bool], ids: Sequence[int]) -> dict[int, int]:
    query = select(group_members.c.group_id, func.count()).select_from(joined).where(counts)
    query = query.where(in_numbers(connection, group_members.c.group_id, ids)).group_by(group_members.c.group_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _group(row: Row[Any], persons: int, theirs: int) -> Group:
    return Group(
        id=row.id,
        name=row.name,
        description=row.description,
        limits=msgspec.json.decode(row.limits, type=Limits),
        people=persons,
        keys=theirs,
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


def _member(row: Row[Any]) -> Member:
    return Member(
        type="key" if row.sort else "person",
        id=row.id,
        name=row.name,
        kind=row.kind,
        owner=row.owner,
        disabled=bool(row.disabled),
    )
