"""Keys: `admin` keys serve the admin API, `user` and `agent` keys serve `/v1`. A key is shown once, when it is made."""

from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import Row

from model_lineup.access import store
from model_lineup.access.actor import Actor, Role
from model_lineup.access.groups import members
from model_lineup.access.shapes import Key, KeyChanges, Limits, NewKey
from model_lineup.access.tokens import new_token
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump, micros
from model_lineup.errors import InvalidInput, NotAllowed, NotFound, PreconditionFailed
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Receipt
from model_lineup.security.log import SecurityLog
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import LOCAL, Visit
from model_lineup.vault import Vault


class Keys:
    def __init__(self, database: Database, journal: Journal, vault: Vault, clock: Clock, log: SecurityLog) -> None:
        self._database = database
        self._log = log
        self._journal = journal
        self._vault = vault
        self._clock = clock

    def page(self, *, limit: int, offset: int, owner_id: int | None = None) -> tuple[list[Key], int]:
        with self._database.read() as connection:
            return store.key_list(connection, limit=limit, offset=offset, owner_id=owner_id)

    def get(self, key_id: int, *, owner_id: int | None = None) -> Key:
        """Raises NotFound, also for somebody else's key."""
        with self._database.read() as connection:
            return living(store.key(connection, key_id), key_id, owner_id)

    def create(self, new: NewKey, maker: Actor, author: Author) -> tuple[Key, str, Receipt]:
        """The key, its secret (never to be seen again), and the receipt. Raises InvalidInput, NotAllowed."""
        role = _role_of(new, maker)
        _check_serves_v1(new.kind, new.limits, trusted=new.trusted_front_end, grouped=bool(new.groups))
        self._check_expiry(new.expires_at)
        token = new_token(new.kind)
        values = {
            "name": new.name,
            "kind": new.kind,
            "role": role.value if role else None,
            "owner_id": maker.person_id,
            "token_hash": self._vault.token_hash(token),
            "hint": token[-4:],
            "limits": dump(new.limits),
            "trusted_front_end": int(new.trusted_front_end),
            "expires_at": micros(new.expires_at) if new.expires_at else None,
        }
        with self._journal.change(author, "keys.create") as change:
            key_id = store.add_key(change.connection, values, now=change.now, revision=change.revision)
            key = living(store.key(change.connection, key_id), key_id, None)
            change.touched("key", key_id, key.name, before={}, after=_journaled(key))
            if members.belong(change, "key_id", key_id, key.name, new.groups):
                key = living(store.key(change.connection, key_id), key_id, None)
        return key, token, change.receipt

    def change(
        self,
        key_id: int,
        changes: KeyChanges,
        author: Author,
        *,
        owner_id: int | None = None,
        if_match: int | None = None,
    ) -> tuple[Key, Receipt]:
        """Raises NotFound, InvalidInput, PreconditionFailed."""
        if changes.expires_at is not UNSET:
            self._check_expiry(changes.expires_at)
        with self._journal.change(author, "keys.change") as change:
            before = living(store.key(change.connection, key_id), key_id, owner_id)
            if if_match is not None and if_match != before.version:
                raise PreconditionFailed(
                    f"Key {key_id} is at version {before.version}, which If-Match does not name. "
                    "Read it again, then repeat your change.",
                    current=before,
                )
            trusted = changes.trusted_front_end is not UNSET and changes.trusted_front_end
            limits = None if changes.limits is UNSET else changes.limits
            grouped = changes.groups is not UNSET and bool(changes.groups)
            _check_serves_v1(before.kind, limits or Limits(), trusted=trusted, grouped=grouped)
            after = _write(change, before, changes)
        return after, change.receipt

    def delete(self, key_id: int, author: Author, *, owner_id: int | None = None) -> Receipt:
        """It stops working on the next request. Raises NotFound."""
        with self._journal.change(author, "keys.delete") as change:
            key = living(store.key(change.connection, key_id), key_id, owner_id)
            values = {"deleted_at": change.now}
            store.change_key(change.connection, key_id, values, now=change.now, revision=change.revision)
            change.touched("key", key_id, key.name, before=_journaled(key), after={})
        return change.receipt

    def hash_of(self, token: str) -> str:
        """What is stored of a key."""
        return self._vault.token_hash(token)

    def admin_actor(self, token: str, visit: Visit = LOCAL) -> Actor | None:
        """Who an admin key acts as; None when it is unknown, revoked, expired or disabled, or its owner is."""
        with self._database.read() as connection:
            row = store.key_by_hash(connection, self._vault.token_hash(token))
        reason = self._refusal(row)
        if reason is not None or row is None:
            label = None if row is None else _label(row)
            self._log.note_refusal(SecurityEvent.KEY_REFUSED, visit, actor=label, reason=reason)
            return None
        return Actor(_label(row), Role(row.role), person_id=row.owner_id, key_id=row.id)

    def _refusal(self, row: Row[Any] | None) -> str | None:
        """Why a key is not taken; None for one that is."""
        if row is None:
            return "unknown"
        if row.deleted_at is not None:
            return "revoked"
        if row.disabled:
            return "disabled"
        if row.expires_at is not None and row.expires_at <= micros(self._clock.now()):
            return "expired"
        if row.owner_disabled or row.owner_gone:
            return "its owner is disabled or deleted"
        if row.kind != "admin":
            return f"{row.kind} key"
        if row.owner_role is not None and not Role(row.owner_role).reaches(Role(row.role)):
            return "its owner does not reach that far any more"
        return None

    def _check_expiry(self, expires_at: datetime | None) -> None:
        if expires_at is None:
            return
        if expires_at.tzinfo is None:
            raise InvalidInput.at("/expires_at", "a time needs its zone, like 2030-01-31T12:00:00Z")
        if expires_at <= self._clock.now():
            raise InvalidInput.at("/expires_at", "this time has passed already")


def living(key: Key | None, key_id: int, owner_id: int | None) -> Key:
    """Raises NotFound for None, and for a key that is not `owner_id`'s."""
    if key is None or (owner_id is not None and key.owner_id != owner_id):
        raise NotFound(f"There is no key {key_id}.", id=key_id)
    return key


def _label(row: Row[Any]) -> str:
    return f"key {row.name!r} ({row.id})"


def _role_of(new: NewKey, maker: Actor) -> Role | None:
    if new.kind != "admin":
        if new.role is not None:
            raise InvalidInput.at("/role", f"only admin keys have a role; this is a {new.kind} key")
        return None
    role = new.role or maker.role
    if role is Role.USER:
        raise InvalidInput.at("/role", "an admin key has the role admin or viewer")
    if not maker.role.reaches(role):
        raise NotAllowed(f"A key cannot reach further than its maker; {maker.label} is {maker.role.value!r}.")
    return role


def _check_serves_v1(kind: str, limits: Limits, *, trusted: bool, grouped: bool) -> None:
    """Raises InvalidInput for what an admin key cannot have: it does not serve `/v1`."""
    if kind != "admin":
        return
    if limits != Limits():
        raise InvalidInput.at("/limits", "limits are for user and agent keys; an admin key calls no models")
    if trusted:
        raise InvalidInput.at("/trusted_front_end", "a front end needs a user or agent key; this is an admin key")
    if grouped:
        raise InvalidInput.at("/groups", "groups are for user and agent keys; an admin key calls no models")


def _write(change: Change, before: Key, changes: KeyChanges) -> Key:
    said = {name: getattr(changes, name) for name in changes.__struct_fields__}
    said = {name: value for name, value in said.items() if value is not UNSET}
    groups = said.pop("groups", before.groups)
    if "limits" in said and said["limits"] is None:
        said["limits"] = Limits()
    differing = {name: value for name, value in said.items() if getattr(before, name) != value}
    if differing:
        columns = {name: _column(name, value) for name, value in differing.items()}
        store.change_key(change.connection, before.id, columns, now=change.now, revision=change.revision)
        old = {name: getattr(before, name) for name in differing}
        change.touched("key", before.id, before.name, before=old, after=differing)
    if not members.belong(change, "key_id", before.id, before.name, groups) and not differing:
        return before
    return living(store.key(change.connection, before.id), before.id, None)


def _column(name: str, value: Any) -> Any:
    if name == "limits":
        return dump(value)
    if name == "expires_at":
        return None if value is None else micros(value)
    return int(value) if name in ("disabled", "trusted_front_end") else value


def _journaled(key: Key) -> dict[str, Any]:
    names = ("name", "kind", "role", "owner_id", "limits", "trusted_front_end", "expires_at", "disabled")
    return {name: getattr(key, name) for name in names}
