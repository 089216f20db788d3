"""What holds for every operation that changes the configuration, whoever adds the next one."""

import contextlib
import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec
import pytest
from sqlalchemy import select

from model_lineup.errors import LineupError
from model_lineup.journal.record import Author
from model_lineup.journal.shapes import ChangeSet
from model_lineup.journal.tables import change_contents, change_sets
from model_lineup.rooms import Rooms
from tests.fakes.desk import Desk
from tests.journal.operations import CANARIES, CASES, Case, Entry

BY_THEMSELVES = {"people.first_admin", "people.use_setup_link"}
"""They change the configuration in the name of the first start."""


RECORDS = {"plans.make", "plans.make_if_new", "plans.discard", "capabilities.begin", "capabilities.test"}
"""They keep records of their own; what a probe proves goes through `facts.state`."""


def methods(room: type) -> Iterator[tuple[str, Any]]:
    for name, method in inspect.getmembers(room, inspect.isfunction):
        annotations = [parameter.annotation for parameter in inspect.signature(method).parameters.values()]
        if not name.startswith("_") and (Author in annotations or "Author" in annotations):
            yield name, method


ROOMS = {field.name: get_type_hints(Rooms)[field.name] for field in dataclasses.fields(Rooms)}
MUTATING = {f"{room}.{name}": method for room, cls in ROOMS.items() for name, method in methods(cls)}
EACH = [pytest.param(case, id=f"{name}: {case.__name__}") for name, cases in CASES.items() for case in cases]
DRY = [
    pytest.param(case, id=name)
    for name, method in MUTATING.items()
    if "dry_run" in inspect.signature(method).parameters
    for case in CASES.get(name, [])
]


def test_every_method_that_takes_an_author_has_a_case() -> None:
    assert len(MUTATING) >= 19
    assert set(MUTATING) - RECORDS | BY_THEMSELVES == set(CASES)
    assert set(MUTATING) >= RECORDS


@pytest.mark.parametrize("case", EACH)
def test_an_effective_operation_is_one_change_set_and_one_revision(desk: Desk, case: Case) -> None:
    ready = case(desk)
    before, revision = desk.changes(), desk.revision()
    ready.do()
    after = desk.changes()
    assert [msgspec.structs.replace(one, undone_by=None) for one in after[:-1]] == before
    assert desk.revision() == after[-1].revision == revision + 1
    assert after[-1].actor == ready.actor
    assert after[-1].at == desk.rooms.clock.now()
    must_say(after[-1], list(ready.entries))
    if ready.anew:
        ready.do()
        assert (len(desk.changes()), desk.revision()) == (len(after) + 1, revision + 2)
        return
    rows = desk.tables("activity.provider_fetches")
    with contextlib.suppress(LineupError):  # refused: there already, or gone already
        ready.do()
    assert desk.changes() == after
    assert desk.tables("activity.provider_fetches") == rows


def must_say(change: ChangeSet, expected: list[Entry]) -> None:
    """These entries and no others, each of which tells something."""
    assert change.entries is not None
    assert change.touched == len(change.entries) == len(expected)
    for entry in change.entries:
        assert entry.before != entry.after
        assert entry.label
        assert entry.entity_id > 0
        found = next((one for one in expected if _tells(entry.entity, entry.before, entry.after, one)), None)
        assert found is not None, entry
        expected.remove(found)


def _tells(entity: str, before: dict[str, Any], after: dict[str, Any], expected: Entry) -> bool:
    return entity == expected[0] and expected[1].items() <= before.items() and expected[2].items() <= after.items()


@pytest.mark.parametrize("case", DRY)
def test_a_dry_run_leaves_every_row_as_it_was(desk: Desk, case: Case) -> None:
    ready = case(desk)
    before = desk.tables()
    tried = written(ready.do(dry_run=True))
    assert (tried.revision, tried.change_id) == (desk.revision(), None)
    assert desk.tables() == before
    assert written(ready.do()).change_id is not None


def written(result: Any) -> Any:
    """What an operation says of its change; some give the row before it."""
    return result[-1] if isinstance(result, tuple) else result


def test_no_secret_stands_in_the_journal(desk: Desk) -> None:
    for cases in CASES.values():
        for case in cases:
            try:
                case(desk).do()
            except LineupError:
                continue  # two cases want the same name; the others have made their mark
    with desk.rooms.database.read() as connection:
        rows = [tuple(row) for table in (change_sets, change_contents) for row in connection.execute(select(table))]
    assert len(rows) > 40
    told = repr(rows)
    assert not [canary for canary in (*CANARIES, "argon2", "lineup_adm_", "v1.") if canary in told]
