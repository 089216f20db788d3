"""Fetching what a provider lists: new models arrive hidden, nothing that an admin did is undone, and a list that is not
whole changes nothing."""

import asyncio
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from model_lineup.catalog.discovery import FetchPlan
from model_lineup.catalog.fetch_plan import PlanItem
from model_lineup.catalog.shapes import Model, ModelChanges, Provider
from model_lineup.catalog.tables import providers
from model_lineup.errors import DatabaseBusy, KeyUndecryptable, NameWouldMove, NotFound, UpstreamFailed
from model_lineup.upstream.contract import Endpoint, Listing
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import BY, Desk, ScriptedProvider

OUTCOMES = "activity.provider_fetches"


@pytest.fixture
def provider(desk: Desk) -> Provider:
    return desk.provider("Acme", api_key="sk-canary-0123456789")


def fetch(desk: Desk, provider: Provider, *listed: Any, **more: Any) -> FetchPlan:
    """`listed`: model ids, or pairs of id and facts."""
    return asyncio.run(desk.discovery(ScriptedProvider(*listed)).fetch(provider.id, BY, **more))


def ids(items: list[PlanItem]) -> list[str]:
    return [item.model_id for item in items]


def one(desk: Desk, model_id: str) -> Model:
    return desk.rooms.models.find(model_id)


def facts(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(model.facts)
    return found


def last_fetch(desk: Desk, provider: Provider) -> Any:
    return msgspec.json.decode(desk.rooms.providers.get(provider.id).last_fetch)


def test_new_models_arrive_hidden_with_what_the_list_tells(desk: Desk, provider: Provider, clock: ManualClock) -> None:
    told = {"context_length": 8192, "supports_tools": True, "display_name": "Alpha", "pricing": {"prompt": "0.1"}}
    plan = fetch(desk, provider, ("a", told), "b")
    assert (ids(plan.added), plan.listed, plan.pages, plan.unchanged, plan.warnings) == (["a", "b"], 2, 1, 0, [])
    a = one(desk, "a")
    assert (a.visible, a.listed, a.agents_enabled, a.source, a.status) == (False, True, False, "discovered", "untested")
    assert (a.context_length, a.supports_tools, a.supports_vision, a.display_name) == (8192, True, None, "Alpha")
    assert facts(a)["context_length"] == {"value": 8192, "source": "provider", "at": "2026-01-01T12:00:00Z"}
    assert msgspec.json.decode(a.pricing) == {"prompt": "0.1"}
    assert [item.id for item in plan.added] == [a.id, one(desk, "b").id]
    change = desk.last_change()
    assert (change.id, change.operation, change.touched, change.revision) == (
        plan.change_id,
        "providers.fetch",
        2,
        plan.revision,
    )
    assert last_fetch(desk, provider) == {
        **dict.fromkeys(("changed", "reactivated", "vanished", "protected", "unchanged"), 0),
        "added": 2,
        "listed": 2,
        "outcome": "ok",
        "at": "2026-01-01T12:00:00Z",
    }


def test_the_same_list_again_changes_nothing(desk: Desk, provider: Provider, clock: ManualClock) -> None:
    told: dict[str, Any] = {"task": "chat", "context_length": 8192, "supports_tools": True, "display_name": "A"}
    listed: list[tuple[str, dict[str, Any]]] = [("a", told), ("b", {}), ("c", {"supports_vision": False})]
    fetch(desk, provider, *listed)
    before = desk.tables(OUTCOMES)
    for again in (listed, listed[::-1], [(name, dict(reversed(told.items()))) for name, told in listed]):
        clock.advance(60)
        plan = fetch(desk, provider, *again)
        assert (plan.unchanged, plan.change_id, plan.added, plan.changed) == (3, None, [], [])
        assert desk.tables(OUTCOMES) == before
    assert last_fetch(desk, provider)["unchanged"] == 3


def test_changed_facts_are_taken_over_with_their_dates(desk: Desk, provider: Provider, clock: ManualClock) -> None:
    fetch(desk, provider, ("a", {"context_length": 1, "supports_tools": True, "description": "gone soon"}), "b")
    before = one(desk, "a")
    clock.advance(60)
    plan = fetch(desk, provider, ("a", {"context_length": 2, "supports_tools": True, "supports_vision": False}), "b")
    assert plan.changed == [
        PlanItem(
            "a",
            before.id,
            {
                "context_length": {"before": 1, "after": 2},
                "supports_vision": {"before": None, "after": False},
                "description": {"before": "gone soon", "after": None},
            },
        )
    ]
    after = one(desk, "a")
    assert (after.context_length, after.supports_vision, after.description) == (2, False, None)
    assert after.version == before.version + 1
    dates = {field: fact["at"][11:16] for field, fact in facts(after).items() if fact["source"] == "provider"}
    assert dates == {"context_length": "12:01", "supports_tools": "12:00", "supports_vision": "12:01"}
    assert plan.unchanged == 1
    assert one(desk, "b").version == 1
    entry = desk.last_change().entries[0]  # type: ignore[index]
    said = {"context_length": 1, "description": "gone soon"}
    assert entry.before == {field: {"value": value, "source": "provider"} for field, value in said.items()}
    said = {"context_length": 2, "supports_vision": False}
    told = {field: {"value": value, "source": "provider"} for field, value in said.items()}
    assert entry.after == {**told, "description": None}


def test_pins_are_kept_and_what_they_keep_out_is_told(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, ("a", {"context_length": 1, "description": "d"}))
    row = one(desk, "a").id
    desk.rooms.models.change(row, ModelChanges(pins={"context_length": 100, "display_name": "Mine"}), BY)
    plan = fetch(desk, provider, ("a", {"context_length": 2, "description": "new"}))
    assert ids(plan.changed) == ["a"]
    assert plan.protected == [PlanItem("a", row, reason="pinned by an admin: context_length")]
    after = one(desk, "a")
    assert (after.context_length, after.display_name, after.description) == (100, "Mine", "new")
    again = fetch(desk, provider, ("a", {"context_length": 2, "description": "new"}))
    assert (ids(again.protected), again.unchanged, again.change_id) == (["a"], 0, None)
    unpinned = desk.rooms.models.change(row, ModelChanges(pins={"context_length": None}), BY)[0]
    assert unpinned.context_length == 2  # the newest word of the provider, also the one that a pin kept out


def test_flags_and_aliases_are_never_touched(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, "a", "b")
    row = one(desk, "a").id
    desk.rooms.models.change(row, ModelChanges(visible=True, agents_enabled=True, listed=False), BY)
    desk.alias(row, "fast")
    fetch(desk, provider, ("a", {"context_length": 5}))
    fetch(desk, provider, "b")
    after = one(desk, "a")
    assert (after.visible, after.agents_enabled, after.listed, after.aliases) == (True, True, False, ["fast"])


def test_what_is_not_listed_any_more_is_marked_and_comes_back(
    desk: Desk, provider: Provider, clock: ManualClock
) -> None:
    fetch(desk, provider, "a", "b")
    desk.rooms.models.change(one(desk, "a").id, ModelChanges(visible=True), BY)
    clock.advance(60)
    plan = fetch(desk, provider, "b")
    gone = one(desk, "a")
    assert (ids(plan.vanished), plan.unchanged) == (["a"], 1)
    assert (gone.status, gone.missing_since, gone.visible) == ("vanished", clock.now(), True)
    assert desk.answers("a") == gone.id  # the provider may still serve it
    clock.advance(60)
    again = fetch(desk, provider, "b")
    assert (again.vanished, again.unchanged, again.change_id) == ([], 2, None)
    assert one(desk, "a").missing_since == gone.missing_since
    back = fetch(desk, provider, ("a", {"context_length": 7}), "b")
    assert back.reactivated == [PlanItem("a", gone.id, {"context_length": {"before": None, "after": 7}})]
    assert (back.changed, one(desk, "a").status, one(desk, "a").context_length) == ([], "untested", 7)


def test_deleted_models_stay_deleted(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, "a", "b")
    row = one(desk, "a").id
    desk.rooms.models.delete(row, BY)
    before = desk.tables(OUTCOMES)
    plan = fetch(desk, provider, ("a", {"context_length": 1}), "b")
    assert plan.protected == [PlanItem("a", row, reason="deleted; restore brings it back")]
    assert (plan.added, plan.change_id, desk.ids()) == ([], None, ["b"])
    assert fetch(desk, provider, "b").protected == []
    assert desk.tables(OUTCOMES) == before


def test_rows_that_an_admin_made_are_kept_whether_or_not_they_are_listed(desk: Desk, provider: Provider) -> None:
    manual = desk.model(provider, "mine", pins={"context_length": 5})
    plan = fetch(desk, provider, "a")
    assert plan.protected == [PlanItem("mine", manual.id, reason="manual; not in the list")]
    assert desk.rooms.models.get(manual.id) == manual
    plan = fetch(desk, provider, "a", ("mine", {"context_length": 6, "supports_tools": True}))
    after = desk.rooms.models.get(manual.id)
    assert (after.source, after.context_length, after.supports_tools) == ("manual", 5, True)
    assert (ids(plan.changed), ids(plan.protected)) == (["mine"], ["mine"])


def test_only_the_fetched_provider_is_touched(desk: Desk, provider: Provider) -> None:
    other = desk.provider("Other")
    fetch(desk, other, "a", "z")
    fetch(desk, provider, "a")
    assert [model.missing_since for model in (desk.rooms.models.find("a", other.id), one(desk, "z"))] == [None, None]
    assert sorted(desk.ids()) == ["a", "a", "z"]


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamFailed("The provider took too long.", stage="timeout", http_status=None),
        UpstreamFailed("The provider answered with a web page.", stage="protocol", http_status=200, hint="/v1?"),
        DatabaseBusy("busy", retry_after=1),
    ],
    ids=str,
)
def test_a_list_that_failed_changes_nothing(desk: Desk, provider: Provider, failure: Exception) -> None:
    fetch(desk, provider, ("a", {"context_length": 1}), "b")
    before = desk.tables(OUTCOMES)
    scripted = ScriptedProvider()
    scripted.failure = failure
    with pytest.raises(type(failure)):
        asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    assert desk.tables(OUTCOMES) == before
    told = last_fetch(desk, provider)
    assert (told["outcome"], told["message"]) == ("failed", str(failure))
    assert "canary" not in str(told)


def test_an_empty_list_changes_nothing(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, "a", "b")
    before = desk.tables(OUTCOMES)
    with pytest.raises(UpstreamFailed, match="no models") as refused:
        fetch(desk, provider)
    assert refused.value.facts["stage"] == "empty"
    assert desk.tables(OUTCOMES) == before


def test_a_list_with_more_models_than_are_taken_changes_nothing(desk: Desk, provider: Provider) -> None:
    scripted = ScriptedProvider("a", "b", "c")
    before = desk.tables(OUTCOMES)
    with pytest.raises(UpstreamFailed, match="LINEUP_FETCH_MODELS"):
        asyncio.run(desk.discovery(scripted, most=2).fetch(provider.id, BY))
    assert desk.tables(OUTCOMES) == before
    assert len(asyncio.run(desk.discovery(scripted, most=3).fetch(provider.id, BY)).added) == 3


def test_a_list_with_an_id_that_cannot_be_used_changes_nothing(desk: Desk, provider: Provider) -> None:
    before = desk.tables(OUTCOMES)
    for bad in ("", "x" * 513, "nul\x00", "line\n", "\ud800"):
        with pytest.raises(UpstreamFailed, match="id cannot be used"):
            fetch(desk, provider, "fine", bad)
    assert desk.tables(OUTCOMES) == before
    odd = ("a/b:c", "with space", "<b>", "日本語", "🦙", "%2B")
    assert ids(fetch(desk, provider, *odd).added) == list(odd)


def test_texts_of_a_list_lose_what_no_column_can_hold(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, ("a", {"display_name": "A\x00l\x1bpha", "description": "one\ntwo\x00\tthree\ud800"}))
    model = one(desk, "a")
    assert (model.display_name, model.description) == ("Alpha", "one\ntwo\tthree")
    assert fetch(
        desk, provider, ("a", {"display_name": "A\x00l\x1bpha", "description": "one\ntwo\x00\tthree"})
    ).unchanged


def test_a_dry_run_is_the_plan_and_writes_nothing(desk: Desk, provider: Provider) -> None:
    fetch(desk, provider, ("changed", {"context_length": 1}), "vanishing", "same", "deleted", "pinned")
    desk.rooms.models.delete(one(desk, "deleted").id, BY)
    desk.rooms.models.change(one(desk, "pinned").id, ModelChanges(pins={"supports_tools": False}), BY)
    listed = [("changed", {"context_length": 2}), "same", "deleted", ("pinned", {"supports_tools": True}), "new"]
    before = desk.tables()
    tried = fetch(desk, provider, *listed, dry_run=True)
    assert desk.tables() == before
    done = fetch(desk, provider, *listed)
    names = ("added", "changed", "reactivated", "vanished", "protected")
    assert {name: ids(getattr(tried, name)) for name in names} == {name: ids(getattr(done, name)) for name in names}
    assert {name: ids(getattr(done, name)) for name in names} == {
        "added": ["new"],
        "changed": ["changed"],
        "reactivated": [],
        "vanished": ["vanishing"],
        "protected": ["deleted", "pinned"],
    }
    assert (tried.dry_run, tried.change_id, tried.revision) == (True, None, done.revision - 1)
    assert tried.unchanged == done.unchanged == 1


def test_a_model_under_the_name_of_an_alias_is_stored_and_flagged(desk: Desk, provider: Provider) -> None:
    target = desk.model(provider, "target", visible=True)
    desk.alias(target, "GPT")
    with pytest.raises(NameWouldMove):
        fetch(desk, provider, "target", "gpt")  # 'gpt' was answered too, by the alias without case
    plan = fetch(desk, provider, "target", "GPT")
    assert (ids(plan.added), len(plan.warnings)) == (["GPT"], 1)
    assert "'GPT'" in plan.warnings[0]
    assert desk.answers("GPT") == target.id


def test_the_provider_is_asked_with_its_key_and_only_once(desk: Desk, provider: Provider) -> None:
    scripted = ScriptedProvider("a")
    asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    assert [(asked.api_key, asked.base_url) for asked in scripted.asked] == [
        ("sk-canary-0123456789", "https://api.example.com/v1")
    ]


def test_an_unknown_provider_is_not_asked(desk: Desk) -> None:
    scripted = ScriptedProvider("a")
    for attempt in (desk.discovery(scripted).fetch(9, BY), desk.discovery(scripted).test(9)):
        with pytest.raises(NotFound):
            asyncio.run(attempt)
    assert scripted.asked == []


def test_a_provider_that_is_deleted_while_it_is_asked_gets_nothing(desk: Desk, provider: Provider) -> None:
    class Vanishing(ScriptedProvider):
        async def read_list(self, endpoint: Endpoint) -> Listing:
            desk.rooms.providers.delete(provider.id, BY)
            return await super().read_list(endpoint)

    with pytest.raises(NotFound):
        asyncio.run(desk.discovery(Vanishing("a")).fetch(provider.id, BY))
    assert desk.ids() == []
    assert desk.tables()[OUTCOMES] == []


def test_two_fetches_at_once_add_each_model_once(desk: Desk, provider: Provider) -> None:
    discovery = desk.discovery(ScriptedProvider(*(f"m{n}" for n in range(20))))

    async def both() -> list[FetchPlan]:
        return await asyncio.gather(*(discovery.fetch(provider.id, BY) for _ in range(4)))

    plans = asyncio.run(both())
    assert sorted(len(plan.added) for plan in plans) == [0, 0, 0, 20]
    assert sorted(plan.unchanged for plan in plans) == [0, 20, 20, 20]
    assert len(desk.ids()) == 20


def test_a_test_reads_the_list_and_stores_nothing(desk: Desk, provider: Provider) -> None:
    before = desk.tables()
    scripted = ScriptedProvider("a", "b")
    passed = asyncio.run(desk.discovery(scripted).test(provider.id))
    assert (passed.passed, passed.stage, passed.models) == (True, None, 2)
    scripted.failure = UpstreamFailed("No.", stage="auth", http_status=401, hint="Check the key.")
    failed = asyncio.run(desk.discovery(scripted).test(provider.id))
    assert (failed.passed, failed.stage, failed.http_status, failed.message, failed.hint, failed.models) == (
        False,
        "auth",
        401,
        "No.",
        "Check the key.",
        None,
    )
    assert desk.tables() == before


def test_a_key_that_does_not_open_is_told_before_anybody_is_asked(desk: Desk, provider: Provider) -> None:
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(sealed_key="v1.a.b.c"))
    scripted = ScriptedProvider("a")
    for attempt in (desk.discovery(scripted).fetch(provider.id, BY), desk.discovery(scripted).test(provider.id)):
        with pytest.raises(KeyUndecryptable):
            asyncio.run(attempt)
    assert scripted.asked == []


@pytest.mark.hard
def test_a_long_list_is_stored_and_changed_whole(desk: Desk, provider: Provider) -> None:
    total = count(1_000, 20_000)
    listed = [(f"m{n:05}", {"context_length": n + 1, "supports_tools": True}) for n in range(total)]
    assert len(fetch(desk, provider, *listed).added) == total
    changed = [(name, {**told, "context_length": 7_000_000}) for name, told in listed]
    plan = fetch(desk, provider, *changed[1:])
    assert (len(plan.changed), ids(plan.vanished)) == (total - 1, ["m00000"])
    assert one(desk, "m00001").context_length == 7_000_000
