"""Whom a change would meet, and what they would be told."""

from typing import Any

import msgspec
import pytest

from model_lineup.access.actor import Actor, Role
from model_lineup.access.shapes import NewKey
from model_lineup.catalog.shapes import AliasChanges, ImportItem, ModelChanges, ProviderChanges, Selection
from model_lineup.errors import ModelNotFound, NameWouldMove
from model_lineup.journal.shapes import Impact, Receipt
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.usage import entry


@pytest.fixture
def desk(rooms: Rooms, clock: ManualClock) -> Desk:
    """Model 1 with the alias `best`, used by two keys, six times in 30 days and once long ago; `safe` falls back on it.
    Model 2 is the target of `safe`, and used once."""
    desk = Desk(rooms)
    provider = desk.provider()
    first, second = desk.model(provider, "first", visible=True), desk.model(provider, "second", visible=True)
    desk.alias(first, "best")
    desk.alias(second, "safe", fallbacks=[first.id])
    for name, kind in (("app", "user"), ("bot", "agent")):
        rooms.keys.create(NewKey(name=name, kind=kind), Actor("tester", Role.ADMIN), BY)
    rooms.ledger.note(entry(name="first"))
    rooms.ledger.flush()
    clock.advance(40 * 86_400)
    for number in range(6):
        rooms.ledger.note(entry(name="best" if number else "first", key_id=2 if number > 3 else 1))
    rooms.ledger.note(entry(name="safe", model_row=second.id))
    rooms.ledger.flush()
    return desk


def of(receipt: Receipt) -> tuple[int, int, int, int]:
    """Models, aliases, keys, requests; nothing was changed."""
    assert receipt.dry_run
    assert receipt.change_id is None
    return numbers(receipt.impact)


def numbers(impact: Any) -> tuple[int, int, int, int]:
    assert isinstance(impact, Impact)
    return impact.models, impact.aliases, impact.keys, impact.requests_30d


def test_a_model_names_who_leads_to_it_and_who_used_it(rooms: Rooms, desk: Desk) -> None:
    found = rooms.impacts.of(1, "r")
    assert [(alias.alias, alias.role) for alias in found.aliases] == [("best", "target"), ("safe", "fallback")]
    assert [(key.name, key.kind, key.requests) for key in found.keys] == [("app", "user", 4), ("bot", "agent", 2)]
    assert [(name.name, name.requests) for name in found.names] == [("best", 5), ("first", 1)]
    assert (found.requests, found.days, found.keys_total, found.names_total, found.aliases_total) == (6, 30, 2, 2, 2)
    assert found.last_used_at is not None


def test_a_model_that_nobody_used_says_so(rooms: Rooms, desk: Desk) -> None:
    quiet = desk.model(1, "quiet")
    found = rooms.impacts.of(quiet.id, "r")
    assert (found.requests, found.keys, found.names, found.aliases, found.last_used_at) == (0, [], [], [], None)


def test_a_model_that_is_not_there_has_no_impact(rooms: Rooms, desk: Desk) -> None:
    with pytest.raises(ModelNotFound):
        rooms.impacts.of(99, "r")


class TestDryRuns:
    def test_hiding_and_deleting_many(self, rooms: Rooms, desk: Desk) -> None:
        both = Selection(model_ids=[1, 2])
        hidden = rooms.bulk.set_flag(both, "visible", False, BY, dry_run=True)
        assert isinstance(hidden.impact, Impact)
        assert hidden.impact.agent_keys == 1
        assert numbers(hidden.impact) == (2, 2, 2, 7)
        assert numbers(rooms.bulk.set_flag(both, "visible", True, BY, dry_run=True).impact) == (0, 0, 0, 0)
        assert numbers(rooms.bulk.delete(Selection(model_ids=[2]), BY, dry_run=True).impact) == (1, 1, 1, 1)
        assert rooms.bulk.set_flag(both, "visible", False, BY).impact is msgspec.UNSET

    def test_one_model(self, rooms: Rooms, desk: Desk) -> None:
        before = desk.revision()
        model, receipt = rooms.models.change(1, ModelChanges(visible=False), BY, dry_run=True)
        assert (model.visible, of(receipt)) == (False, (1, 2, 2, 6))
        assert of(rooms.models.delete(1, BY, dry_run=True)) == (1, 2, 2, 6)
        assert desk.revision() == before
        assert rooms.models.get(1).visible

    def test_one_alias(self, rooms: Rooms, desk: Desk) -> None:
        alias, receipt = rooms.aliases.change(1, "best", AliasChanges(target=2), BY, dry_run=True)
        assert (alias.model_id, of(receipt)) == ("second", (0, 1, 2, 5))
        assert of(rooms.aliases.delete(1, "best", BY, dry_run=True)) == (0, 1, 2, 5)
        assert desk.answers("best") == 1

    def test_a_provider(self, rooms: Rooms, desk: Desk) -> None:
        _, receipt = rooms.providers.change(1, ProviderChanges(enabled=False), BY, dry_run=True)
        assert of(receipt) == (2, 2, 2, 7)
        assert of(rooms.providers.delete(1, BY, force=True, dry_run=True)) == (2, 2, 2, 7)
        _, renamed = rooms.providers.change(1, ProviderChanges(name="Other"), BY, dry_run=True)
        assert of(renamed) == (0, 0, 0, 0)
        assert rooms.providers.get(1).enabled

    def test_an_import_of_aliases(self, rooms: Rooms, desk: Desk) -> None:
        items = [ImportItem(model_id="second", alias="best"), ImportItem(model_id="first", alias="new")]
        result = rooms.alias_import.run(items, BY, mode="upsert", dry_run=True, confirm=True)
        assert numbers(result.impact) == (0, 2, 2, 5)

    def test_what_would_be_refused_is_refused(self, rooms: Rooms, desk: Desk) -> None:
        other = desk.provider("Other")
        desk.model(other, "first", visible=True, confirm=True)
        with pytest.raises(NameWouldMove):
            rooms.models.delete(1, BY, dry_run=True)
