"""The row that describes this instance: made once, with a canary that only the right key ring opens."""

from datetime import datetime

from sqlalchemy import insert, select

from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.database.tables import instance
from model_lineup.errors import KeyUndecryptable, StartRefused
from model_lineup.vault import Vault

_CANARY = "lineup canary"
_BOUND_TO = "instance 1|canary|-"


def canary(database: Database) -> str | None:
    """The sealed canary; None for a new instance."""
    with database.read() as connection:
        return connection.execute(select(instance.c.canary)).scalar_one_or_none()


def check_canary(database: Database, vault: Vault, now: datetime) -> None:
    """Seal the canary of a new instance; open that of an old one. Raises StartRefused with the wrong key ring."""
    with database.write() as connection:
        stored = connection.execute(select(instance.c.canary)).scalar_one_or_none()
        if stored is None:
            sealed = vault.seal(_CANARY, _BOUND_TO)
            row = {"id": 1, "revision": 0, "canary": sealed, "created_at": micros(now)}
            connection.execute(insert(instance).values(row))
            return
    try:
        vault.open(stored, _BOUND_TO)
    except KeyUndecryptable:
        raise StartRefused(
            "This key ring does not open this database. Start Lineup with the ring that the database was made with."
        ) from None
