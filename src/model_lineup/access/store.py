"""SQL of people, keys and sessions."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, select, update

from model_lineup.access.actor import Role
from model_lineup.access.groups import store as group_store
from model_lineup.access.shapes import Key, Limits, Person, SignIn
from model_lineup.access.tables import keys, people, session_tokens, sessions, setup_links
from model_lineup.database.metadata import moment, moment_or_none
from model_lineup.database.prepared import Prepared

PersonRow = Row[Any]
"""All columns of a person, the password's hash included."""


def person(connection: Connection, person_id: int) -> Person | None:
    found = _persons(connection, connection.execute(_people().where(people.c.id == person_id)).all())
    return found[0] if found else None


def person_row(
    connection: Connection, *, email_folded: str | None = None, person_id: int | None = None
) -> PersonRow | None:
    """A living person."""
    query = _people()
    query = (
        query.where(people.c.id == person_id)
        if email_folded is None
        else query.where(people.c.email_folded == email_folded)
    )
    return connection.execute(query).one_or_none()


def person_of_subject(connection: Connection, issuer: str, subject: str) -> PersonRow | None:
    """The living person who is this account at that provider."""
    return connection.execute(_people().where(people.c.issuer == issuer, people.c.subject == subject)).one_or_none()


def persons(connection: Connection, *, limit: int, offset: int) -> tuple[list[Person], int]:
    total = select(func.count()).select_from(people).where(people.c.deleted_at.is_(None))
    rows = connection.execute(_people().order_by(people.c.id).limit(limit).offset(offset)).all()
    return _persons(connection, rows), int(connection.execute(total).scalar_one())


def active_admins(connection: Connection) -> int:
    """Administrators who can sign in."""
    query = (
        select(func.count())
        .select_from(people)
        .where(
            people.c.role == Role.ADMIN.value,
            people.c.disabled == 0,
            people.c.deleted_at.is_(None),
            people.c.password_hash.is_not(None) | people.c.subject.is_not(None),
        )
    )
    return int(connection.execute(query).scalar_one())


def add_person(connection: Connection, values: Mapping[str, Any], *, now: int, revision: int) -> int:
    row = {**values, "session_epoch": 0, "version": 1, "created_at": now, "updated_at": now}
    row["changed_at_revision"] = revision
    return int(connection.execute(insert(people).values(row).returning(people.c.id)).scalar_one())


def change_person(
    connection: Connection, person_id: int, values: Mapping[str, Any], *, now: int, revision: int
) -> None:
    connection.execute(
        update(people)
        .where(people.c.id == person_id)
        .values(**values, version=people.c.version + 1, updated_at=now, changed_at_revision=revision)
    )


def end_sessions(connection: Connection, person_id: int) -> None:
    """Every session of this person belongs to an older epoch from here on."""
    connection.execute(update(people).where(people.c.id == person_id).values(session_epoch=people.c.session_epoch + 1))


def key(connection: Connection, key_id: int) -> Key | None:
    found = _found(connection, keys.c.id == key_id)
    return found[0] if found else None


def key_by_hash(connection: Connection, token_hash: str) -> Row[Any] | None:
    """A key, deleted ones too, with its owner's state: `owner_disabled`, `owner_role` (None without an owner)."""
    owner_gone = people.c.deleted_at.is_not(None).label("owner_gone")
    columns = (keys, people.c.disabled.label("owner_disabled"), people.c.role.label("owner_role"), owner_gone)
    query = select(*columns).select_from(keys.outerjoin(people))
    return connection.execute(query.where(keys.c.token_hash == token_hash)).one_or_none()


def key_list(connection: Connection, *, limit: int, offset: int, owner_id: int | None = None) -> tuple[list[Key], int]:
    """All keys, or one person's."""
    wanted = [keys.c.deleted_at.is_(None)] + ([keys.c.owner_id == owner_id] if owner_id is not None else [])
    total = connection.execute(select(func.count()).select_from(keys).where(*wanted)).scalar_one()
    rows = connection.execute(select(keys).where(*wanted).order_by(keys.c.id).limit(limit).offset(offset)).all()
    return _keys(connection, rows), int(total)


def keys_of(connection: Connection, owner_id: int) -> list[Key]:
    return _found(connection, keys.c.owner_id == owner_id)


def add_key(connection: Connection, values: Mapping[str, Any], *, now: int, revision: int) -> int:
    row = {**values, "disabled": 0, "version": 1, "created_at": now, "updated_at": now}
    row["changed_at_revision"] = revision
    return int(connection.execute(insert(keys).values(row).returning(keys.c.id)).scalar_one())


def change_key(connection: Connection, key_id: int, values: Mapping[str, Any], *, now: int, revision: int) -> None:
    connection.execute(
        update(keys)
        .where(keys.c.id == key_id)
        .values(**values, version=keys.c.version + 1, updated_at=now, changed_at_revision=revision)
    )


def add_session(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(insert(sessions).values(**values))


def session_of(connection: Connection, token_hash: str, kind: str, *, lock: bool = False) -> Row[Any] | None:
    """The session that a token belongs to, with `token_generation` and `token_expires_at`.

    `lock`: on PostgreSQL others who would change it wait here (SQLite has one writer anyway).
    """
    of_token = (
        session_tokens.c.generation.label("token_generation"),
        session_tokens.c.expires_at.label("token_expires_at"),
    )
    joined = session_tokens.join(sessions, sessions.c.family == session_tokens.c.family)
    query = select(sessions, *of_token).select_from(joined).where(session_tokens.c.kind == kind)
    query = query.with_for_update(of=sessions) if lock else query
    return connection.execute(query.where(session_tokens.c.token_hash == token_hash)).one_or_none()


_BY_TOKEN = Prepared(
    lambda _: select(
        *(sessions.c.family, sessions.c.expires_at, session_tokens.c.expires_at.label("token_expires_at")),
        *(people.c.id, people.c.email, people.c.role),
    ).where(
        *(sessions.c.family == session_tokens.c.family, people.c.id == sessions.c.person_id),
        *(session_tokens.c.token_hash == bindparam("hash"), session_tokens.c.kind == "access"),
        *(sessions.c.revoked_at.is_(None), sessions.c.epoch == people.c.session_epoch),
        *(people.c.disabled == 0, people.c.deleted_at.is_(None)),
    )
)


def session_in_force(connection: Connection, token_hash: str) -> Row[Any] | None:
    """The session of an access token, and its person: unless it was revoked, or the person is disabled, deleted, or
    has a new password since. Whether it is over by now is for the caller to see: `expires_at`, `token_expires_at`."""
    return _BY_TOKEN.one_or_none(connection, hash=token_hash)


def session_goes_on(connection: Connection, family: str, person_id: int, now: int) -> bool:
    """Whether this session of a person is neither over nor revoked, and the person neither disabled nor deleted."""
    query = select(sessions.c.family).where(
        *(sessions.c.family == family, sessions.c.person_id == person_id, people.c.id == sessions.c.person_id),
        *(sessions.c.expires_at > now, sessions.c.revoked_at.is_(None), sessions.c.epoch == people.c.session_epoch),
        *(people.c.disabled == 0, people.c.deleted_at.is_(None)),
    )
    return connection.execute(query).first() is not None


def change_session(connection: Connection, family: str, values: Mapping[str, Any]) -> None:
    connection.execute(update(sessions).where(sessions.c.family == family).values(**values))


def keep_session(connection: Connection, family: str, person_id: int, *, epoch: int) -> None:
    """Take a session of the epoch before into this one."""
    before = (sessions.c.family == family, sessions.c.person_id == person_id, sessions.c.epoch == epoch - 1)
    connection.execute(update(sessions).where(*before).values(epoch=epoch))


def add_tokens(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """token_hash, family, kind, generation, expires_at of each."""
    connection.execute(insert(session_tokens), list(rows))


def prolong_tokens(connection: Connection, family: str, until: int) -> None:
    connection.execute(update(session_tokens).where(session_tokens.c.family == family).values(expires_at=until))


def forget_ended(connection: Connection, now: int) -> None:
    """Drop sessions and tokens whose time is over; sessions first, as a sign-out does, lest two wait for each other."""
    connection.execute(delete(sessions).where(sessions.c.expires_at < now))
    connection.execute(delete(session_tokens).where(session_tokens.c.expires_at < now))


def add_setup_link(connection: Connection, token_hash: str, expires_at: int) -> None:
    """The newest link is the only one that works."""
    connection.execute(delete(setup_links))
    connection.execute(insert(setup_links).values(token_hash=token_hash, expires_at=expires_at))


def take_setup_link(connection: Connection, token_hash: str, now: int) -> bool:
    """Use the link up. False for an unknown or late one."""
    taken = delete(setup_links).where(setup_links.c.token_hash == token_hash, setup_links.c.expires_at > now)
    return connection.execute(taken).rowcount == 1


def setup_link_is_valid(connection: Connection, token_hash: str, now: int) -> bool:
    query = select(setup_links).where(setup_links.c.token_hash == token_hash, setup_links.c.expires_at > now)
    return connection.execute(query).first() is not None


def _people() -> Any:
    return select(people).where(people.c.deleted_at.is_(None))


def _persons(connection: Connection, rows: Sequence[Row[Any]]) -> list[Person]:
    belonging = group_store.of_people(connection, [row.id for row in rows])
    return [person_of(row, belonging.get(row.id, [])) for row in rows]


_SIGN_IN: dict[tuple[bool, bool], SignIn] = {
    (False, False): "none",
    (True, False): "password",
    (False, True): "single_sign_on",
    (True, True): "both",
}
"""By whether there is a password, and an account at a provider."""


def person_of(row: Row[Any], groups: Sequence[int] = ()) -> Person:
    return Person(
        id=row.id,
        email=row.email,
        role=Role(row.role),
        disabled=bool(row.disabled),
        password_set=row.password_hash is not None,
        sign_in=_SIGN_IN[row.password_hash is not None, row.subject is not None],
        groups=list(groups),
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


def _found(connection: Connection, condition: ColumnElement[bool]) -> list[Key]:
    return _keys(connection, connection.execute(select(keys).where(condition, keys.c.deleted_at.is_(None))).all())


def _keys(connection: Connection, rows: Sequence[Row[Any]]) -> list[Key]:
    belonging = group_store.of_keys(connection, [row.id for row in rows])
    owners = group_store.of_people(connection, {row.owner_id for row in rows if row.owner_id is not None})
    return [_key(row, belonging.get(row.id, []), owners.get(row.owner_id, [])) for row in rows]


def _key(row: Row[Any], groups: list[int], owners_groups: list[int]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        kind=row.kind,
        role=None if row.role is None else Role(row.role),
        owner_id=row.owner_id,
        last4=row.hint,
        limits=msgspec.json.decode(row.limits, type=Limits),
        trusted_front_end=bool(row.trusted_front_end),
        groups=groups,
        owners_groups=owners_groups if row.kind != "admin" else [],
        expires_at=moment_or_none(row.expires_at),
        disabled=bool(row.disabled),
        version=row.version,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
