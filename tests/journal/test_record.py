"""The transaction of an operation, and what the journal keeps of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from model_lineup.journal import store
from model_lineup.journal.record import Author, Journal, differing
from model_lineup.journal.shapes import Entry
from tests.fakes.desk import BY, Desk


@pytest.fixture
def journal(desk: Desk) -> Journal:
    return Journal(desk.rooms.database, desk.rooms.clock)


def test_a_change_set_says_who_did_what_when_and_to_which_rows(desk: Desk, journal: Journal) -> None:
    with journal.change(Author("ada@example.com", "req-1"), "models.change") as change:
        change.touched("model", 7, "gpt", before={"visible": False}, after={"visible": True})
        change.touched("alias", 8, "schnell ⚡", before={}, after={"words": ["a", None, 1.5]})
    assert (change.receipt.revision, change.receipt.change_id) == (1, 1)
    kept = desk.last_change()
    assert (kept.actor, kept.operation, kept.request_id) == ("ada@example.com", "models.change", "req-1")
    assert (kept.revision, kept.at, kept.touched) == (1, desk.rooms.clock.now(), 2)
    assert kept.entries == [
        Entry("model", 7, "gpt", {"visible": False}, {"visible": True}),
        Entry("alias", 8, "schnell ⚡", {}, {"words": ["a", None, 1.5]}),
    ]


def test_nothing_touched_is_nothing_written(desk: Desk, journal: Journal) -> None:
    with journal.change(BY, "models.change") as change:
        assert change.revision == 1
    assert (change.receipt.revision, change.receipt.change_id) == (0, None)
    assert (desk.changes(), desk.revision()) == ([], 0)


def test_a_dry_run_keeps_its_entries_and_writes_none(desk: Desk, journal: Journal) -> None:
    with journal.change(BY, "models.change", dry_run=True) as change:
        change.touched("model", 7, "gpt", before={}, after={"visible": True})
    assert len(change.entries) == 1
    assert (change.receipt.revision, change.receipt.change_id) == (0, None)
    assert (desk.changes(), desk.revision()) == ([], 0)


def test_an_operation_that_fails_leaves_nothing(desk: Desk, journal: Journal) -> None:
    def fail() -> None:
        with journal.change(BY, "models.change") as change:
            change.touched("model", 7, "gpt", before={}, after={"visible": True})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (desk.changes(), desk.revision()) == ([], 0)


def test_operations_at_once_get_one_revision_each_in_the_order_of_their_change_sets(
    desk: Desk, journal: Journal
) -> None:
    def work(number: int) -> int:
        with journal.change(BY, "models.change") as change:
            change.touched("model", number + 1, "gpt", before={}, after={"n": number})
        return change.receipt.revision

    with ThreadPoolExecutor(8) as everybody:
        revisions = list(everybody.map(work, range(24)))
    assert sorted(revisions) == list(range(1, 25))
    assert [change.revision for change in desk.changes()] == list(range(1, 25))


def test_change_sets_are_paged_newest_first_without_their_entries(desk: Desk, journal: Journal) -> None:
    for number in range(3):
        with journal.change(BY, f"operation {number}") as change:
            change.touched("model", 1, "gpt", before={}, after={"n": number})
    with desk.rooms.database.read() as connection:
        page = store.page(connection, limit=2, offset=1)
        assert [one.operation for one in page.changes] == ["operation 1", "operation 0"]
        assert (page.total, page.limit, page.offset) == (3, 2, 1)
        assert [one.entries for one in page.changes] == [None, None]
        assert store.one(connection, 999) is None


@pytest.mark.parametrize("before_and_after", [({}, {}), ({"a": 1}, {"a": 1}), ({"a": 1, "b": 2}, {"a": 1})])
def test_equal_fields_do_not_differ(before_and_after: tuple[dict[str, int], dict[str, int]]) -> None:
    assert differing(*before_and_after) == ({}, {})


def test_fields_that_differ_are_told_from_both_sides() -> None:
    assert differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}) == ({"b": 2}, {"b": 3, "c": None})


def test_some_rows_of_a_large_change_are_read_across_its_parts(desk: Desk, journal: Journal) -> None:
    with journal.change(BY, "models.bulk.visible") as change:
        change.touched("provider", 7, "first", before={}, after={"enabled": True})
        rows = [(number, f"model {number}") for number in range(1, 2_302)]
        change.touched_alike("model", rows, before={"visible": False}, after={"visible": True})
    change_id = change.receipt.change_id
    assert change_id is not None
    with desk.rooms.database.read() as connection:
        whole = store.one(connection, change_id)
        assert whole is not None
        assert whole.entries is not None
        for offset in (0, 1, 960, 1_000, 1_990, 2_300, 2_302, 5_000):
            some = store.rows_of(connection, change_id, limit=50, offset=offset)
            assert some is not None
            assert some.entries == whole.entries[offset : offset + 50]
            assert some.touched == 2_302
        assert store.rows_of(connection, change_id + 1, limit=50, offset=0) is None
        assert store.first_rows(connection, [change_id, change_id + 1]) == {change_id: ("provider", "first")}
