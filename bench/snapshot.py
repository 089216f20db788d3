"""How long it takes until a change of the configuration is in memory: `python -m bench.snapshot [--models 10000]`.

On SQLite in a folder of its own, and on PostgreSQL with `--postgres` (the server of the tests). Each figure is the
median of 21, in milliseconds; `load` is what a follower without deltas would need for each change.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import insert

from model_lineup.app import open_instance
from model_lineup.catalog import names
from model_lineup.catalog.shapes import ModelChanges, NewAlias, NewModel, NewProvider, ProviderChanges, Selection
from model_lineup.catalog.tables import models
from model_lineup.clock import tick
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms
from model_lineup.routing.follow import Follower
from model_lineup.settings import Settings
from tests.fakes.postgres import PostgresServer

BY = Author("bench")
TURNS = 21


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _database(options.postgres) as url:
        settings = Settings.model_validate({"data_dir": Path(folder) / "data", "database_url": url})
        with open_instance(settings) as rooms:
            for name, value in figures(rooms, options.models).items():
                sys.stdout.write(f"{name:44}{value:10.3f}\n")


@contextlib.contextmanager
def _database(postgres: bool) -> Iterator[str | None]:
    if not postgres:
        yield None
        return
    with PostgresServer() as server:
        yield server.fresh_database()


def figures(rooms: Rooms, number: int) -> dict[str, float]:
    """Milliseconds by what they are of."""
    rows = furnish(rooms, number)
    provider = rooms.providers.page(limit=1, offset=0)[0][0].id
    followed = rooms.follower
    followed.current()

    def after(change: Callable[[bool], object]) -> float:
        return _median(lambda turn: change(bool(turn % 2)), lambda: followed.current())

    def load() -> None:
        with contextlib.closing(Follower(rooms.database)) as newcomer:
            newcomer.current()

    chosen = Selection(model_ids=rows[:1000])
    found = {
        "load": _median(lambda _: None, load),
        "after one model": after(lambda on: rooms.models.change(rows[7], ModelChanges(visible=on), BY, confirm=True)),
        "after a model of a new id": after(lambda _: _new_model(rooms, provider)),
        "after an alias": after(lambda _: _new_alias(rooms, rows[7])),
        "after a provider with all its models": after(
            lambda on: rooms.providers.change(provider, ProviderChanges(enabled=on), BY, confirm=True)
        ),
        "after 1000 models": after(lambda on: rooms.bulk.set_flag(chosen, "visible", on, BY, confirm=True)),
        "look, nothing changed (thread)": _median(lambda _: None, followed.current),
        "look, nothing changed (event loop)": _median(lambda _: None, followed.fresh),
    }
    snapshot = followed.current()
    found["resolve a model_id"] = _median(lambda _: None, lambda: names.resolve(snapshot, "vendor/model-77"))
    return found


def furnish(rooms: Rooms, number: int) -> list[int]:
    """A provider with this many visible models; their row ids."""
    new = NewProvider(name="Box", type="openai", base_url="http://127.0.0.1:9/v1", network_scope="loopback")
    provider = rooms.providers.create(new, BY)[0]
    row = rooms.models.create(NewModel(provider_id=provider.id, model_id="vendor/model-0", visible=True), BY)[0].id
    with rooms.database.write() as connection:
        made = connection.execute(models.select().where(models.c.id == row)).one()._asdict()
        del made["id"]
        named = [f"vendor/model-{n}" for n in range(1, number)]
        connection.execute(insert(models), [{**made, "model_id": one, "display_name": one} for one in named])
        if not rooms.database.is_sqlite:  # as autovacuum does within a minute
            connection.exec_driver_sql("ANALYZE models").close()
            connection.exec_driver_sql("SELECT brin_summarize_new_values('ix_models_changed')").close()
        return list(connection.execute(models.select().with_only_columns(models.c.id)).scalars())


def _new_model(rooms: Rooms, provider: int) -> None:
    rooms.models.create(NewModel(provider_id=provider, model_id=f"new-{tick()}", visible=True), BY, confirm=True)


def _new_alias(rooms: Rooms, row: int) -> None:
    rooms.aliases.create(row, NewAlias(alias=f"alias-{tick()}"), BY, confirm=True)


def _median(prepare: Callable[[int], object], measured: Callable[[], object]) -> float:
    taken = []
    for turn in range(TURNS):
        prepare(turn)
        began = tick()
        measured()
        taken.append((tick() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
