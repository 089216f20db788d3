"""Models that seem to change because Lineup reads more of a list than the version that fetched before."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from model_lineup.catalog.fetch_plan import NEWLY_READ
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.plan_shapes import StoredPlan
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.tables import providers
from tests.fakes.desk import BY, Desk, ScriptedProvider

BEFORE: tuple[Any, ...] = (("more", {"context_length": 1}), ("other", {"context_length": 1}), "bare", "same")
AFTER: tuple[Any, ...] = (
    ("more", {"context_length": 1, "owned_by": "acme"}),
    ("other", {"context_length": 2, "owned_by": "acme"}),
    ("bare", {"owned_by": "acme"}),
    "same",
)
SAYS_ELSE = "the list says something else now"


@pytest.fixture
def provider(desk: Desk) -> Provider:
    """Its list was read by the first reading."""
    made = desk.provider("Acme")
    fetch(desk, made, ScriptedProvider(*BEFORE))
    return made


def fetch(desk: Desk, provider: Provider, acme: ScriptedProvider) -> Any:
    return asyncio.run(desk.discovery(acme).fetch(provider.id, BY))


def make(desk: Desk, provider: Provider, acme: ScriptedProvider) -> StoredPlan:
    return asyncio.run(desk.plans(acme).make(provider.id, BY))


def read_by(reading: int, *listed: Any) -> ScriptedProvider:
    acme = ScriptedProvider(*listed)
    acme.reading = reading
    return acme


def reasons(desk: Desk, plan: StoredPlan) -> dict[str, str]:
    """Of the changed, in the order of the plan."""
    page = desk.plans(ScriptedProvider()).items(plan.id, limit=100, offset=0, outcome="changed")
    return {item.model_id: item.reason for item in page.items}


def test_a_plan_says_which_models_only_seem_to_change(desk: Desk, provider: Provider) -> None:
    plan = make(desk, provider, read_by(2, *AFTER))
    assert (plan.counts.changed, plan.newly_read) == (3, 2)
    assert list(reasons(desk, plan).items()) == [("other", SAYS_ELSE), ("more", NEWLY_READ), ("bare", NEWLY_READ)]


def test_by_the_same_reading_it_is_the_list_that_says_more(desk: Desk, provider: Provider) -> None:
    plan = make(desk, provider, read_by(1, *AFTER))
    assert (plan.counts.changed, plan.newly_read) == (3, 0)
    assert set(reasons(desk, plan).values()) == {SAYS_ELSE}


def test_what_the_list_says_no_more_is_a_change(desk: Desk, provider: Provider) -> None:
    plan = make(desk, provider, read_by(2, ("more", {"owned_by": "acme"}), "other", "bare", "same"))
    assert (plan.counts.changed, plan.newly_read) == (2, 0)


def test_a_fetch_says_it_once(desk: Desk, provider: Provider) -> None:
    rehearsed = asyncio.run(desk.discovery(read_by(2, *AFTER)).fetch(provider.id, BY, dry_run=True))
    fetched = fetch(desk, provider, read_by(2, *AFTER))
    assert (rehearsed.newly_read, fetched.newly_read) == (2, 2)
    assert {one.model_id: one.reason for one in fetched.changed} == {
        "more": NEWLY_READ,
        "other": None,
        "bare": NEWLY_READ,
    }
    again = fetch(desk, provider, read_by(2, ("more", {**AFTER[0][1], "task": "chat"}), *AFTER[1:]))
    assert (len(again.changed), again.newly_read) == (1, 0)


def test_it_is_over_once_a_plan_is_applied_as_a_whole(desk: Desk, provider: Provider) -> None:
    plan = make(desk, provider, read_by(2, *AFTER))
    plans = desk.plans(ScriptedProvider())
    plans.apply(plan.id, BY, items=[1])
    part = make(desk, provider, read_by(2, *AFTER))
    assert (part.counts.changed, part.newly_read) == (2, 2)
    plans.apply(part.id, BY)
    later = make(
        desk, provider, read_by(2, *((name, {**said, "task": "chat"}) for name, said in AFTER[:2]), *AFTER[2:])
    )
    assert (later.counts.changed, later.newly_read) == (2, 0)


def test_an_older_version_beside_a_newer_one_claims_nothing(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, read_by(2, *BEFORE))
    assert make(desk, provider, read_by(1, *AFTER)).newly_read == 0


def test_rows_made_by_hand_were_never_read(desk: Desk) -> None:
    made = desk.provider("Beta")
    desk.model(made.id, "by-hand")
    plan = make(desk, made, read_by(2, ("by-hand", {"owned_by": "acme"})))
    assert (plan.counts.changed, plan.newly_read) == (1, 0)


def test_a_row_made_by_hand_after_an_older_reading_is_a_change(desk: Desk, provider: Provider) -> None:
    desk.model(provider.id, "by-hand")
    plan = make(desk, provider, read_by(2, *BEFORE, ("by-hand", {"owned_by": "acme"})))
    assert (plan.counts.changed, plan.newly_read) == (1, 0)


def test_a_lineup_that_did_not_count_is_older_than_any(desk: Desk, provider: Provider) -> None:
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(list_reading=0))
    assert make(desk, provider, read_by(1, *AFTER)).newly_read == 2


def test_a_scheduled_fetch_takes_it_over(desk: Desk, provider: Provider) -> None:
    desk.change_provider(provider.id, fetch_schedule=FetchSchedule(60, ("changed",)))
    acme = read_by(2, *AFTER)
    state = asyncio.run(desk.scheduled(acme).run_now(provider.id))
    assert state.last is not None
    assert (state.last["applied"], desk.plans(acme).get(state.last["plan_id"]).newly_read) == (3, 2)
    assert asyncio.run(desk.plans(acme).make_if_new(provider.id, BY)) is None
