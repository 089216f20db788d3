"""Whatever was done, in whatever order: taken back from the newest to the oldest, everything is as it was."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from model_lineup.catalog.shapes import AliasChanges, ImportItem, ModelChanges, ModelFilter, Selection
from model_lineup.errors import LineupError
from model_lineup.journal import undone
from model_lineup.rooms import Rooms
from tests.fakes.counts import SEED, count
from tests.fakes.desk import BY, Desk, ScriptedProvider

SEQUENCES, CHANGES = count(2, 100), count(25, 200)
FIELDS = ("display_name", "description", "context_length", "supports_tools", "lifecycle")
VALUES: dict[str, tuple[Any, ...]] = {
    "display_name": (None, "One", "Two"),
    "description": (None, "first", "second"),
    "context_length": (None, 1_000, 2_000),
    "supports_tools": (None, True, False),
    "lifecycle": (None, {"message": "soon"}),
}


class Chance:
    """An administrator who does anything at all; what is refused is refused."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.scripted = ScriptedProvider("a", "b")
        self.discovery = desk.discovery(self.scripted)
        self.acts: list[Callable[[], object]] = [
            self.create, self.create, self.change, self.change, self.change, self.delete, self.restore, self.alias,
            self.alias, self.retarget, self.retarget, self.unalias, self.bulk, self.bulk, self.bulk_delete,
            self.import_, self.provider, self.switch, self.reorder, self.delete_provider, self.fetch, self.undo,
        ]  # fmt: skip

    def act(self) -> None:
        """One effective change."""
        before = self.desk.revision()
        while self.desk.revision() == before:
            try:
                self.chance.choice(self.acts)()
            except (LineupError, IndexError):  # refused, or there is nothing to choose from
                continue

    def models(self) -> Any:
        return self.desk.rooms.models.page(ModelFilter(), sort="id", limit=500, offset=0).models

    def model(self) -> Any:
        return self.chance.choice(self.models())

    def provided(self) -> Any:
        return self.chance.choice(self.desk.rooms.providers.page(limit=100, offset=0)[0])

    def named(self) -> Any:
        return self.chance.choice(self.desk.rooms.aliases.page(limit=500, offset=0).aliases)

    def name(self) -> str:
        return f"{self.chance.choice(('fast', 'Fast', 'best', 'cheap', 'a', 'm1'))}{self.chance.choice(('', '-2'))}"

    def create(self) -> object:
        visible = self.chance.random() < 0.5
        return self.desk.model(self.provided(), f"m{self.chance.randrange(12)}", visible=visible, confirm=True)

    def change(self) -> object:
        pins = {field: self.chance.choice(VALUES[field]) for field in self.chance.sample(FIELDS, 2)}
        changes = ModelChanges(visible=self.chance.random() < 0.5, listed=self.chance.random() < 0.5, pins=pins)
        return self.desk.rooms.models.change(self.model().id, changes, BY, confirm=True)

    def delete(self) -> object:
        return self.desk.rooms.models.delete(self.model().id, BY, confirm=True)

    def restore(self) -> object:
        return self.desk.rooms.models.restore(self.chance.randint(1, 20), BY, confirm=True)

    def alias(self) -> object:
        return self.desk.alias(self.model(), self.name(), confirm=True, allow_shadow=True)

    def retarget(self) -> object:
        alias, target = self.named(), self.model()
        fallbacks = [self.model().id] if self.chance.random() < 0.5 else []
        changes = AliasChanges(target=target.id, description=self.name(), fallbacks=fallbacks)
        return self.desk.rooms.aliases.change(alias.model.id, alias.alias, changes, BY, confirm=True)

    def unalias(self) -> object:
        alias = self.named()
        return self.desk.rooms.aliases.delete(alias.model.id, alias.alias, BY, confirm=True)

    def some(self) -> Selection:
        return Selection(model_ids=[self.model().id for _ in range(self.chance.randint(1, 4))])

    def bulk(self) -> object:
        flag = self.chance.choice(("visible", "listed", "agents_enabled"))
        return self.desk.rooms.bulk.set_flag(self.some(), flag, self.chance.random() < 0.5, BY, confirm=True)

    def bulk_delete(self) -> object:
        return self.desk.rooms.bulk.delete(self.some(), BY, confirm=True)

    def import_(self) -> object:
        items = [ImportItem(model_id=self.model().model_id, alias=self.name())]
        return self.desk.rooms.alias_import.run(items, BY, mode="upsert", confirm=True)

    def provider(self) -> object:
        return self.desk.provider(self.chance.choice(("Acme", "Bolt", "Cast")))

    def switch(self) -> object:
        name, enabled = self.chance.choice(("Acme", "Bolt", "New")), self.chance.random() < 0.7
        timeouts = self.chance.choice(({}, {"connect_s": 2.5}))
        found = self.provided()
        return self.desk.change_provider(found.id, name=name, enabled=enabled, timeouts=timeouts, confirm=True)

    def reorder(self) -> object:
        ids = [one.id for one in self.desk.rooms.providers.page(limit=100, offset=0)[0]]
        self.chance.shuffle(ids)
        return self.desk.rooms.providers.reorder(ids, BY, confirm=True)

    def delete_provider(self) -> object:
        return self.desk.rooms.providers.delete(self.provided().id, BY, force=self.chance.random() < 0.3, confirm=True)

    def fetch(self) -> object:
        provider = self.provided().id
        known = {one.model_id: one.id for one in self.models() if one.provider_id == provider}
        self.scripted.lists(*((one, self.said(known.get(one))) for one in self.chance.sample("abcdef", 4)))
        return asyncio.run(self.discovery.fetch(provider, BY, confirm=True))

    def said(self, model: int | None) -> dict[str, Any]:
        """What the provider says of it: beneath a pin nothing new, since what comes to light when the pin goes is its
        newest word, whatever it was when it was pinned (tests/changes/test_undo.py)."""
        fields = [] if model is None else self.desk.rooms.facts.of(model).fields
        for one in fields:
            if one.field == "context_length" and one.effective is not None and one.effective.source == "pin":
                return next(({one.field: fact.value} for fact in one.said if fact.source == "provider"), {})
        return {"context_length": self.chance.choice((1_000, 4_000))}

    def undo(self) -> object:
        newest = self.desk.revision()
        return self.desk.rooms.undo.undo([self.chance.randint(max(1, newest - 5), newest)], BY, confirm=True)


def state(desk: Desk) -> Any:
    """All that can be seen of the configuration, but for versions, revisions and times."""
    models = desk.rooms.models.page(ModelFilter(), sort="id", limit=1_000, offset=0).models
    timeless = {"version", "created_at", "updated_at", "missing_since", "facts", "last_fetch"}
    return (
        [{**_fields(one, timeless), "missing": one.missing_since is not None} for one in models],
        [[_counts(field) for field in desk.rooms.facts.of(one.id).fields] for one in models],
        [_fields(one, timeless) for one in desk.rooms.aliases.page(limit=1_000, offset=0).aliases],
        [_fields(one, timeless) for one in desk.rooms.providers.page(limit=1_000, offset=0)[0]],
    )


def _fields(row: Any, but: set[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__ if name not in but}


def _counts(field: Any) -> Any:
    """What a provider says under a pin is no configuration: of that the newest is kept."""
    return field.field, field.effective and (field.effective.source, field.effective.value)


@pytest.mark.hard
@pytest.mark.parametrize("turn", range(SEQUENCES))
def test_any_sequence_of_changes_is_taken_back_to_where_it_began(rooms: Rooms, turn: int) -> None:
    desk = Desk(rooms)
    desk.provider("First")
    chance = Chance(desk, random.Random(SEED + turn))
    for _ in range(10):
        chance.act()
    began, begun_at = state(desk), desk.revision()
    for _ in range(CHANGES):
        chance.act()
    ended, ended_at = state(desk), desk.revision()
    for change in range(ended_at, begun_at, -1):
        with rooms.database.read() as connection:
            is_undone = change in undone.since(connection, change)
        if not is_undone:
            rooms.undo.undo([change], BY, confirm=True)
    assert state(desk) == began
    for change in range(desk.revision(), ended_at, -1):
        rooms.undo.undo([change], BY, confirm=True)
    assert state(desk) == ended
