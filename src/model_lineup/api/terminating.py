"""`?terminate=true`: what may no longer be asked under its name is ended where it is being answered."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query

from model_lineup.catalog.shapes import BulkResult
from model_lineup.journal import store
from model_lineup.rooms import Rooms
from model_lineup.signals.signals import Signal

WITHDRAWN = "withdrawn"
Terminate = Annotated[
    bool,
    Query(
        description="End running requests that may no longer be asked under their name, at every worker within 5 s. "
        "Without it they finish."
    ),
]


def end_running(
    there: Rooms,
    revision: int,
    *,
    models: Iterable[int] = (),
    providers: Iterable[int] = (),
    aliases: Iterable[str] = (),
) -> None:
    """Of these rows and names: whoever hears it judges each request by the configuration of `revision` or later.

    Also where nothing changed, for what was withdrawn before.
    """
    subject = {"revision": revision, "models": [*models], "providers": [*providers], "aliases": [*aliases]}
    there.signals.send(Signal(WITHDRAWN, subject))


def end_running_of_bulk(there: Rooms, result: BulkResult, named: Iterable[int]) -> None:
    """`named`: the row ids that the request said; those that a filter chose stand in the change set."""
    if result.dry_run:
        return
    rows = set(named)
    if result.change_id is not None:
        with there.database.read() as connection:
            change = store.one(connection, result.change_id)
        entries = (change.entries or ()) if change is not None else ()
        rows.update(entry.entity_id for entry in entries if entry.entity == "model")
    end_running(there, result.revision, models=sorted(rows))
