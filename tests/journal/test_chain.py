"""The chain of the journal: whatever is changed in it afterwards shows, and the database itself refuses most of it."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from model_lineup import telemetry
from model_lineup.app import open_instance
from model_lineup.database import engines
from model_lineup.journal import chain, contents
from model_lineup.journal.record import Author, Journal
from model_lineup.journal.shapes import Entry
from model_lineup.journal.tables import change_contents, change_digests, change_sets
from model_lineup.journal.verify import verify
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.instances import Kind, Templates

TABLES = (change_sets, change_contents, change_digests)
COLUMNS = [(table, column.name) for table in TABLES for column in table.c]
SETS, ENTRIES = 4, 2


@pytest.fixture
def rooms(kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock) -> Iterator[Rooms]:
    """As everywhere, but that nobody looks whether it still holds together: here it must not."""
    with templates.settings(kind, tmp_path / "instance") as settings, open_instance(settings, clock=clock) as rooms:
        yield rooms


@pytest.fixture
def journal(desk: Desk) -> Journal:
    return Journal(desk.rooms.database, desk.rooms.clock)


@pytest.fixture
def written(desk: Desk, journal: Journal) -> Desk:
    """Four change sets of two entries each."""
    for number in range(SETS):
        write(journal, f"model {number}")
    return desk


def write(journal: Journal, label: str, operation: str = "models.change") -> None:
    with journal.change(Author("ada@example.com", "req-1"), operation) as change:
        change.touched("model", 7, label, before={"visible": False}, after={"visible": True})
        change.touched("alias", 8, "schnell ⚡", before={}, after={"words": ["a", None, 1.5]})


@contextlib.contextmanager
def by_the_back_door(desk: Desk) -> Iterator[Connection]:
    """A transaction that neither triggers nor foreign keys stand in the way of."""
    settings = desk.rooms.settings
    if settings.database_url is None:
        engine = engines.open_sqlite_for_migration(settings.data_dir)
        with engine.connect() as connection:
            connection.connection.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                triggers = connection.execute(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")).scalars()
                for trigger in triggers.all():
                    connection.execute(text(f"DROP TRIGGER {trigger}"))
                yield connection
    else:
        engine = engines.postgres_engine(settings.database_url.get_secret_value(), pool=1)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
    engine.dispose()


def test_the_chain_of_a_new_instance_holds_and_is_empty(desk: Desk) -> None:
    found = verify(desk.rooms.database)
    assert (found.holds, found.change_sets, found.entries, found.head) == (True, 0, 0, None)


def test_whoever_has_the_rows_can_do_the_sum_again(written: Desk) -> None:
    """As documented, with nothing of ours: no key, no code."""
    before = ""
    with written.rooms.database.read() as connection:
        for header in connection.execute(text("SELECT * FROM change_sets ORDER BY id")).mappings().all():
            rows = text("SELECT entries FROM change_contents WHERE change_id = :id ORDER BY part")
            parts = connection.execute(rows, {"id": header["id"]}).scalars()
            contents = sha256([entry for part in parts for entry in json.loads(part)])
            names = ("id", "revision", "at", "actor", "operation", "request_id", "touched")
            before = sha256([before, *(header[name] for name in names), contents])
    found = verify(written.rooms.database)
    assert found.head is not None
    assert (found.holds, found.head.digest) == (True, before)
    assert (found.change_sets, found.entries) == (SETS, SETS * ENTRIES)


def sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
def test_the_sum_is_the_same_in_any_json_library(words: str, number: int) -> None:
    (part,) = contents.parts_of([Entry(words, number, words, {words: words}, {})])
    row = [0, words, number, words, json.dumps({words: words}, ensure_ascii=False, separators=(",", ":")), "{}"]
    assert chain.contents_digest([part.entries]) == sha256([row])


def test_the_digest_of_many_entries_is_that_of_all_of_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry("model", n, f"model-{n}", {}, {"visible": True}) for n in range(7)]
    rows = [[n, "model", n, f"model-{n}", "{}", '{"visible":true}'] for n in range(7)]
    monkeypatch.setattr(contents, "AT_ONCE", 3)
    for count in range(8):
        parts = [part.entries for part in contents.parts_of(entries[:count])]
        assert (len(parts), chain.contents_digest(parts)) == (-(-count // 3), sha256(rows[:count]))


@given(st.lists(st.tuples(st.sampled_from(["model", "alias", "key"]), st.integers(1, 9)), max_size=30))
def test_parts_are_of_one_entity_say_which_rows_they_hold_and_are_read_as_they_were_written(
    rows: list[tuple[str, int]],
) -> None:
    entries = [Entry(entity, row, "é", {"a": [row]}, {"b": None}) for entity, row in rows]
    with mock.patch.object(contents, "AT_ONCE", 4):
        parts = list(contents.parts_of(entries))
    assert [entry for part in parts for entry in contents.entries_of(part.entries)] == entries
    position = 0
    for number, part in enumerate(parts):
        held = contents.read(part.entries)
        assert contents.is_whole(part, number, position, held)
        assert not contents.is_whole(part, number, position + 1, held)
        assert not contents.is_whole(part._replace(highest=part.highest + 1), number, position, held)
        position += len(held)


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{table.name}.{column}" for table, column in COLUMNS])
def test_a_changed_value_in_any_column_breaks_the_chain_at_its_change_set(
    written: Desk, table: Table, column: str
) -> None:
    key = table.c.id if table is change_sets else table.c.change_id
    for at in range(1, SETS + 1):
        with by_the_back_door(written) as connection:
            one = (key == at) if table is not change_contents else (key == at) & (table.c.part == 0)
            old = connection.execute(select(table.c[column]).where(one)).scalar_one()
            connection.execute(update(table).where(one).values({column: other_than(old)}))
        found = verify(written.rooms.database)
        assert not found.holds, (table.name, column, at)
        assert found.broken_at in {at, other_than(at), None}, found
        assert found.head is None or found.head.change_id < at
        with by_the_back_door(written) as connection:
            changed = other_than(old)
            where = (table.c[column] == changed) & (key == (changed if key.name == column else at))
            connection.execute(update(table).where(where).values({column: old}))
        assert verify(written.rooms.database).holds


def other_than(value: Any) -> Any:
    """One bit away."""
    if isinstance(value, int):
        return value ^ 64
    return value[:-1] + chr(ord(value[-1]) ^ 1)


@pytest.mark.parametrize("at", range(1, SETS + 1))
def test_a_removed_change_set_shows_wherever_it_stood(written: Desk, at: int) -> None:
    with by_the_back_door(written) as connection:
        for table in reversed(TABLES):
            connection.execute(delete(table).where((table.c.id if table is change_sets else table.c.change_id) == at))
    found = verify(written.rooms.database)
    assert not found.holds
    assert found.change_sets == at - 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_removed_from_one_table_show(written: Desk, table: Table) -> None:
    with by_the_back_door(written) as connection:
        connection.execute(delete(table).where((table.c.id if table is change_sets else table.c.change_id) == 2))
    found = verify(written.rooms.database)
    assert (found.holds, found.broken_at) == (False, 2)


@pytest.mark.parametrize("change_id", [2, SETS + 1])
def test_an_added_part_shows(written: Desk, change_id: int) -> None:
    extra = {"part": 2, "entity": "model", "lowest": 1, "highest": 1, "entries": '[[2,"model",1,"m","{}","{}"]]'}
    with by_the_back_door(written) as connection:
        connection.execute(insert(change_contents).values(change_id=change_id, **extra))
    found = verify(written.rooms.database)
    assert (found.holds, found.broken_at) == (False, change_id)


def test_parts_that_are_put_together_otherwise_show(written: Desk) -> None:
    """The same entries, and so the same digest, but not where whoever looks for one of them would find it."""
    with by_the_back_door(written) as connection:
        of_two = change_contents.c.change_id == 2
        first, second = connection.execute(select(change_contents.c.entries).where(of_two)).scalars().all()
        connection.execute(delete(change_contents).where(of_two & (change_contents.c.part == 1)))
        together = {"entries": f"{first[:-1]},{second[1:]}", "highest": 8}
        connection.execute(update(change_contents).where(of_two).values(together))
    found = verify(written.rooms.database)
    assert (found.holds, found.broken_at) == (False, 2)


def test_a_journal_written_anew_shows_by_a_digest_that_was_kept(written: Desk, journal: Journal) -> None:
    kept = verify(written.rooms.database).head
    assert kept is not None
    assert verify(written.rooms.database, kept=kept.digest).holds
    with by_the_back_door(written) as connection:  # the last change set, done again as if somebody else had done it
        connection.execute(delete(change_digests).where(change_digests.c.change_id == SETS))
        connection.execute(update(change_sets).where(change_sets.c.id == SETS).values(actor="eve@example.com"))
        header = connection.execute(select(change_sets).where(change_sets.c.id == SETS)).mappings().one()
        parts = select(change_contents.c.entries).where(change_contents.c.change_id == SETS)
        chain.extend(connection, dict(header), connection.execute(parts.order_by(change_contents.c.part)).scalars())
    assert verify(written.rooms.database).holds
    found = verify(written.rooms.database, kept=kept.digest)
    assert not found.holds
    assert "written anew" in str(found.reason)
    write(journal, "later")
    assert not verify(written.rooms.database, kept=kept.digest).holds


def test_bytes_that_are_no_text_are_told_and_are_no_failure(written: Desk) -> None:
    if not written.rooms.database.is_sqlite:
        pytest.skip("PostgreSQL stores no text that is not UTF-8")
    with by_the_back_door(written) as connection:
        connection.execute(text("UPDATE change_sets SET actor = CAST(X'ff41' AS TEXT) WHERE id = 3"))
    found = verify(written.rooms.database)
    assert not found.holds
    assert "cannot be read" in str(found.reason)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_database_refuses_to_change_what_was_written(written: Desk, table: Table) -> None:
    column = "touched" if table is change_sets else "lowest" if table is change_contents else "digest"
    same = {column: table.c[column]}
    for statement in (update(table).values(same), delete(table)):
        with pytest.raises(DBAPIError, match="append-only"), written.rooms.database.write() as connection:
            connection.execute(statement)
    if not written.rooms.database.is_sqlite:
        with pytest.raises(DBAPIError, match="append-only"), written.rooms.database.write() as connection:
            connection.execute(text(f"TRUNCATE {table.name} CASCADE"))
    assert verify(written.rooms.database).holds


def test_contents_may_go_where_the_journal_says_so_and_the_chain_still_holds(written: Desk, journal: Journal) -> None:
    with journal.change(BY, chain.COMPACTION) as change:
        change.touched("journal", 2, "contents of change sets 1 to 2", before={}, after={"through": 2})
    with written.rooms.database.write() as connection:
        connection.execute(delete(change_contents).where(change_contents.c.change_id <= 2))
    found = verify(written.rooms.database)
    assert (found.holds, found.change_sets, found.entries) == (True, SETS + 1, 2 * ENTRIES + 1)
    with pytest.raises(DBAPIError, match="append-only"), written.rooms.database.write() as connection:
        connection.execute(delete(change_contents).where(change_contents.c.change_id == 3))


def test_contents_that_went_in_part_or_beyond_what_was_declared_show(written: Desk, journal: Journal) -> None:
    with journal.change(BY, chain.COMPACTION) as change:
        change.touched("journal", 2, "contents of change sets 1 to 2", before={}, after={"through": 2})
    with written.rooms.database.write() as connection:
        gone = (change_contents.c.change_id == 2) & (change_contents.c.part == 1)
        connection.execute(delete(change_contents).where(gone))
    assert verify(written.rooms.database).broken_at == 2
    with by_the_back_door(written) as connection:
        connection.execute(delete(change_contents).where(change_contents.c.change_id.in_([2, 3])))
    assert verify(written.rooms.database).broken_at == 3


@pytest.fixture
def as_a_server_logs() -> Iterator[None]:
    telemetry.configure("info", "json")
    yield
    telemetry.configure("warning", "text")


@pytest.mark.usefixtures("as_a_server_logs")
def test_every_new_head_is_logged_and_nothing_else(
    desk: Desk, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    write(journal, "a")
    with journal.change(BY, "models.change"):
        pass
    with journal.change(BY, "models.change", dry_run=True) as change:
        change.touched("model", 7, "gpt", before={}, after={"visible": True})
    head = verify(desk.rooms.database).head
    assert head is not None
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["change_id"], said["revision"], said["digest"]) == ("change", 1, 1, head.digest)


def test_the_chain_goes_on_after_a_change_that_was_rolled_back(desk: Desk, journal: Journal) -> None:
    write(journal, "a")
    with contextlib.suppress(ZeroDivisionError), journal.change(BY, "models.change") as change:
        change.touched("model", 7, "gpt", before={}, after={"visible": True})
        raise ZeroDivisionError
    write(journal, "b")
    assert verify(desk.rooms.database).change_sets == 2
    assert verify(desk.rooms.database).holds
