"""Bulk changes: all or nothing, by ids or by filter, and a dry run that says what the change would say."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert

from model_lineup.catalog.bulk import Bulk
from model_lineup.catalog.shapes import BulkResult, ModelFilter, Selection
from model_lineup.catalog.tables import models
from model_lineup.database.engines import sqlite_module
from model_lineup.errors import InvalidInput, ModelNotFound, NameWouldMove
from model_lineup.journal.record import Journal
from tests.fakes.counts import count
from tests.fakes.desk import BY, Desk


def ids(*chosen: int) -> Selection:
    return Selection(model_ids=list(chosen))


def show(desk: Desk, chosen: Selection, *, value: bool = True, **more: Any) -> BulkResult:
    return desk.rooms.bulk.set_flag(chosen, "visible", value, BY, **more)


def test_models_are_shown_by_their_ids(desk: Desk) -> None:
    provider = desk.provider()
    a, b, c = (desk.model(provider, name) for name in "abc")
    result = show(desk, ids(a.id, b.id, a.id))
    assert (result.matched, result.changed, result.unchanged, result.dry_run) == (2, 2, 0, False)
    assert desk.ids(visible=True) == ["a", "b"]
    change = desk.last_change()
    assert (change.id, change.revision, change.touched) == (result.change_id, result.revision, 2)
    assert [(e.entity_id, e.before, e.after) for e in change.entries or ()] == [
        (row, {"visible": False}, {"visible": True}) for row in (a.id, b.id)
    ]
    again = show(desk, ids(a.id, b.id, c.id))
    assert (again.matched, again.changed, again.unchanged) == (3, 1, 2)
    assert [desk.rooms.models.get(row.id).version for row in (a, b, c)] == [2, 2, 2]


def test_every_flag_can_be_set(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    for flag, value in (("visible", True), ("listed", False), ("agents_enabled", True)):
        assert desk.rooms.bulk.set_flag(ids(model.id), flag, value, BY).changed == 1
        assert desk.rooms.bulk.set_flag(ids(model.id), flag, value, BY).change_id is None
    after = desk.rooms.models.get(model.id)
    assert (after.visible, after.listed, after.agents_enabled) == (True, False, True)


def test_one_unknown_id_refuses_all_and_every_unknown_id_is_listed(desk: Desk) -> None:
    provider = desk.provider()
    a, gone = desk.model(provider, "a"), desk.model(provider, "gone")
    desk.rooms.models.delete(gone.id, BY)
    before = desk.tables()
    unknown = [gone.id, *range(1_000, 1_500)]
    attempts: list[Callable[[], BulkResult]] = [
        lambda: show(desk, ids(a.id, *unknown)),
        lambda: show(desk, ids(a.id, *unknown), dry_run=True),
        lambda: desk.rooms.bulk.delete(ids(a.id, *unknown), BY),
    ]
    for attempt in attempts:
        with pytest.raises(ModelNotFound) as refused:
            attempt()
        assert refused.value.facts == {"unknown_ids": unknown, "unknown_total": 501}
    assert desk.tables() == before


def test_more_ids_than_allowed_are_refused(desk: Desk) -> None:
    bulk = Bulk(Journal(desk.rooms.database, desk.rooms.clock), most=3)
    provider = desk.provider()
    made = [desk.model(provider, f"m{n}").id for n in range(4)]
    with pytest.raises(InvalidInput, match="3 at most"):
        bulk.set_flag(ids(*made), "visible", True, BY)
    assert bulk.set_flag(ids(*made[:3]), "visible", True, BY).changed == 3


def test_no_ids_change_nothing(desk: Desk) -> None:
    result = show(desk, ids())
    assert (result.matched, result.change_id) == (0, None)


def test_a_selection_says_something(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="/model_ids"):
        show(desk, Selection())


def test_a_filter_with_exceptions_chooses(desk: Desk) -> None:
    provider = desk.provider()
    chats = [desk.model(provider, f"chat{n}", pins={"task": "chat"}) for n in range(4)]
    desk.model(provider, "embed", pins={"task": "embedding"})
    chosen = Selection(filter=ModelFilter(task="chat"), exclude=[chats[0].id, 999])
    assert show(desk, chosen).changed == 3
    assert desk.ids(visible=True) == ["chat1", "chat2", "chat3"]
    everything = desk.rooms.bulk.delete(Selection(filter=ModelFilter()), BY)
    assert (everything.matched, desk.ids()) == (5, [])


def test_a_dry_run_says_the_same_numbers_and_writes_nothing(desk: Desk) -> None:
    provider = desk.provider()
    made = [desk.model(provider, f"m{n}", visible=n == 0).id for n in range(4)]
    desk.alias(made[1], "alias")
    operations: list[Callable[[bool], BulkResult]] = [
        lambda dry: desk.rooms.bulk.set_flag(ids(*made), "visible", True, BY, dry_run=dry),
        lambda dry: desk.rooms.bulk.delete(ids(*made[1:]), BY, dry_run=dry),
    ]
    for operation in operations:
        before = desk.tables()
        tried = operation(True)
        assert desk.tables() == before
        done = operation(False)
        assert (tried.matched, tried.changed, tried.unchanged) == (done.matched, done.changed, done.unchanged)
        assert (tried.dry_run, tried.change_id, tried.revision) == (True, None, done.revision - 1)


def test_deleting_many_takes_their_aliases_in_the_same_change(desk: Desk) -> None:
    provider = desk.provider()
    made = [desk.model(provider, f"m{n}").id for n in range(3)]
    for row in made:
        desk.alias(row, f"alias{row}")
    result = desk.rooms.bulk.delete(ids(*made[:2]), BY)
    assert desk.last_change().touched == 4
    assert result.changed == 2
    assert [alias.alias for alias in desk.rooms.aliases.page(limit=10, offset=0).aliases] == [f"alias{made[2]}"]


def test_a_bulk_change_that_moves_a_name_is_refused_whole(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    hidden, winner = desk.model(one, "m"), desk.model(two, "m", visible=True)
    other = desk.model(one, "n")
    before = desk.tables()
    for dry_run in (True, False):
        with pytest.raises(NameWouldMove) as refused:
            show(desk, ids(hidden.id, other.id), dry_run=dry_run)
        assert refused.value.facts["names"] == [{"name": "m", "from_id": winner.id, "to_id": hidden.id}]
    assert desk.tables() == before
    assert show(desk, ids(hidden.id, other.id), confirm=True).changed == 2
    assert desk.answers("m") == hidden.id


def test_hiding_both_bearers_of_a_name_moves_nothing(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    both = [desk.model(one, "m", visible=True).id, desk.model(two, "m", visible=True).id]
    assert show(desk, ids(*both), value=False).changed == 2


@pytest.mark.hard
def test_an_observer_sees_all_of_a_bulk_change_or_nothing(desk: Desk, did: Callable[[str], None]) -> None:
    provider = desk.provider()
    rows = count(200, 1_000)
    made = [desk.model(provider, f"m{n:04}").id for n in range(rows)]
    seen, looks, done = set[int](), 0, threading.Event()

    def observe() -> None:
        nonlocal looks
        with contextlib.closing(connected(desk)) as connection:
            while not done.is_set():
                seen.add(int(connection.execute("SELECT sum(visible) FROM models").fetchone()[0]))
                looks += 1

    observer, began = threading.Thread(target=observe), time.monotonic()
    observer.start()
    try:
        for turn in range(count(6, 200)):
            assert show(desk, ids(*made), value=turn % 2 == 0).changed == rows
    finally:
        done.set()
        observer.join()
    assert seen <= {0, rows}
    assert looks > 10
    where = "SQLite" if desk.rooms.database.is_sqlite else "PostgreSQL"
    did(
        f"{where}: {looks} looks, {looks / (time.monotonic() - began):.0f} a second, at bulks of {rows} rows: none half"
    )


def connected(desk: Desk) -> Any:
    """A connection of the driver's own, in which each statement sees what is committed: to look as often as can be."""
    url = desk.rooms.settings.database_url
    if url is not None:
        return psycopg.connect(url.get_secret_value().replace("+psycopg", ""), autocommit=True)
    assert desk.rooms.database.file is not None
    return sqlite_module().connect(str(desk.rooms.database.file), isolation_level=None)


@pytest.mark.hard
def test_ten_thousand_models_change_at_once(desk: Desk) -> None:
    first = desk.model(desk.provider(), "m0").id
    total = count(2_000, 10_000)
    with desk.rooms.database.write() as connection:
        row = connection.execute(models.select()).one()._asdict()
        rows = [{**row, "id": first + n, "model_id": f"m{n}"} for n in range(1, total)]
        connection.execute(insert(models), rows)
    result = show(desk, ids(*range(first, first + total)))
    assert (result.changed, desk.last_change().touched) == (total, total)
    assert desk.rooms.bulk.delete(ids(*range(first, first + total)), BY).changed == total
