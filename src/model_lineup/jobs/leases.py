"""Who may do what is to be done once.

if leases.take("test/7", life=timedelta(seconds=90)):
    try:
        ...
    finally:
        leases.give_back("test/7")
"""

import secrets
from datetime import timedelta

from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.jobs import store

KEPT = timedelta(days=1)
"""How long a lease that nobody gave back is remembered."""


class Leases:
    """Of one process, which is one holder: whoever needs several within it makes several of these."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._holder = secrets.token_hex(8)

    def take(self, name: str, life: timedelta) -> bool:
        """Whether it is ours from now on: nobody had it, its time was over, or it was ours (and is so for longer).

        Raises Unavailable.
        """
        now = self._clock.now()
        with self._database.write_activity() as connection:
            store.forget_ended(connection, before=micros(now - KEPT))
            return store.take(connection, name, self._holder, now=micros(now), until=micros(now + life))

    def give_back(self, name: str) -> None:
        """Before its time is over; nothing happens where it is somebody else's. Raises Unavailable."""
        with self._database.write_activity() as connection:
            store.give_back(connection, name, self._holder)

    def held(self, name: str) -> bool:
        """Whether anybody has it."""
        with self._database.read() as connection:
            return store.held(connection, name, now=micros(self._clock.now()))
