"""Lineup's names beside a plain model of the rules: what both begin with, and what must hold after every step."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from model_lineup.catalog import names
from model_lineup.catalog.store import around
from model_lineup.errors import NameWouldMove
from model_lineup.rooms import Rooms
from model_lineup.routing.delta import advance
from model_lineup.routing.follow import Follower
from model_lineup.routing.snapshot import EMPTY, Snapshot
from model_lineup.routing.store import changed_since
from tests.fakes import meaning
from tests.fakes.desk import Desk
from tests.fakes.meaning import Model, Provider, World

SLUGS = ("a", "b", "box")
MODEL_IDS = ("m", "M", "n", "a/m", "b/m", "box/n", "é", "É")
ALIASES = ("m", "M", "N", "a/m", "A/M", "b/a/m", "fast", "FAST")
NAMES = [*{*MODEL_IDS, *ALIASES, "Fast", *(f"{slug}/{one}" for slug in SLUGS for one in MODEL_IDS)}]
NAMES.sort()
NEW_ROWS = range(10**9, 10**9 + 100)
"""Stand for the ids of rows that are not there yet."""


class Naming(RuleBasedStateMachine):
    """`Machine` adds the operations."""

    def __init__(self, new_rooms: Callable[[], contextlib.AbstractContextManager[Rooms]]) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.rooms = self.stack.enter_context(new_rooms())
        self.desk = Desk(self.rooms)
        self.world = World()
        self.looks = 0
        self.late_follower = self.stack.enter_context(contextlib.closing(Follower(self.rooms.database)))
        for slug in SLUGS[:2]:
            self.add_provider(slug)
        self.furnish()

    def teardown(self) -> None:
        self.stack.close()

    def add_provider(self, slug: str) -> None:
        provider = self.desk.provider(slug, slug=slug)
        self.world.providers.append(Provider(provider.id, slug))

    def furnish(self) -> None:
        """Rows whose names collide, so that few steps suffice for a move."""
        one, two = self.world.providers
        rows = [(one, "m", True), (two, "m", True), (two, "a/m", True), (one, "n", False), (two, "b/m", True)]
        for provider, model_id, visible in rows:
            made = self.desk.model(provider.id, model_id, visible=visible, confirm=True)
            self.world.models.append(Model(made.id, provider.id, model_id, visible))
        for alias, at in (("FAST", 1), ("N", 2), ("a/m", 1)):
            row = self.world.models[at].id
            self.desk.alias(row, alias, allow_shadow=True)
            self.world.aliases[alias] = row

    def do(
        self,
        operation: Callable[[], Any],
        effect: Callable[[World], None],
        *,
        confirm: bool,
        freed: str | None = None,
        meant: str | None = None,
    ) -> None:
        """The operation must be refused exactly when its effect would move a name, and name all that would move."""
        after = self.world.copy()
        effect(after)
        expected = meaning.moved(self.world, after, NAMES, freed=freed)
        if meant is not None:
            expected = {name for name in expected if not meaning.same(name, meant)}
        if expected and not confirm:
            revision = self.desk.revision()
            with pytest.raises(NameWouldMove) as refused:
                operation()
            assert {move["name"] for move in refused.value.facts["names"]} == expected
            for move in refused.value.facts["names"]:
                assert move["from_id"] == self.world.means(move["name"])
                assert move["to_id"] == after.means(move["name"]) or after.means(move["name"]) in NEW_ROWS
            assert self.desk.revision() == revision
            return
        operation()
        self.world = after

    @invariant()
    def every_name_means_what_the_contract_says(self) -> None:
        expected = {name: (self.world.means(name), self.world.answers(name)) for name in NAMES}
        with self.rooms.database.read() as connection:
            snapshot = advance(EMPTY, changed_since(connection, EMPTY.revision))
            near = around.load(connection, NAMES)
        self.what_is_followed_is_what_is_there(snapshot)
        for index in (snapshot, near):
            hits = {name: names.resolve(index, name) for name in NAMES}
            found = {name: (hit and hit.row, hit.row if hit and hit.available else None) for name, hit in hits.items()}
            assert found == expected

    def what_is_followed_is_what_is_there(self, loaded: Snapshot) -> None:
        """A snapshot that took every change since the beginning, one that took a few at a time, and one just made."""
        self.looks += 1
        late = self.looks % 4 == 0
        for follower in (self.rooms.follower, self.late_follower)[: 2 if late else 1]:
            assert follower.current() == loaded
