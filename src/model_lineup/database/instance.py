"""The row that describes this instance: made once, with a canary that only the right key ring opens."""

import contextlib
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.database.tables import instance
from model_lineup.database.upsert import insert_once
from model_lineup.errors import KeyUndecryptable, StartRefused
from model_lineup.vault import KeyRing, Vault, key_id, load_ring, new_ring, store_ring

CANARY = "lineup canary"
CANARY_BOUND_TO = "instance 1|canary|-"


def open_vault(database: Database, ring_path: Path, now: datetime) -> Vault:
    """The vault with the ring of this instance; the ring is made at the first start, and never again where something
    was sealed with another one. Raises StartRefused.
    """
    sealed = canary(database) is not None  # asked first: whoever sealed it had stored the ring before
    ring = load_ring(ring_path)
    if ring is None and sealed:
        raise StartRefused(
            f"The key ring {ring_path} is missing, and this database holds secrets sealed with it. "
            "Restore it from your backup, or point LINEUP_KEYRING_FILE to it."
        )
    vault = Vault(ring or _make_ring(ring_path), ring_path)
    check_canary(database, vault, now)
    return vault


def _make_ring(path: Path) -> KeyRing:
    """A new ring; of several processes that start at once, one makes it and the others read it."""
    with contextlib.suppress(FileExistsError):
        store_ring(new_ring(), path)
    ring = load_ring(path)
    if ring is None:
        raise StartRefused(f"The key ring {path} vanished while Lineup was starting.")
    return ring


def canary(database: Database) -> str | None:
    """The sealed canary; None for a new instance."""
    with database.read() as connection:
        return connection.execute(select(instance.c.canary)).scalar_one_or_none()


def check_canary(database: Database, vault: Vault, now: datetime) -> None:
    """Seal the canary of a new instance; open that of an old one. Raises StartRefused with the wrong key ring."""
    with database.write() as connection:
        if connection.execute(select(instance.c.canary)).scalar_one_or_none() is None:
            sealed = vault.seal(CANARY, CANARY_BOUND_TO)
            insert_once(connection, instance, {"id": 1, "revision": 0, "canary": sealed, "created_at": micros(now)})
        stored = connection.execute(select(instance.c.canary)).scalar_one()
    try:
        vault.open(stored, CANARY_BOUND_TO)
    except KeyUndecryptable:
        raise StartRefused(
            f"This key ring does not open this database, which is sealed under the key {key_id(stored)}. Start Lineup "
            "with the ring that the database was made with; where `lineup rotate-keys` ran, with the ring from there."
        ) from None
