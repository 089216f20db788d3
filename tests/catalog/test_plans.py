"""Fetches as stored plans: making one changes nothing, applying it does what was looked at and nothing else."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from model_lineup.catalog.fetch_rules import FetchRules
from model_lineup.catalog.plan_shapes import StoredPlan
from model_lineup.catalog.plans import Plans
from model_lineup.catalog.shapes import Model, ModelChanges, Provider
from model_lineup.catalog.tables import fetch_plans
from model_lineup.errors import (
    InvalidInput,
    LineupError,
    NameWouldMove,
    NotFound,
    PlanClosed,
    PlanOvertaken,
    UpstreamFailed,
)
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk, ScriptedProvider

PLANS = ("fetch_plans", "fetch_plan_items", "activity.provider_fetches")
BEFORE: tuple[Any, ...] = (("changed", {"context_length": 1}), "back", "going", "same", "deleted", "pinned")
AFTER: tuple[Any, ...] = (
    ("changed", {"context_length": 2}),
    ("back", {"context_length": 7}),
    "same",
    "deleted",
    ("pinned", {"supports_tools": True}),
    ("new", {"display_name": "New"}),
)


@pytest.fixture
def provider(desk: Desk) -> Provider:
    return desk.provider("Acme")


@pytest.fixture
def acme() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def plans(desk: Desk, acme: ScriptedProvider) -> Plans:
    return desk.plans(acme)


@pytest.fixture
def plan(desk: Desk, provider: Provider, acme: ScriptedProvider, plans: Plans) -> StoredPlan:
    """An open plan with every outcome: rows as `BEFORE`, the list as `AFTER`."""
    fetch(desk, provider, *BEFORE)
    fetch(desk, provider, *(one for one in BEFORE if one != "back"))
    desk.rooms.models.delete(one(desk, "deleted").id, BY)
    desk.rooms.models.change(one(desk, "pinned").id, ModelChanges(pins={"supports_tools": False}), BY)
    desk.change_provider(provider.id, fetch_rules=FetchRules(ignore=("*-preview",)))
    acme.lists(*AFTER, "some-preview")
    return make(plans, provider)


def fetch(desk: Desk, provider: Provider, *listed: Any) -> None:
    asyncio.run(desk.discovery(ScriptedProvider(*listed)).fetch(provider.id, BY))


def make(plans: Plans, provider: Provider) -> StoredPlan:
    return asyncio.run(plans.make(provider.id, BY))


def one(desk: Desk, model_id: str) -> Model:
    return desk.rooms.models.find(model_id)


def numbers(plans: Plans, plan: StoredPlan, *model_ids: str) -> list[int]:
    page = plans.items(plan.id, limit=1_000, offset=0, applied=False)
    return [item.item for item in page.items if item.model_id in model_ids]


def test_a_plan_holds_every_outcome_with_its_reason_and_its_differences(
    desk: Desk, plans: Plans, plan: StoredPlan, clock: ManualClock
) -> None:
    assert (plan.status, plan.left, plan.listed, plan.made_by, plan.made_at) == ("open", 4, 7, "tester", clock.now())
    counts = {name: getattr(plan.counts, name) for name in plan.counts.__struct_fields__}
    assert counts == {**dict.fromkeys(counts, 1), "protected": 2}
    told = {(item.outcome, item.model_id): item for item in plans.items(plan.id, limit=100, offset=0).items}
    assert {key: (item.reason, item.changes) for key, item in told.items()} == {
        ("added", "new"): ("new in the list; arrives hidden", {"display_name": {"before": None, "after": "New"}}),
        ("changed", "changed"): ("the list says something else now", {"context_length": {"before": 1, "after": 2}}),
        ("reactivated", "back"): ("in the list again", {"context_length": {"before": None, "after": 7}}),
        ("vanished", "going"): ("not in the list any more", {}),
        ("protected", "deleted"): ("deleted; restore brings it back", {}),
        ("protected", "pinned"): ("pinned by an admin: supports_tools", {}),
        ("ignored", "some-preview"): ("ignored by the rule '*-preview'", {}),
        ("unchanged", "same"): ("as it was", {}),
    }
    assert plans.get(plan.id).overtaken_items == []


def test_making_a_plan_changes_nothing_else(desk: Desk, provider: Provider, acme: ScriptedProvider) -> None:
    fetch(desk, provider, *BEFORE)
    before, plans = desk.tables(*PLANS), desk.plans(acme)
    acme.lists(*AFTER)
    plan = make(plans, provider)
    assert desk.tables(*PLANS) == before
    discarded = plans.discard(plan.id, BY)
    assert (discarded.status, discarded.ended_by, discarded.left) == ("discarded", "tester", 0)
    assert plans.discard(plan.id, BY) == discarded
    with pytest.raises(PlanClosed):
        plans.apply(plan.id, BY)
    assert desk.tables(*PLANS) == before


def test_applying_all_of_it_does_what_a_fetch_does_in_one_change_set(
    desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider
) -> None:
    before = desk.tables()
    tried = plans.apply(plan.id, BY, dry_run=True)
    assert (tried.applied, tried.left, tried.change_id, tried.dry_run) == (4, 0, None, True)
    assert desk.tables() == before
    done = plans.apply(plan.id, BY)
    assert (done.status, done.applied, done.already_applied, done.left) == ("applied", 4, 0, 0)
    new, changed, back, going = (one(desk, name) for name in ("new", "changed", "back", "going"))
    assert (new.visible, new.agents_enabled, new.source, new.display_name) == (False, False, "discovered", "New")
    assert (changed.context_length, back.context_length, back.status, going.status) == (2, 7, "untested", "vanished")
    change = desk.last_change()
    assert (change.id, change.operation, change.touched) == (done.change_id, "plans.apply", 5)
    entry = next(entry for entry in change.entries or () if entry.entity == "fetch_plan")
    assert (entry.label, entry.after) == (f"plan {plan.id} of acme", {"status": "applied", "applied": 4, "left": 0})
    assert one(desk, "pinned").supports_tools is False
    kept = desk.rooms.models.change(one(desk, "pinned").id, ModelChanges(pins={"supports_tools": None}), BY)[0]
    assert kept.supports_tools is True  # the provider's word stands behind the pin, as after a fetch
    after = desk.tables()
    again = plans.apply(plan.id, BY)
    assert (again.status, again.applied, again.already_applied, again.change_id) == ("applied", 0, 4, None)
    assert desk.tables() == after


def test_what_was_not_chosen_stays_open(desk: Desk, plans: Plans, plan: StoredPlan) -> None:
    done = plans.apply(plan.id, BY, items=numbers(plans, plan, "new", "going"))
    assert (done.status, done.applied, done.left) == ("partly_applied", 2, 2)
    assert (one(desk, "going").status, one(desk, "changed").context_length) == ("vanished", 1)
    page = plans.items(plan.id, limit=100, offset=0, applied=True)
    assert [(item.model_id, item.applied_at_revision) for item in page.items] == [
        ("new", done.revision),
        ("going", done.revision),
    ]
    rest = plans.apply(plan.id, BY, outcomes=["changed", "added"])
    assert (rest.applied, rest.already_applied, rest.left, rest.status) == (1, 1, 1, "partly_applied")
    assert plans.apply(plan.id, BY).status == "applied"


def test_what_there_is_nothing_to_do_of_cannot_be_chosen(desk: Desk, plans: Plans, plan: StoredPlan) -> None:
    before = desk.tables()
    page = plans.items(plan.id, limit=100, offset=0, outcome="protected")
    with pytest.raises(InvalidInput, match="protected"):
        plans.apply(plan.id, BY, items=[page.items[0].item])
    with pytest.raises(NotFound, match="999"):
        plans.apply(plan.id, BY, items=[999])
    for missing in (lambda: plans.get(99), lambda: plans.apply(99, BY), lambda: plans.discard(99, BY)):
        with pytest.raises(NotFound, match="plan 99"):
            missing()
    assert desk.tables() == before


@pytest.mark.parametrize("meddled", ["pin", "delete", "restore", "create", "facts", "manual row"])
def test_a_later_change_of_a_row_refuses_its_item_and_names_it(
    desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider, meddled: str
) -> None:
    models = desk.rooms.models
    model_id = {"create": "new", "manual row": "new", "delete": "going", "restore": "back"}.get(meddled, "changed")
    if meddled == "pin":
        models.change(one(desk, "changed").id, ModelChanges(pins={"context_length": 5}), BY)
    elif meddled in ("delete", "restore"):
        models.delete(one(desk, model_id).id, BY)
    elif meddled == "facts":
        fetch_beside(desk, provider, "changed", {"context_length": 3})
    else:
        desk.model(provider, "new")
    told = plans.get(plan.id)
    assert told.status == "open"
    assert [item.model_id for item in told.overtaken_items] == [model_id]  # type: ignore[union-attr]
    before = desk.tables()
    for chosen in ({}, {"items": numbers(plans, plan, model_id)}):
        with pytest.raises(PlanOvertaken, match=f"'{model_id}'") as refused:
            plans.apply(plan.id, BY, **chosen)  # type: ignore[arg-type]
        row = refused.value.facts["rows"][0]
        assert (row.model_id, refused.value.facts["rows_total"], refused.value.code) == (model_id, 1, "plan_overtaken")
        assert row.planned != row.now
    assert desk.tables() == before
    others = [name for name in ("new", "changed", "back", "going") if name != model_id]
    assert plans.apply(plan.id, BY, items=numbers(plans, plan, *others)).left == 1  # the rest is as it was planned


def fetch_beside(desk: Desk, provider: Provider, model_id: str, facts: dict[str, Any]) -> None:
    """Another administrator has taken over another word of the provider; the plan is still open."""
    other = desk.plans(ScriptedProvider((model_id, facts), "back", "going", "same", "deleted", "pinned"))
    newer = make(other, provider)
    other.apply(newer.id, BY, items=numbers(other, newer, model_id))
    reopen(desk, newer.id - 1)


def reopen(desk: Desk, plan_id: int) -> None:
    with desk.rooms.database.write() as connection:
        values = {"status": "open", "ended_at": None, "ended_by": None}
        connection.execute(update(fetch_plans).where(fetch_plans.c.id == plan_id).values(values))


def test_a_change_that_a_plan_says_nothing_about_does_not_overtake_it(
    desk: Desk, plans: Plans, plan: StoredPlan
) -> None:
    desk.rooms.models.change(one(desk, "changed").id, ModelChanges(visible=True, pins={"description": "ours"}), BY)
    desk.rooms.models.delete(one(desk, "same").id, BY)
    assert plans.get(plan.id).overtaken_items == []
    assert plans.apply(plan.id, BY).status == "applied"
    assert one(desk, "changed").description == "ours"


@pytest.mark.parametrize("how", ["plan", "fetch", "deletion"])
def test_a_newer_list_overtakes_a_plan(
    desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider, acme: ScriptedProvider, how: str
) -> None:
    if how == "plan":
        newer = make(plans, provider)
        assert [one.id for one in plans.to_review()] == [newer.id]
    elif how == "fetch":
        fetch(desk, provider, *AFTER)
    else:
        desk.rooms.providers.delete(provider.id, BY, force=True, confirm=True)
    old = plans.get(plan.id)
    assert (old.status, old.left) == ("overtaken", 0)
    assert how in str(old.ended_by)
    before = desk.tables()
    with pytest.raises(PlanOvertaken, match=f"overtaken by .*{how}"):
        plans.apply(plan.id, BY)
    with pytest.raises(PlanOvertaken):
        plans.discard(plan.id, BY)
    assert desk.tables() == before


def test_a_dry_run_of_a_fetch_overtakes_nothing(desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider) -> None:
    asyncio.run(desk.discovery(ScriptedProvider("a")).fetch(provider.id, BY, dry_run=True))
    assert plans.get(plan.id).status == "open"


def test_a_provider_that_is_elsewhere_now_overtakes_its_plan(
    desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider
) -> None:
    desk.change_provider(provider.id, base_url="https://api.example.com/v2")
    with pytest.raises(PlanOvertaken, match="base_url") as refused:
        plans.apply(plan.id, BY)
    changed = refused.value.facts["provider_changes"]
    assert changed == {"base_url": {"before": "https://api.example.com/v1", "after": "https://api.example.com/v2"}}


def test_a_name_that_would_move_is_asked_about(desk: Desk, provider: Provider, acme: ScriptedProvider) -> None:
    plans = desk.plans(acme)
    desk.alias(desk.model(provider, "target", visible=True), "GPT")
    acme.lists("target", "gpt")
    plan = make(plans, provider)
    with pytest.raises(NameWouldMove):
        plans.apply(plan.id, BY)
    assert plans.get(plan.id).status == "open"
    assert plans.apply(plan.id, BY, confirm=True).applied == 1


def test_a_list_that_says_nothing_new_leaves_nothing_to_review(
    desk: Desk, provider: Provider, acme: ScriptedProvider
) -> None:
    fetch(desk, provider, "a", "b")
    acme.lists("a", "b")
    plan = make(desk.plans(acme), provider)
    assert (plan.status, plan.left, plan.counts.unchanged) == ("empty", 0, 2)
    assert desk.plans(acme).apply(plan.id, BY).applied == 0


@pytest.mark.parametrize("kind_of_failure", ["stage", "empty", "id", "too many"])
def test_a_list_that_failed_makes_no_plan(
    desk: Desk, plans: Plans, plan: StoredPlan, provider: Provider, acme: ScriptedProvider, kind_of_failure: str
) -> None:
    before = desk.tables("activity.provider_fetches")
    if kind_of_failure == "stage":
        acme.failure = UpstreamFailed("No.", stage="auth", http_status=401)
    acme.lists(
        *{"empty": [], "id": ["fine", "nul\x00"], "too many": [f"m{n}" for n in range(20_001)]}.get(
            kind_of_failure, ["a"]
        )
    )
    with pytest.raises(LineupError):
        make(plans, provider)
    assert desk.tables("activity.provider_fetches") == before
    assert b'"failed"' in bytes(desk.rooms.providers.get(provider.id).last_fetch)


def test_only_the_newest_plans_of_a_provider_are_kept(desk: Desk, provider: Provider, acme: ScriptedProvider) -> None:
    other = desk.provider("Other")
    acme.lists("a")
    plans = desk.plans(acme, kept=2)
    kept = make(plans, other)
    made = [make(plans, provider).id for _ in range(4)]
    page = plans.page(limit=10, offset=0)
    assert ([one.id for one in page.plans], page.total) == ([made[3], made[2], kept.id], 3)
    assert plans.page(limit=10, offset=0, provider_id=other.id, status="open").total == 1
    assert {row[0] for row in desk.tables()["fetch_plan_items"]} == {made[3], made[2], kept.id}


def test_items_are_found_by_outcome_and_by_a_part_of_their_id(plans: Plans, plan: StoredPlan) -> None:
    def found(**wanted: Any) -> list[str]:
        return [item.model_id for item in plans.items(plan.id, limit=100, offset=0, **wanted).items]

    assert found(outcome="protected") == ["deleted", "pinned"]
    assert found(q="PREV") == ["some-preview"]
    assert found(q="%") == []
    page = plans.items(plan.id, limit=2, offset=1)
    assert ([item.item for item in page.items], page.total) == ([2, 3], 8)
