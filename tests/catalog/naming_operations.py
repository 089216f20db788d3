"""What administrators do to names, each operation at once on Lineup and on a plain model of the rules.

For hypothesis, or for a walk whose steps are drawn evenly.
"""

import asyncio
import functools
import itertools
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from model_lineup.catalog.shapes import (
    AliasChanges,
    ImportItem,
    ModelChanges,
    ModelFilter,
    NewAlias,
    NewModel,
    ProviderChanges,
    Selection,
)
from model_lineup.errors import (
    AliasShadowsModel,
    AliasTaken,
    DeletedModel,
    DuplicateModel,
    ImportConflict,
    NameWouldMove,
)
from tests.catalog.naming import ALIASES, MODEL_IDS, NAMES, NEW_ROWS, SLUGS, Naming
from tests.fakes import meaning
from tests.fakes.desk import BY, ScriptedProvider
from tests.fakes.meaning import Model, World

PICK = st.integers(0, 1_000)
"""Picks one of however many there are."""


class Machine(Naming):
    """Each rule does one operation; `confirm` is drawn with it."""

    def a_model(self, pick: int, *, deleted: bool = False) -> Model:
        found = [model for model in self.world.models if model.deleted == deleted]
        return found[pick % len(found)]

    def living(self) -> bool:
        return bool(self.world.living())

    def deleted(self) -> bool:
        return any(model.deleted for model in self.world.models)

    def aliases(self) -> bool:
        return bool(self.world.aliases)

    def aliases_and_living(self) -> bool:
        return self.aliases() and self.living()

    def two_providers(self) -> bool:
        return len(self.world.providers) == 2

    def three_providers(self) -> bool:
        return len(self.world.providers) == 3

    @rule(provider=PICK, model_id=st.sampled_from(MODEL_IDS), visible=st.booleans(), confirm=st.booleans())
    def create(self, provider: int, model_id: str, visible: bool, confirm: bool) -> None:
        chosen = self.world.providers[provider % len(self.world.providers)]
        new = NewModel(provider_id=chosen.id, model_id=model_id, visible=visible)
        if any(model.provider == chosen.id and model.model_id == model_id for model in self.world.models):
            with pytest.raises((DuplicateModel, DeletedModel)):
                self.rooms.models.create(new, BY, confirm=True)
            return
        made: list[int] = []
        self.do(
            lambda: made.append(self.rooms.models.create(new, BY, confirm=confirm)[0].id),
            lambda world: world.models.append(Model(NEW_ROWS[0], chosen.id, model_id, visible)),
            confirm=confirm,
        )
        if made:
            self.world.model(NEW_ROWS[0]).id = made[0]

    @precondition(living)
    @rule(pick=PICK, visible=st.booleans(), confirm=st.booleans())
    def show_or_hide(self, pick: int, visible: bool, confirm: bool) -> None:
        row = self.a_model(pick).id
        self.do(
            lambda: self.rooms.models.change(row, ModelChanges(visible=visible), BY, confirm=confirm),
            lambda world: setattr(world.model(row), "visible", visible),
            confirm=confirm,
        )

    @precondition(living)
    @rule(picks=st.lists(PICK, max_size=4), visible=st.booleans(), confirm=st.booleans(), by_filter=st.booleans())
    def show_or_hide_many(self, picks: list[int], visible: bool, confirm: bool, by_filter: bool) -> None:
        rows = {self.a_model(pick).id for pick in picks}
        chosen = Selection(model_ids=[*rows])
        if by_filter:
            left_out = [model.id for model in self.world.living() if model.id not in rows]
            chosen = Selection(filter=ModelFilter(), exclude=left_out)

        def effect(world: World) -> None:
            for row in rows:
                world.model(row).visible = visible

        self.do(
            lambda: self.rooms.bulk.set_flag(chosen, "visible", visible, BY, confirm=confirm), effect, confirm=confirm
        )

    @precondition(living)
    @rule(picks=st.lists(PICK, min_size=1, max_size=3), confirm=st.booleans(), bulk=st.booleans())
    def delete(self, picks: list[int], confirm: bool, bulk: bool) -> None:
        rows = {self.a_model(pick).id for pick in (picks if bulk else picks[:1])}

        def effect(world: World) -> None:
            for row in rows:
                world.delete(row)

        if bulk:
            chosen = Selection(model_ids=[*rows])
            self.do(lambda: self.rooms.bulk.delete(chosen, BY, confirm=confirm), effect, confirm=confirm)
        else:
            self.do(lambda: self.rooms.models.delete(min(rows), BY, confirm=confirm), effect, confirm=confirm)

    @precondition(deleted)
    @rule(pick=PICK, confirm=st.booleans())
    def restore(self, pick: int, confirm: bool) -> None:
        row = self.a_model(pick, deleted=True).id
        self.do(
            lambda: self.rooms.models.restore(row, BY, confirm=confirm),
            lambda world: world.restore(row),
            confirm=confirm,
        )

    @rule(pick=PICK, enabled=st.booleans(), confirm=st.booleans())
    def switch_provider(self, pick: int, enabled: bool, confirm: bool) -> None:
        chosen = self.world.providers[pick % len(self.world.providers)].id
        self.do(
            lambda: self.rooms.providers.change(chosen, ProviderChanges(enabled=enabled), BY, confirm=confirm),
            lambda world: setattr(world.provider(chosen), "enabled", enabled),
            confirm=confirm,
        )

    @rule(turn=st.integers(0, 5), confirm=st.booleans())
    def reorder(self, turn: int, confirm: bool) -> None:
        orders = list(itertools.permutations([one.id for one in self.world.providers]))
        order = orders[turn % len(orders)]
        self.do(
            lambda: self.rooms.providers.reorder(order, BY, confirm=confirm),
            lambda world: world.providers.sort(key=lambda one: order.index(one.id)),
            confirm=confirm,
        )

    @precondition(two_providers)
    @rule()
    def new_provider(self) -> None:
        taken = {one.slug for one in self.world.providers}
        self.add_provider(next(slug for slug in SLUGS if slug not in taken))

    @precondition(three_providers)
    @rule(pick=PICK, confirm=st.booleans())
    def delete_provider(self, pick: int, confirm: bool) -> None:
        chosen = self.world.providers[pick % 3].id

        gone: list[int] = []

        def effect(world: World) -> None:
            for model in world.living():
                if model.provider == chosen:
                    world.delete(model.id)

        def operation() -> None:
            self.rooms.providers.delete(chosen, BY, force=True, confirm=confirm)
            gone.append(chosen)

        self.do(operation, effect, confirm=confirm)
        self.world.models = [model for model in self.world.models if model.provider not in gone]
        self.world.providers = [one for one in self.world.providers if one.id not in gone]

    @precondition(living)
    @rule(
        pick=PICK, alias=st.sampled_from(ALIASES), confirm=st.booleans(), shadow=st.booleans(), imported=st.booleans()
    )
    def add_alias(self, pick: int, alias: str, confirm: bool, shadow: bool, imported: bool) -> None:
        target = self.a_model(pick)
        shadow = shadow and not imported
        new = NewAlias(alias=alias, allow_shadow=shadow)
        item = ImportItem(model_id=target.model_id, alias=alias, provider_id=target.provider)

        def operation() -> Any:
            if imported:
                return self.rooms.alias_import.run([item], BY, confirm=confirm)
            return self.rooms.aliases.create(target.id, new, BY, confirm=confirm)

        taken = self.world.alias_like(alias)
        if taken is not None:
            if imported and taken == alias and self.world.aliases[alias] == target.id:
                assert operation().unchanged == 1
                return
            with pytest.raises(ImportConflict if imported else AliasTaken):
                operation()
        elif self.world.visible_like(alias) and not shadow:
            with pytest.raises(ImportConflict if imported else AliasShadowsModel):
                operation()
        else:
            self.do(operation, lambda world: world.aliases.update({alias: target.id}), confirm=confirm or shadow)

    @precondition(aliases_and_living)
    @rule(pick=PICK, to=PICK, imported=st.booleans())
    def retarget_alias(self, pick: int, to: int, imported: bool) -> None:
        alias = sorted(self.world.aliases)[pick % len(self.world.aliases)]
        model = self.a_model(to)
        changes = AliasChanges(target=model.id)
        item = ImportItem(model_id=model.model_id, alias=alias, provider_id=model.provider)
        self.do(
            lambda: (
                self.rooms.alias_import.run([item], BY, mode="upsert")
                if imported
                else self.rooms.aliases.change(self.world.aliases[alias], alias, changes, BY)
            ),
            lambda world: world.aliases.update({alias: model.id}),
            confirm=False,
            meant=alias,
        )

    @precondition(aliases)
    @rule(pick=PICK, confirm=st.booleans())
    def delete_alias(self, pick: int, confirm: bool) -> None:
        alias = sorted(self.world.aliases)[pick % len(self.world.aliases)]
        row = self.world.aliases[alias]
        self.do(
            lambda: self.rooms.aliases.delete(row, alias, BY, confirm=confirm),
            lambda world: world.aliases.__delitem__(alias),
            confirm=confirm,
            freed=alias,
        )

    @rule(pick=PICK, listed=st.sets(st.sampled_from(MODEL_IDS), min_size=1), confirm=st.booleans())
    def fetch(self, pick: int, listed: set[str], confirm: bool) -> None:
        provider = self.world.providers[pick % len(self.world.providers)].id
        known = {model.model_id for model in self.world.models if model.provider == provider}
        fresh = sorted(listed - known)
        discovery = self.desk.discovery(ScriptedProvider(*sorted(listed)))
        after = self.world.copy()
        after.models += [Model(NEW_ROWS[n], provider, one, visible=False) for n, one in enumerate(fresh)]
        expected = meaning.moved(self.world, after, NAMES)
        if expected and not confirm:
            with pytest.raises(NameWouldMove) as refused:
                asyncio.run(discovery.fetch(provider, BY))
            assert {move["name"] for move in refused.value.facts["names"]} == expected
            return
        plan = asyncio.run(discovery.fetch(provider, BY, confirm=confirm))
        assert [item.model_id for item in plan.added] == fresh
        self.world.models += [Model(item.id or 0, provider, item.model_id, visible=False) for item in plan.added]


def walk(machine: Machine, seed: int, steps: int) -> None:
    """Steps drawn evenly; hypothesis, which looks for small failures, repeats itself much more."""
    random = Random(seed)
    pick = functools.partial(random.randrange, 1_000)
    yes = functools.partial(random.choice, (True, False))
    operations: list[tuple[Callable[[], bool], Callable[[], None]]] = [
        (lambda: True, lambda: machine.create(pick(), random.choice(MODEL_IDS), yes(), yes())),
        (machine.living, lambda: machine.show_or_hide(pick(), yes(), yes())),
        (machine.living, lambda: machine.show_or_hide_many([pick(), pick(), pick()], yes(), yes(), yes())),
        (machine.living, lambda: machine.delete([pick(), pick()], yes(), yes())),
        (machine.deleted, lambda: machine.restore(pick(), yes())),
        (machine.deleted, lambda: machine.restore(pick(), yes())),
        (lambda: True, lambda: machine.switch_provider(pick(), yes(), yes())),
        (lambda: True, lambda: machine.reorder(pick() % 6, yes())),
        (machine.two_providers, lambda: machine.new_provider()),
        (machine.three_providers, lambda: machine.delete_provider(pick(), yes())),
        (machine.living, lambda: machine.add_alias(pick(), random.choice(ALIASES), yes(), yes(), yes())),
        (machine.living, lambda: machine.add_alias(pick(), random.choice(ALIASES), yes(), yes(), yes())),
        (machine.aliases_and_living, lambda: machine.retarget_alias(pick(), pick(), yes())),
        (machine.aliases, lambda: machine.delete_alias(pick(), yes())),
        (lambda: True, lambda: machine.fetch(pick(), set(random.sample(MODEL_IDS, random.randint(1, 4))), yes())),
    ]
    for _ in range(steps):
        possible = [operation for may, operation in operations if may()]
        random.choice(possible)()
        machine.every_name_means_what_the_contract_says()
