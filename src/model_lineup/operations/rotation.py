"""Rotating the key ring beside running servers: a new key, every secret sealed under it, then the old key retired.

Nothing is noted but in the ring and the rows, so a rotation that was killed goes on where it was when it is run again:
as long as a secret is under another key than the primary one, it is not done. The canary comes last, in the
transaction that writes the one line in the journal.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from model_lineup import durable
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.errors import KeyUndecryptable, OperationRefused
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.operations import sealed, store
from model_lineup.operations.sealed import SealedColumn
from model_lineup.vault import KeyRing, Vault, key_id, load_ring, new_key, store_ring

BY = Author("local command line")
AT_ONCE = 100
"""Rows in one transaction: a few milliseconds, for which administrators wait."""


@dataclass(slots=True)
class Rotation:
    """What was done. `resumed`: it had begun before. `undecryptable`: what no key of the ring opens, left as it is."""

    primary: str
    resumed: bool = False
    prepared: str | None = None
    sealed_anew: int = 0
    retired: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    undecryptable: list[str] = field(default_factory=list)


def prepare(path: Path) -> Rotation:
    """Add a key that nothing is sealed under yet, for a ring that has to be copied to other machines first."""
    with _ring_of_one(path) as ring:
        if ring.prepared:
            raise OperationRefused(f"The key {ring.prepared} is prepared already: `lineup rotate-keys` will use it.")
        kid, key = new_key()
        changed = msgspec.structs.replace(ring, keys={**ring.keys, kid: key}, prepared=kid)
        store_ring(changed, path, replace=True)
        return Rotation(ring.primary, prepared=kid, kept=_others(changed))


def rotate(database: Database, path: Path, clock: Clock) -> Rotation:
    """Seal every secret under a new key, or end the rotation that had begun. Raises OperationRefused, StartRefused."""
    with _ring_of_one(path) as ring:
        done = Rotation(ring.primary, resumed=not ring.prepared and _is_unfinished(database, ring))
        if not done.resumed:
            ring = _with_new_primary(ring)
            store_ring(ring, path, replace=True)  # on the disk before anything is sealed under it
        done.primary, done.kept = ring.primary, _others(ring)
        vault = Vault(ring)
        for each in sealed.COLUMNS:
            if each is not sealed.CANARY:
                _seal_all(database, each, vault, done)
        with Journal(database, clock).change(BY, "instance.rotate_keys") as change:
            _finish(change, vault, done)
    return done


def retire(database: Database, path: Path, clock: Clock) -> Rotation:
    """Take those keys out of the ring that no secret is under. Nobody can seal anything meanwhile."""
    with _ring_of_one(path) as ring, Journal(database, clock).change(BY, "instance.retire_keys") as change:
        wanted = {ring.primary, ring.prepared, *store.keys_in_use(change.connection)}
        done = Rotation(ring.primary, retired=sorted(set(ring.keys) - wanted))
        if done.retired:
            keys = {kid: key for kid, key in ring.keys.items() if kid in wanted}
            ring = msgspec.structs.replace(ring, keys=keys)
            store_ring(ring, path, replace=True)
            change.touched("instance", 1, "instance", before={"retired_keys": []}, after={"retired_keys": done.retired})
        done.kept = _others(ring)
    return done


def _with_new_primary(ring: KeyRing) -> KeyRing:
    if ring.prepared:
        return msgspec.structs.replace(ring, primary=ring.prepared, prepared=None)
    kid, key = new_key()
    return msgspec.structs.replace(ring, primary=kid, keys={**ring.keys, kid: key})


def _is_unfinished(database: Database, ring: KeyRing) -> bool:
    """A secret under a key that the ring does not have is lost, and no rotation can do anything for it."""
    with database.read() as connection:
        return bool((set(store.keys_in_use(connection)) & set(ring.keys)) - {ring.primary})


def _seal_all(database: Database, each: SealedColumn, vault: Vault, done: Rotation) -> None:
    last: int | None = 0
    while last is not None:
        with database.write() as connection:
            last = _seal_some(connection, each, vault, done, after=last)


def _seal_some(
    connection: Connection, each: SealedColumn, vault: Vault, done: Rotation, *, after: int, limit: int = AT_ONCE
) -> int | None:
    """The id of the last row that was looked at; None when there was none left."""
    rows = store.sealed_otherwise(connection, each, done.primary, after=after, limit=limit)
    for row in rows:
        try:
            store.seal_anew(connection, each, row, vault.rewrap(row.sealed, each.bound_to(row)))
            done.sealed_anew += 1
        except KeyUndecryptable:
            if (what := each.what(row)) not in done.undecryptable:
                done.undecryptable.append(what)
    return rows[-1].id if rows else None


def _finish(change: Change, vault: Vault, done: Rotation) -> None:
    """Under the lock of all writers: what was sealed with the old key in the meantime, and the canary."""
    for each in sealed.COLUMNS:
        if each is not sealed.CANARY:
            last: int | None = 0
            while last is not None:
                last = _seal_some(change.connection, each, vault, done, after=last)
    for row in store.sealed_otherwise(change.connection, sealed.CANARY, done.primary, after=0, limit=1):
        anew = vault.rewrap(row.sealed, sealed.CANARY.bound_to(row))
        store.seal_anew(change.connection, sealed.CANARY, row, anew)
        before, after = {"key": key_id(row.sealed)}, {"key": done.primary}
        change.touched("instance", 1, "instance", before=before, after=after)


def _others(ring: KeyRing) -> list[str]:
    return sorted(set(ring.keys) - {ring.primary})


@contextlib.contextmanager
def _ring_of_one(path: Path) -> Iterator[KeyRing]:
    """The ring, while nobody else rotates it. Raises OperationRefused, StartRefused."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(path.with_name(f".{path.name}.lock"), alone=True, wait=False))
        except BlockingIOError:
            raise OperationRefused("Another `lineup rotate-keys` is at work. Wait until it has ended.") from None
        ring = load_ring(path)
        if ring is None:
            raise OperationRefused(f"There is no key ring {path}. Restore it, or name it with LINEUP_KEYRING_FILE.")
        yield ring
