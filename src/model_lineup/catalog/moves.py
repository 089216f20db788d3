"""Refuses a change that would quietly give a name in use another meaning."""

from collections.abc import Iterable

from sqlalchemy import Connection

from model_lineup.catalog import names
from model_lineup.catalog.store import around
from model_lineup.errors import NameWouldMove

SHOWN = 100


class NameGuard:
    """Made before the change, asked after it, inside its transaction.

    `confirmed` is the caller's `?confirm=true`: then nothing is compared.
    """

    def __init__(self, connection: Connection, candidates: Iterable[str], *, confirmed: bool) -> None:
        self._connection = connection
        self._candidates = [] if confirmed else around.answerable(connection, candidates)
        self._before = around.load(connection, self._candidates)

    def check(self, *, but: Iterable[str] = (), freed: Iterable[str] = ()) -> None:
        """Raises NameWouldMove for candidates that changed their meaning.

        `but` are names that are meant to change; `freed` are meant to go dark, and only must not be answered by
        another model instead.
        """
        hits = {name: names.resolve(self._before, name) for name in self._candidates}
        answered = {name: hit for name, hit in hits.items() if hit is not None and hit.available}
        after = around.load(self._connection, answered, rows=[hit.row for hit in answered.values()])
        exempt, dark = set(but), set(freed)
        moved = [
            move
            for move in names.moves(self._before, after, answered)
            if move.name not in exempt and (move.name not in dark or after.available(move.after))
        ]
        if moved:
            raise NameWouldMove(
                f"{len(moved)} name(s) in use would mean another model, first of them {moved[0].name!r}. "
                "Repeat the request with ?confirm=true if that is what you want.",
                names=[{"name": move.name, "from_id": move.before, "to_id": move.after} for move in moved[:SHOWN]],
                names_total=len(moved),
            )
