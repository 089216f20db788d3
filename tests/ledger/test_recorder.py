"""Entries reach the database once each, soon, in bounded memory."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select, true

from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import Unavailable
from model_lineup.ledger import recorder as recorders
from model_lineup.ledger.entry import DAY
from model_lineup.ledger.recorder import Kept, Recorder
from model_lineup.ledger.store import writing
from model_lineup.ledger.tables import usage_batches, usage_days, usage_entries, usage_ttft
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.usage import entry

KEPT = Kept(timedelta(days=30), timedelta(days=400))


def stored(rooms: Rooms) -> list[str]:
    with rooms.database.read() as connection:
        return list(connection.execute(select(usage_entries.c.request_id).order_by(usage_entries.c.id)).scalars())


def sums(rooms: Rooms, *names: str) -> tuple[int, ...]:
    with rooms.database.read() as connection:
        columns = [func.coalesce(func.sum(usage_days.c[name]), 0) for name in names]
        return tuple(map(int, connection.execute(select(*columns)).one()))


@contextlib.contextmanager
def out_of_reach(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(database: Database) -> contextlib.AbstractContextManager[Connection]:
        raise Unavailable("The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write_activity", refuse)
        yield


def test_what_was_noted_is_written_with_its_times(rooms: Rooms, clock: ManualClock) -> None:
    rooms.ledger.note(entry("a", on_behalf_of="ann@example.com", code=None))
    assert rooms.ledger.flush()
    with rooms.database.read() as connection:
        row = connection.execute(select(usage_entries)).one()
    assert (row.request_id, row.name, row.outcome, row.stream, row.token_source) == (
        *("a", "m", "completed", 1, "provider"),
    )
    assert (row.prompt_tokens, row.completion_tokens, row.cached_tokens) == (5, 2, None)
    assert row.on_behalf_of == "ann@example.com"
    assert (row.duration_us, row.ttft_us) == (pytest.approx(500_000, abs=2), pytest.approx(100_000, abs=2))
    assert row.at == pytest.approx(micros(clock.now()) - 500_000, abs=100_000)


def test_sums_are_those_of_the_entries(rooms: Rooms) -> None:
    for number in range(7):
        rooms.ledger.note(entry(f"r{number}", key_id=1 + number % 2, cached_tokens=3 if number == 0 else None))
        if number == 3:
            rooms.ledger.flush()
    rooms.ledger.flush()
    assert sums(rooms, "requests", "prompt_tokens", "prompt_told", "cached_tokens", "cached_told") == (7, 35, 7, 3, 1)
    with rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(usage_days)).scalar_one() == 2
        assert connection.execute(select(func.sum(usage_ttft.c.requests))).scalar_one() == 7


def test_names_that_lead_nowhere_do_not_make_sums_grow(rooms: Rooms) -> None:
    for number in range(20):
        rooms.ledger.note(entry(name=f"invented {number}", model_row=None, outcome="refused"))
    rooms.ledger.flush()
    with rooms.database.read() as connection:
        assert connection.execute(select(usage_days.c.name, usage_days.c.requests)).all() == [("", 20)]


def test_nothing_is_lost_while_the_database_is_away(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    with out_of_reach(rooms, monkeypatch):
        for number in range(5):
            rooms.ledger.note(entry(f"r{number}"))
            assert not rooms.ledger.flush()
        assert rooms.ledger.waiting == 5
    assert rooms.ledger.flush()
    assert stored(rooms) == [f"r{number}" for number in range(5)]
    assert rooms.ledger.lost == 0


def test_beyond_the_bound_the_newest_are_lost_and_counted(
    rooms: Rooms, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(rooms.database, clock, kept=KEPT, most=10)
    with out_of_reach(rooms, monkeypatch):
        for number in range(15):
            recorder.note(entry(f"r{number}"))
            recorder.flush()
        assert (recorder.waiting, recorder.lost) == (10, 5)
    recorder.close()
    assert stored(rooms) == [f"r{number}" for number in range(10)]


def test_a_batch_that_was_written_though_it_did_not_look_so_is_not_written_twice(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Database.write_activity

    @contextlib.contextmanager
    def lose_the_answer(database: Database) -> Iterator[Connection]:
        with write(database) as connection:
            yield connection
        raise Unavailable("The connection was lost after the commit.")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write_activity", lose_the_answer)
        rooms.ledger.note(entry("a"))
        assert not rooms.ledger.flush()
    rooms.ledger.note(entry("b"))
    assert rooms.ledger.flush()
    assert stored(rooms) == ["a", "b"]
    assert sums(rooms, "requests") == (2,)


def test_what_the_database_will_never_take_does_not_keep_out_the_rest(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "BATCH", 1)
    rooms.ledger.note(entry("bad", status="what"))
    rooms.ledger.note(entry("good"))
    assert rooms.ledger.flush()
    assert stored(rooms) == ["good"]
    assert rooms.ledger.lost == 1


def test_several_writers_at_once_count_exactly(rooms: Rooms, clock: ManualClock) -> None:
    """Each stands for a worker; the sums are rows that they share."""
    workers = [Recorder(rooms.database, clock, kept=KEPT, most=1_000) for _ in range(3)]

    def work(recorder: Recorder) -> None:
        for number in range(100):
            recorder.note(entry(key_id=number % 7, model_row=1 + number % 5))
            if number % 20 == 0:
                recorder.flush()
        while not recorder.flush():
            pass

    threads = [threading.Thread(target=work, args=(recorder,)) for recorder in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums(rooms, "requests", "prompt_tokens", "completion_tokens") == (300, 1_500, 600)
    assert len(stored(rooms)) == 300


def test_whoever_counts_is_told_of_each_entry_once(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    rooms.ledger.told = lambda entries: heard.extend(entry.request_id for entry in entries)
    with out_of_reach(rooms, monkeypatch):
        rooms.ledger.note(entry("a"))
        rooms.ledger.flush()
        rooms.ledger.note(entry("b"))
        rooms.ledger.flush()
    rooms.ledger.flush()
    assert heard == ["a", "b"]


def test_what_is_old_goes_a_few_at_a_time(rooms: Rooms, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PRUNED_AT_ONCE", 3)
    for number in range(4):
        rooms.ledger.note(entry(f"old{number}", key_id=number))
    rooms.ledger.flush()
    clock.advance(31 * 86_400)
    rooms.ledger.note(entry("new"))
    rooms.ledger.flush()
    assert len(stored(rooms)) == 2
    rooms.ledger.flush()
    assert stored(rooms) == ["new"]
    assert sums(rooms, "requests") == (5,)
    clock.advance(402 * 86_400)
    for _ in range(3):
        clock.advance(61)
        rooms.ledger.flush()
    with rooms.database.read() as connection:
        for table in (usage_entries, usage_days, usage_ttft, usage_batches):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_days_are_those_of_utc(rooms: Rooms, clock: ManualClock) -> None:
    rooms.ledger.note(entry())
    rooms.ledger.flush()
    with rooms.database.read() as connection:
        at, day = connection.execute(select(usage_entries.c.at, usage_days.c.day).join(usage_days, true())).one()
    assert day == at // DAY


def test_what_waits_is_written_at_the_end(rooms: Rooms) -> None:
    rooms.ledger.note(entry("last"))
    rooms.ledger.close()
    assert stored(rooms) == ["last"]


def test_what_comes_while_it_writes_waits_for_the_next_turn_unless_it_is_a_batch(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes = [2, 3, 1]
    add = writing.add

    def busy(connection: Connection, mark: str, rows: list[tuple[object, ...]], now: int) -> None:
        for _ in range(comes.pop(0) if comes else 0):
            rooms.ledger.note(entry())
        add(connection, mark, rows, now)

    monkeypatch.setattr(recorders, "BATCH", 3)
    monkeypatch.setattr(writing, "add", busy)
    rooms.ledger.note(entry())
    assert rooms.ledger.flush()
    assert (rooms.ledger.waiting, sums(rooms, "requests")) == (2, (1,))
    assert rooms.ledger.flush()
    assert (rooms.ledger.waiting, sums(rooms, "requests")) == (1, (6,)), "three came, which is a batch; then one"
    rooms.ledger.close()
    assert (rooms.ledger.waiting, rooms.ledger.lost, sums(rooms, "requests")) == (0, 0, (7,))
