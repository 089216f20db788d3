"""Whatever administrators did before: a call of `/v1` reaches the model that CONTRACT §4 says, or gets the refusal that
it says; the list holds exactly the names that can be called; and what the administrators are told is the same.

A machine of hypothesis acts on Lineup and on a plain model of the rules at once. Every change is confirmed: what asks
for confirmation is held by tests/catalog/test_meaning.py.
"""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from model_lineup.access.groups.shapes import Who
from model_lineup.catalog.shapes import AliasChanges, ImportItem, ModelChanges, ProviderChanges, Selection
from model_lineup.changes.rollouts.shapes import NewRollout
from model_lineup.errors import TargetNotAvailable, TooFewKeys
from model_lineup.gateway.resolve import route_of
from tests.fakes.callable_names import CALLERS, Caller, Leading, Model, Rollout, World
from tests.fakes.counts import count
from tests.fakes.desk import BY, ScriptedProvider
from tests.fakes.meaning import Provider
from tests.fakes.provider import FakeProvider
from tests.fakes.stage_of_v1 import LEAST_KEYS, Stage, echo
from tests.fakes.v1 import CHAT, HELLO, V1, Line, Reply

SLUGS = ("a", "b", "box")
MODEL_IDS = ("m", "M", "n", "a/m", "b/m", "é")
ALIASES = ("m", "N", "a/m", "A/M", "b/a/m", "fast")
NAMES = sorted(
    {*MODEL_IDS, *ALIASES, "FAST", "É", "", "nobody", *(f"{s}/{m}" for s in SLUGS for m in MODEL_IDS)} - {""}
)
CALLED, READ = 2, 6
"""Names per step and sort of caller that are called, and read from the list one by one."""
PICK = st.integers(0, 1_000)
"""Picks one of however many there are."""
ROWS = st.lists(PICK, max_size=3)
GROUPS = st.sets(st.integers(0, 1))


class Machine(RuleBasedStateMachine):
    """Each rule does one operation. The same instance serves all histories, emptied before each."""

    def __init__(self, v1: V1, upstream: FakeProvider, stage: Stage) -> None:
        super().__init__()
        self.v1, self.rooms, self.desk = v1, v1.rooms, v1.desk
        self.upstream = upstream
        self.stage = stage
        self.world = World()
        self.random = Random(0)

    @initialize(seed=st.integers(0, 2**16))
    def furnish(self, seed: int) -> None:
        """Rows whose names collide, so that few steps suffice for a surprise."""
        self.random = Random(seed)
        for left in self.rooms.providers.page(limit=9, offset=0)[0]:
            self.rooms.providers.delete(left.id, BY, force=True, confirm=True)
        for group in self.stage.groups:
            self.rooms.groups.remove_members(group, Who(keys=[*self.stage.keys.values()]), BY)
        self.world.keys, self.world.groups_of = self.stage.keys, {caller: set() for caller in CALLERS}
        for slug in SLUGS[:2]:
            self.add_provider(slug)
        for provider, model_id, visible in ((0, "m", True), (1, "m", True), (1, "a/m", True), (0, "n", False)):
            self.make(self.world.providers[provider].id, model_id, visible, agents=True, listed=True)
        self.name(self.world.models[1].id, "fast", [self.world.models[2].id])

    def add_provider(self, slug: str) -> None:
        made = self.v1.provider(slug, f"http://127.0.0.1:{self.upstream.port}/{slug}", slug=slug, api_key=f"key-{slug}")
        self.world.providers.append(Provider(made.id, slug))

    def make(self, provider: int, model_id: str, visible: bool, *, agents: bool, listed: bool) -> None:
        flags = {"visible": visible, "agents_enabled": agents, "listed": listed}
        made = self.desk.model(provider, model_id, **flags, confirm=True)
        self.world.models.append(Model(made.id, provider, model_id, visible, agents=agents, listed=listed))

    def name(self, row: int, alias: str, fallbacks: list[int]) -> None:
        self.desk.alias(row, alias, fallbacks=fallbacks, allow_shadow=True, confirm=True)
        self.world.aliases[alias] = row
        self.world.leading[alias] = Leading(fallbacks)

    def living(self) -> bool:
        return bool(self.world.living())

    def deleted(self) -> bool:
        return any(model.deleted for model in self.world.models)

    def aliases_and_living(self) -> bool:
        return bool(self.world.aliases) and self.living()

    def any_rolling(self) -> bool:
        return bool(self.rolling())

    def rolling(self) -> list[str]:
        return sorted(alias for alias, leading in self.world.leading.items() if leading.rollout is not None)

    def two_providers(self) -> bool:
        return len(self.world.providers) == 2

    def three_providers(self) -> bool:
        return len(self.world.providers) == 3

    def a_row(self, pick: int, *, deleted: bool = False) -> int:
        found = [model.id for model in self.world.models if model.deleted == deleted]
        return found[pick % len(found)]

    def an_alias(self, pick: int) -> str:
        return sorted(self.world.aliases)[pick % len(self.world.aliases)]

    def some_rows(self, picks: list[int], but: int) -> list[int]:
        """Fallbacks: living, each once, not the target."""
        return [row for row in dict.fromkeys(self.a_row(pick) for pick in picks) if row != but]

    @rule(provider=PICK, model_id=st.sampled_from(MODEL_IDS), visible=st.booleans(), agents=st.booleans())
    def create(self, provider: int, model_id: str, visible: bool, agents: bool) -> None:
        chosen = self.world.providers[provider % len(self.world.providers)].id
        if not any(model.provider == chosen and model.model_id == model_id for model in self.world.models):
            self.make(chosen, model_id, visible, agents=agents, listed=agents or visible)

    @precondition(living)
    @rule(pick=PICK, flag=st.sampled_from(["visible", "listed", "agents_enabled"]), value=st.booleans())
    def change(self, pick: int, flag: str, value: bool) -> None:
        row = self.a_row(pick)
        changes: dict[str, Any] = {flag: value}
        self.rooms.models.change(row, ModelChanges(**changes), BY, confirm=True)
        setattr(self.world.model(row), flag.removesuffix("_enabled"), value)

    @precondition(living)
    @rule(picks=ROWS, flag=st.sampled_from(["visible", "agents_enabled"]), value=st.booleans())
    def change_many(self, picks: list[int], flag: Any, value: bool) -> None:
        rows = {self.a_row(pick) for pick in picks}
        self.rooms.bulk.set_flag(Selection(model_ids=[*rows]), flag, value, BY, confirm=True)
        for row in rows:
            setattr(self.world.model(row), flag.removesuffix("_enabled"), value)

    @precondition(living)
    @rule(picks=st.lists(PICK, min_size=1, max_size=2), bulk=st.booleans())
    def delete(self, picks: list[int], bulk: bool) -> None:
        rows = {self.a_row(pick) for pick in (picks if bulk else picks[:1])}
        if bulk:
            self.rooms.bulk.delete(Selection(model_ids=[*rows]), BY, confirm=True)
        else:
            self.rooms.models.delete(min(rows), BY, confirm=True)
        for row in rows:
            self.world.delete(row)

    @precondition(deleted)
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        row = self.a_row(pick, deleted=True)
        self.rooms.models.restore(row, BY, confirm=True)
        self.world.restore(row)

    @rule(pick=PICK, enabled=st.booleans())
    def switch_provider(self, pick: int, enabled: bool) -> None:
        chosen = self.world.providers[pick % len(self.world.providers)]
        self.rooms.providers.change(chosen.id, ProviderChanges(enabled=enabled), BY, confirm=True)
        chosen.enabled = enabled

    @rule(turn=st.integers(0, 5))
    def reorder(self, turn: int) -> None:
        orders = list(itertools.permutations([one.id for one in self.world.providers]))
        order = orders[turn % len(orders)]
        self.rooms.providers.reorder(order, BY, confirm=True)
        self.world.providers.sort(key=lambda one: order.index(one.id))

    @precondition(two_providers)
    @rule()
    def new_provider(self) -> None:
        taken = {one.slug for one in self.world.providers}
        self.add_provider(next(slug for slug in SLUGS if slug not in taken))

    @precondition(three_providers)
    @rule(pick=PICK)
    def delete_provider(self, pick: int) -> None:
        chosen = self.world.providers[pick % 3].id
        self.rooms.providers.delete(chosen, BY, force=True, confirm=True)
        for model in self.world.living():
            if model.provider == chosen:
                self.world.delete(model.id)
        self.world.models = [model for model in self.world.models if model.provider != chosen]
        self.world.providers = [one for one in self.world.providers if one.id != chosen]

    @precondition(living)
    @rule(pick=PICK, alias=st.sampled_from(ALIASES), fallbacks=ROWS)
    def add_alias(self, pick: int, alias: str, fallbacks: list[int]) -> None:
        if self.world.alias_like(alias) is None:
            row = self.a_row(pick)
            self.name(row, alias, self.some_rows(fallbacks, row))

    @precondition(living)
    @rule(pick=PICK, alias=st.sampled_from(ALIASES))
    def import_alias(self, pick: int, alias: str) -> None:
        """Makes it, or points it elsewhere; it may not shadow a visible model, nor have its target as fallback."""
        model = self.world.model(self.a_row(pick))
        known = self.world.alias_like(alias)
        if known not in (None, alias) or (known is None and self.world.visible_like(alias)):
            return
        if alias in self.world.leading and model.id in self.world.leading[alias].fallbacks:
            return
        item = ImportItem(model_id=model.model_id, alias=alias, provider_id=model.provider)
        self.rooms.alias_import.run([item], BY, mode="upsert", confirm=True)
        self.world.point(alias, model.id)

    @precondition(aliases_and_living)
    @rule(pick=PICK, to=PICK, fallbacks=ROWS)
    def retarget(self, pick: int, to: int, fallbacks: list[int]) -> None:
        alias, row = self.an_alias(pick), self.a_row(to)
        rows = self.some_rows(fallbacks, row)
        self.rooms.aliases.change(self.world.aliases[alias], alias, AliasChanges(target=row, fallbacks=rows), BY)
        self.world.point(alias, row)
        self.world.leading[alias].fallbacks = rows

    @precondition(aliases_and_living)
    @rule(pick=PICK)
    def delete_alias(self, pick: int) -> None:
        alias = self.an_alias(pick)
        self.rooms.aliases.delete(self.world.aliases.pop(alias), alias, BY, confirm=True)
        self.world.leading.pop(alias)

    @rule(caller=st.sampled_from(CALLERS), group=st.integers(0, 1), member=st.booleans())
    def belong(self, caller: Caller, group: int, member: bool) -> None:
        chosen, whom = self.stage.groups[group], Who(keys=[self.stage.keys[caller]])
        if member:
            self.rooms.groups.add_members(chosen, whom, BY)
            self.world.groups_of[caller].add(chosen)
        else:
            self.rooms.groups.remove_members(chosen, whom, BY)
            self.world.groups_of[caller].discard(chosen)

    @precondition(living)
    @rule(pick=PICK, groups=GROUPS)
    def limit_model(self, pick: int, groups: set[int]) -> None:
        row, chosen = self.a_row(pick), {self.stage.groups[group] for group in groups}
        self.rooms.models.change(row, ModelChanges(groups=sorted(chosen)), BY, confirm=True)
        self.world.model(row).groups = chosen

    @precondition(aliases_and_living)
    @rule(pick=PICK, groups=GROUPS)
    def limit_alias(self, pick: int, groups: set[int]) -> None:
        alias, chosen = self.an_alias(pick), {self.stage.groups[group] for group in groups}
        self.rooms.aliases.change(self.world.aliases[alias], alias, AliasChanges(groups=sorted(chosen)), BY)
        self.world.leading[alias].groups = chosen

    @precondition(aliases_and_living)
    @rule(pick=PICK, to=PICK, share=st.sampled_from([30.0, 60.0, 100.0]), by_request=st.booleans())
    def roll_out(self, pick: int, to: int, share: float, by_request: bool) -> None:
        """By request for all of them, so that it is known what each gets. Refused where nobody could be moved."""
        alias, row = self.an_alias(pick), self.a_row(to)
        own = self.world.aliases[alias]
        if row == own:
            return
        share = 100.0 if by_request else share
        new = NewRollout(target=row, share=share, sticky="request" if by_request else "key")
        if not self.world.available(row):
            with pytest.raises(TargetNotAvailable):
                self.rooms.rollouts.set(own, alias, new, BY)
            return
        try:
            self.rooms.rollouts.set(own, alias, new, BY)
        except TooFewKeys:
            assert self.keys_that_may(alias, own) < LEAST_KEYS
            return
        self.world.leading[alias].rollout = Rollout(row, share, by_request)

    def keys_that_may(self, alias: str, row: int) -> int:
        """The callers', and those others that belong to no group."""
        model, limit = self.world.model(row), self.world.leading[alias].groups
        theirs = [caller for caller in CALLERS if self.world.may_use(row, caller) and self.world.admits(limit, caller)]
        open_to_all = self.world.available(row) and not model.groups and not limit
        return len(theirs) + (LEAST_KEYS if open_to_all else 0)

    @precondition(any_rolling)
    @rule(pick=PICK)
    def stop_rollout(self, pick: int) -> None:
        alias = self.rolling()[pick % len(self.rolling())]
        self.rooms.rollouts.stop(self.world.aliases[alias], alias, BY)
        self.world.leading[alias].rollout = None

    @precondition(any_rolling)
    @rule(pick=PICK)
    def finish_rollout(self, pick: int) -> None:
        alias = self.rolling()[pick % len(self.rolling())]
        leading = self.world.leading[alias]
        assert leading.rollout is not None
        target = leading.rollout.target
        if not any(model.id == target for model in self.world.models) or not self.world.available(target):
            with pytest.raises(TargetNotAvailable):
                self.rooms.rollouts.finish(self.world.aliases[alias], alias, BY)
            return
        self.rooms.rollouts.finish(self.world.aliases[alias], alias, BY)
        self.world.point(alias, target)
        leading.fallbacks = [row for row in leading.fallbacks if row != target]

    @rule(pick=PICK, found=st.sets(st.sampled_from(MODEL_IDS), min_size=1, max_size=3))
    def fetch(self, pick: int, found: set[str]) -> None:
        provider = self.world.providers[pick % len(self.world.providers)].id
        discovery = self.desk.discovery(ScriptedProvider(*sorted(found)))
        plan = asyncio.run(discovery.fetch(provider, BY, confirm=True))
        self.world.models += [Model(item.id or 0, provider, item.model_id, visible=False) for item in plan.added]

    @invariant()
    def callers_get_what_the_contract_says(self) -> None:
        self.stage.steps += 1
        self.stage.run(self.look())

    async def look(self) -> None:
        for caller in CALLERS:
            for name in self.random.sample(NAMES, CALLED):
                await self.call(name, caller)
            for name in self.random.sample(NAMES, READ):
                got = await self.ask(f"/v1/models/{name}", caller)
                assert got.status == self.world.verdict(name, caller)[0], (name, caller, got)
            listed = (await self.ask("/v1/models", caller)).json["data"]
            assert [entry["id"] for entry in listed] == self.world.listing(caller)
        name = self.random.choice(NAMES)
        for caller in CALLERS:
            await self.ask_as_administrator(name, caller)

    async def call(self, name: str, caller: Caller) -> None:
        """One chat: who answered, and that nobody was asked where the answer is no."""
        self.upstream.requests.clear()
        got = await self.ask(CHAT, caller, {"model": name, "messages": HELLO})
        status, row = self.world.verdict(name, caller)
        assert got.status == status, (name, caller, got)
        asked = [(request.target.split("/")[1], request.json["model"]) for request in self.upstream.requests]
        if row is None:
            assert asked == []
            return
        model = self.world.model(row)
        slug = self.world.provider(model.provider).slug
        assert asked == [(slug, model.model_id)]
        assert self.upstream.requests[0].header("authorization") == f"Bearer key-{slug}"
        assert got.json["model"] == name
        assert got.headers["x-lineup-provider"] == slug

    async def ask(self, path: str, caller: Caller, body: Any = None) -> Reply:
        key = self.v1.user if caller == "user" else self.v1.agent
        return await self.v1.on(Line(self.stage.shell), path, body, key=key)

    async def ask_as_administrator(self, name: str, caller: Caller) -> None:
        """Told the same of this very key, with the fallbacks; which are those that the gateway would try. And of anyone
        of his kind, whatever the groups."""
        status, row = self.world.verdict(name, caller)
        await self.told(self.world, name, caller, f"key_id={self.stage.keys[caller]}")
        if row is not None:
            snapshot = self.rooms.follower.current()
            whom = next(one for one in snapshot.callers.values() if one.key_id == self.stage.keys[caller])
            tried = [model.id for model in route_of(snapshot, name, whom, "r").models]
            assert (status, tried) == (200, [row, *self.world.behind(name, caller)])
        anyone = self.world.copy()
        anyone.groups_of = {each: {*self.stage.groups} for each in CALLERS}
        for leading in anyone.leading.values():
            if leading.rollout is not None and leading.rollout.share < 100:
                leading.rollout = None
        await self.told(anyone, name, caller, f"as={caller}")

    async def told(self, world: World, name: str, caller: Caller, whose: str) -> None:
        got = (await self.stage.admin.send("GET", f"/api/admin/resolve?name={quote_plus(name)}&{whose}")).json
        status, row = world.verdict(name, caller)
        meant = {200: row, 403: world.answers(name)}.get(status)
        behind = world.behind(name, caller) if status != 404 else []
        found = got["status"], (got["model"] or {}).get("id"), [one["id"] for one in got["fallbacks"]]
        assert found == (status, meant, behind), (name, whose)


@pytest.mark.hard
@pytest.mark.timeout(3_000)
def test_every_history_leaves_what_the_contract_says(
    v1: V1, provider: FakeProvider, did: Callable[[str], None]
) -> None:
    histories, steps = count((3, 20), (500, 50))
    provider.next_answer = echo  # type: ignore[method-assign, assignment]
    with ExitStack() as stack:
        stage = Stage(v1, stack)
        run_state_machine_as_test(
            lambda: Machine(v1, provider, stage),  # type: ignore[arg-type]
            settings=settings(
                max_examples=histories,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    did(f"{histories} histories of up to {steps} steps, {stage.steps} looks at names and lists: none differed")
