"""The resolver of `/v1` beside a plain model of CONTRACT §4: whatever changes, in whatever order and however many
changes are taken at once, each name is answered by the same model, or refused in the same way, for users and agents.

All in this process and without a database: a step costs a millisecond, so that this runs long every day. That the same
holds with real operations on real databases is proven by tests/catalog/test_meaning.py.
"""

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from model_lineup.access.callers import Caller, CallerKind
from model_lineup.catalog.names import fold
from model_lineup.catalog.rollouts import Rollout, Sticky, place
from model_lineup.gateway.failures import Refused
from model_lineup.gateway.resolve import route_of
from model_lineup.routing.delta import advance
from model_lineup.routing.listing import listed
from model_lineup.routing.snapshot import EMPTY, AliasState, ModelState, ProviderState, Snapshot
from model_lineup.routing.store import Changed
from tests.fakes.counts import count
from tests.fakes.meaning import Model, Provider, World

SLUGS = ("a", "b", "box")
MODEL_IDS = ("m", "M", "n", "a/m", "b/m", "box/n", "é")
ALIASES = ("m", "M", "N", "a/m", "A/M", "b/a/m", "fast", "FAST")
NAMES = sorted({*MODEL_IDS, *ALIASES, "Fast", "nobody", *(f"{slug}/{one}" for slug in SLUGS for one in MODEL_IDS)})
GROUPS = (1, 2)
KINDS: tuple[CallerKind, CallerKind] = ("user", "agent")
CALLERS = [
    Caller(number, kind, kind, "", None, None, groups=groups)
    for number, (kind, groups) in enumerate(
        (
            *((KINDS[0], groups) for groups in (frozenset[int](), frozenset({1}), frozenset({2, 9}), None)),
            *((KINDS[1], groups) for groups in (frozenset[int](), frozenset(GROUPS))),
        ),
        start=1,
    )
]
LIMITS = st.sets(st.sampled_from(GROUPS))
"""Of none: everybody."""
PICK = st.integers(0, 1_000)
"""Picks one of however many there are."""
Row = ProviderState | ModelState | AliasState


class Stored:
    """Rows as the database keeps them: what is there, what is gone, and in which revision that changed."""

    def __init__(self) -> None:
        self.revision = 0
        self._rows: dict[tuple[type[Row], int], tuple[int, Row | None]] = {}

    def keep(self, rows: list[Row]) -> None:
        """One more revision, after which there are these rows."""
        self.revision += 1
        there: dict[tuple[type[Row], int], Row | None] = {(type(row), row.id): row for row in rows}
        for key in {*there, *self._rows}:
            if key not in self._rows or self._rows[key][1] != there.get(key):
                self._rows[key] = self.revision, there.get(key)

    def changed_since(self, revision: int) -> Changed:
        found = Changed(revision, self.revision, self.revision)
        living = {ProviderState: found.providers, ModelState: found.models, AliasState: found.aliases}
        gone = {ProviderState: found.providers_gone, ModelState: found.models_gone, AliasState: found.aliases_gone}
        for (kind, row_id), (changed_at, row) in self._rows.items():
            if row is None and changed_at > revision >= 0:
                gone[kind].append(row_id)
            elif row is not None and changed_at > revision:
                living[kind].append(row)  # type: ignore[attr-defined]
        return found


class Resolver(RuleBasedStateMachine):
    """Each rule changes the plain model; the snapshots hear of it as they do from a database."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.stored = Stored()
        self.numbers = itertools.count(1)
        self.alias_ids: dict[str, int] = {}
        self.limits: dict[int | str, set[int]] = {}
        self.rollouts: dict[str, Rollout] = {}
        self.prompt = self.late = EMPTY
        self.looks = 0
        for slug in SLUGS[:2]:
            self.world.providers.append(Provider(next(self.numbers), slug))

    def rows(self) -> Iterator[Row]:
        for position, one in enumerate(self.world.providers):
            yield ProviderState(one.id, one.slug, one.enabled, position)
        for model in self.world.living():
            yield ModelState(
                *(model.id, model.model_id, model.provider, "", model.visible, True),
                agents_enabled=model.agents_enabled,
                groups=frozenset(self.limits.get(model.id, ())) or None,
            )
        for alias, row in self.world.aliases.items():
            groups = frozenset(self.limits.get(alias, ())) or None
            yield AliasState(self.alias_ids[alias], alias, fold(alias), row, (), groups, self.rollouts.get(alias))

    def a_provider(self, pick: int) -> Provider:
        return self.world.providers[pick % len(self.world.providers)]

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

    @rule(pick=PICK, model_id=st.sampled_from(MODEL_IDS), visible=st.booleans(), agents=st.booleans())
    def create(self, pick: int, model_id: str, visible: bool, agents: bool) -> None:
        provider = self.a_provider(pick).id
        if not any(one.provider == provider and one.model_id == model_id for one in self.world.models):
            self.world.models.append(Model(next(self.numbers), provider, model_id, visible, agents_enabled=agents))

    @precondition(living)
    @rule(picks=st.lists(PICK, min_size=1, max_size=4), visible=st.booleans())
    def show_or_hide(self, picks: list[int], visible: bool) -> None:
        for pick in picks:
            self.a_model(pick).visible = visible

    @precondition(living)
    @rule(pick=PICK, agents=st.booleans())
    def let_agents(self, pick: int, agents: bool) -> None:
        self.a_model(pick).agents_enabled = agents

    @precondition(living)
    @rule(pick=PICK, groups=LIMITS)
    def limit(self, pick: int, groups: set[int]) -> None:
        self.limits[self.a_model(pick).id] = groups

    @precondition(aliases)
    @rule(pick=PICK, groups=LIMITS)
    def limit_alias(self, pick: int, groups: set[int]) -> None:
        self.limits[self.an_alias(pick)] = groups

    @precondition(living)
    @rule(picks=st.lists(PICK, min_size=1, max_size=3))
    def delete(self, picks: list[int]) -> None:
        for row in {self.a_model(pick).id for pick in picks}:
            self.world.delete(row)

    @precondition(deleted)
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        self.world.restore(self.a_model(pick, deleted=True).id)

    @rule(pick=PICK, enabled=st.booleans())
    def switch_provider(self, pick: int, enabled: bool) -> None:
        self.a_provider(pick).enabled = enabled

    @rule(order=st.permutations(range(3)))
    def reorder(self, order: list[int]) -> None:
        providers = self.world.providers
        self.world.providers = [providers[place] for place in order if place < len(providers)]

    @precondition(lambda self: len(self.world.providers) == 2)
    @rule()
    def new_provider(self) -> None:
        taken = {one.slug for one in self.world.providers}
        slug = next(slug for slug in SLUGS if slug not in taken)
        self.world.providers.append(Provider(next(self.numbers), slug))

    @precondition(lambda self: len(self.world.providers) == 3)
    @rule(pick=PICK)
    def delete_provider(self, pick: int) -> None:
        gone = self.a_provider(pick)
        for model in self.world.living():
            if model.provider == gone.id:
                self.world.delete(model.id)
        self.world.models = [model for model in self.world.models if model.provider != gone.id]
        self.world.providers.remove(gone)

    @precondition(living)
    @rule(pick=PICK, alias=st.sampled_from(ALIASES))
    def add_alias(self, pick: int, alias: str) -> None:
        if self.world.alias_like(alias) is None:
            self.world.aliases[alias] = self.a_model(pick).id
            self.alias_ids[alias] = next(self.numbers)

    @precondition(aliases_and_living)
    @rule(pick=PICK, to=PICK)
    def retarget_alias(self, pick: int, to: int) -> None:
        self.world.aliases[self.an_alias(pick)] = self.a_model(to).id

    @precondition(aliases_and_living)
    @rule(pick=PICK, to=PICK, share=st.sampled_from([0.01, 30, 60, 100]), sticky=st.sampled_from(["key", "request"]))
    def roll_out(self, pick: int, to: int, share: float, sticky: Sticky) -> None:
        """To whatever model, also one that is deleted or hidden afterwards."""
        self.rollouts[self.an_alias(pick)] = Rollout(self.a_model(to).id, share, sticky)

    @precondition(aliases)
    @rule(pick=PICK)
    def stop_rollout(self, pick: int) -> None:
        self.rollouts.pop(self.an_alias(pick), None)

    @precondition(aliases)
    @rule(pick=PICK)
    def delete_alias(self, pick: int) -> None:
        alias = self.an_alias(pick)
        del self.world.aliases[alias]
        self.rollouts.pop(alias, None)

    def an_alias(self, pick: int) -> str:
        return sorted(self.world.aliases)[pick % len(self.world.aliases)]

    @invariant()
    def every_name_means_what_the_contract_says(self) -> None:
        self.stored.keep([*self.rows()])
        new = advance(EMPTY, self.stored.changed_since(-1))
        self.prompt = advance(self.prompt, self.stored.changed_since(self.prompt.revision))
        assert self.prompt == new
        self.looks += 1
        if self.looks % 4 == 0:  # this one takes four changes at once
            self.late = advance(self.late, self.stored.changed_since(self.late.revision))
            assert self.late == new
        for caller in CALLERS:
            answers = {name: self.expected(name, caller) for name in NAMES}
            moved = {name: self.rolled_out(name, row, caller) for name, row in answers.items()}
            assert {name: outcome(new, name, caller) for name in NAMES} == moved
            assert {one.name: one.model.id for one in listed(new, caller.audience)} == self.listed(answers)

    def expected(self, name: str, caller: Caller) -> int | str:
        """The row that answers, or the code of the refusal."""
        row = self.world.answers(name)
        if row is None or not self.is_for(row, caller) or not self.is_for(self.alias_that_decides(name), caller):
            return "model_not_found"
        usable = caller.kind == "user" or self.world.model(row).agents_enabled
        return row if usable else "model_not_enabled_for_agents"

    def rolled_out(self, name: str, row: int | str, caller: Caller) -> int | str:
        """What the caller gets, where `row` is what the name means: the model that is rolled out, as far as its share
        reaches and he may use it."""
        alias = self.alias_that_decides(name)
        rollout = None if alias is None or isinstance(row, str) else self.rollouts.get(alias)
        if alias is None or rollout is None:
            return row
        other = next((model for model in self.world.living() if model.id == rollout.target), None)
        if other is None or not (other.visible and self.world.provider(other.provider).enabled):
            return row
        if not self.is_for(other.id, caller) or not (caller.kind == "user" or other.agents_enabled):
            return row
        who = f"key {caller.key_id}" if rollout.sticky == "key" else f"request of {caller.key_id}"
        return other.id if place(fold(alias), who) < rollout.share * 100 else row

    def is_for(self, limited: int | str | None, caller: Caller) -> bool:
        """Whether the limits of this model, or alias, let the caller through."""
        wanted = self.limits.get(limited) if limited is not None else None
        return not wanted or caller.groups is None or any(group in caller.groups for group in wanted)

    def alias_that_decides(self, name: str) -> str | None:
        if name in self.world.aliases:
            return name
        for model in self.world.living():
            if name in (model.model_id, f"{self.world.provider(model.provider).slug}/{model.model_id}"):
                return None
        return next((alias for alias in self.world.aliases if fold(alias) == fold(name)), None)

    def listed(self, answers: dict[str, int | str]) -> dict[str, int | str]:
        """Each callable model by its id where that means it, else behind its slug; and each alias."""
        found: dict[str, int | str] = {}
        for model in self.world.living():
            own = model.model_id, f"{self.world.provider(model.provider).slug}/{model.model_id}"
            free = [name for name in own if name not in self.world.aliases and self.world.means(name) == model.id]
            found |= {name: model.id for name in free[:1] if answers[name] == model.id}
        return found | {alias: row for alias, row in self.world.aliases.items() if answers[alias] == row}


def outcome(snapshot: Snapshot, name: str, caller: Caller) -> int | str:
    try:
        return route_of(snapshot, name, caller, f"request of {caller.key_id}").models[0].id
    except Refused as refused:
        return refused.code


@pytest.mark.hard
@pytest.mark.timeout(1_200)
def test_the_resolver_never_differs_from_the_plain_rules(did: Callable[[str], None]) -> None:
    histories, steps = count((100, 30), (2_000, 50))
    run_state_machine_as_test(
        Resolver,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    did(f"{histories} histories of {steps} steps beside a plain model of the rules: no name ever differed")
