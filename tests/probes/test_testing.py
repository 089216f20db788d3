"""Testing the capabilities of a stored model: what is kept, what becomes a fact, what it costs, who waits for whom."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, TypeVar

import msgspec
import pytest

from model_lineup.catalog.shapes import Model, ModelChanges, NewModel, ProviderChanges
from model_lineup.errors import InvalidInput, TestInProgress
from model_lineup.ledger.shapes import Wanted
from model_lineup.probes import basis
from model_lineup.probes.records import CapabilityReport, CapabilityState
from model_lineup.probes.registry import probes
from model_lineup.rooms import Rooms
from tests.fakes.honest import capability_of, honest, refused
from tests.fakes.provider import FakeProvider, Got
from tests.probes.conftest import AUTHOR

T = TypeVar("T")


def run(rooms: Rooms, use: Callable[[], Awaitable[T]]) -> T:
    """In a loop of its own, with the client of that loop."""

    async def main() -> T:
        try:
            return await use()
        finally:
            await rooms.capabilities.close()
            rooms.capabilities._closing = False
            await rooms.upstream.close()

    return asyncio.run(main())


def proof(rooms: Rooms, model: Model, *wanted: str) -> CapabilityReport:
    return run(rooms, lambda: rooms.capabilities.test(model.id, AUTHOR, list(wanted) or None))


def state_of(rooms: Rooms, model: Model, capability: str) -> CapabilityState:
    [state] = [one for one in rooms.capabilities.known(model.id).capabilities if one.capability == capability]
    return state


def fact(rooms: Rooms, model: Model, field: str) -> Any:
    return msgspec.json.decode(rooms.models.get(model.id).facts).get(field)


def test_what_is_proven_is_kept_becomes_a_fact_and_has_its_price(rooms: Rooms, model: Model) -> None:
    report = proof(rooms, model)
    assert {one.verdict for one in report.capabilities} == {"yes"}
    assert report.spent.requests == 11
    assert report.spent.cost_usd is not None
    found = rooms.models.get(model.id)
    assert (found.supports_tools, found.supports_vision, found.supports_streaming) == (True, True, True)
    assert fact(rooms, model, "supports_tools")["source"] == "probe"
    [stored], total = rooms.tests.results(model.id, limit=10, offset=0)
    assert (stored.test, stored.passed, stored.actor, total) == ("capability", None, AUTHOR.label, 1)
    assert msgspec.json.decode(stored.result)["capabilities"][0]["evidence"][0]["http_status"] == 200
    assert state_of(rooms, model, "vision").verdict == "yes"


def test_what_was_never_tested_is_neither_yes_nor_no(rooms: Rooms, model: Model) -> None:
    known = rooms.capabilities.known(model.id).capabilities
    assert [one.capability for one in known] == list(probes())
    assert {(one.verdict, one.stale) for one in known} == {(None, False)}


def test_some_capabilities_alone(rooms: Rooms, model: Model) -> None:
    assert [one.capability for one in proof(rooms, model, "stop", "tools").capabilities] == ["tools", "stop"]
    with pytest.raises(InvalidInput, match="telepathy"):
        proof(rooms, model, "telepathy")


def test_undecided_leaves_the_verdict_that_stands(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    proof(rooms, model, "tools")
    able.answer("/chat/completions", lambda got: refused("Internal error.", 500))
    assert proof(rooms, model, "tools").capabilities[0].verdict == "undecided"
    state = state_of(rooms, model, "tools")
    assert state.verdict == "yes"
    assert state.last_try is not None
    assert rooms.models.get(model.id).supports_tools is True


def test_a_no_replaces_a_yes(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    proof(rooms, model, "tools")
    able.answer("/chat/completions", lambda got: refused("This model does not support tools."))
    proof(rooms, model, "tools")
    assert state_of(rooms, model, "tools").verdict == "no"
    assert rooms.models.get(model.id).supports_tools is False


def test_a_pin_stays_above_the_proof_and_the_contradiction_is_told(
    rooms: Rooms, model: Model, able: FakeProvider
) -> None:
    rooms.models.change(model.id, ModelChanges(pins={"supports_tools": True}), AUTHOR)
    able.answer("/chat/completions", lambda got: refused("This model does not support tools."))
    proof(rooms, model, "tools")
    assert rooms.models.get(model.id).supports_tools is True
    [claim] = state_of(rooms, model, "tools").contradicted
    assert (claim.value, claim.source) == (True, "pin")


@pytest.mark.parametrize(
    "changes",
    [{"api_key": "another-canary"}, {"base_url": "http://127.0.0.1:9/v1", "api_key": "canary-key"}],
    ids=["key", "base_url"],
)
def test_another_key_or_address_makes_it_stale(rooms: Rooms, model: Model, changes: dict[str, Any]) -> None:
    proof(rooms, model, "stop")
    assert not state_of(rooms, model, "stop").stale
    rooms.providers.change(model.provider_id, ProviderChanges(name="Renamed"), AUTHOR)
    assert not state_of(rooms, model, "stop").stale
    rooms.providers.change(model.provider_id, ProviderChanges(**changes), AUTHOR)
    assert state_of(rooms, model, "stop").stale


def test_a_stale_proof_counts_less_than_the_list_until_it_is_right_again(rooms: Rooms, model: Model) -> None:
    rooms.facts.state("provider", {model.id: {"supports_tools": False}}, AUTHOR, "test")
    rooms.facts.state("guess", {model.id: {"supports_vision": False}}, AUTHOR, "test")
    proof(rooms, model, "tools", "vision")
    at = fact(rooms, model, "supports_tools")["at"]
    before = rooms.providers.get(model.provider_id)
    change = rooms.providers.change(model.provider_id, ProviderChanges(headers={"x-title": "b"}), AUTHOR)[1]
    assert change.change_id is not None
    assert (rooms.models.get(model.id).supports_tools, fact(rooms, model, "supports_tools")["source"]) == (
        False,
        "provider",
    )
    assert "contradicted_by" not in fact(rooms, model, "supports_tools")
    assert (fact(rooms, model, "supports_vision")["value"], fact(rooms, model, "supports_vision")["source"]) == (
        True,
        "stale_probe",
    )
    state = state_of(rooms, model, "tools")
    assert (state.stale, state.verdict, state.contradicted, len(state.evidence)) == (True, "yes", [], 1)
    [said] = [one for one in rooms.facts.of(model.id).fields if one.field == "supports_tools"]
    assert [one.source for one in said.said] == ["provider", "stale_probe"]
    rooms.undo.undo([change.change_id], AUTHOR)
    assert rooms.providers.get(model.provider_id).headers == before.headers
    assert (fact(rooms, model, "supports_tools")["source"], fact(rooms, model, "supports_tools")["at"]) == ("probe", at)
    assert not state_of(rooms, model, "tools").stale
    [said] = [one for one in rooms.facts.of(model.id).fields if one.field == "supports_tools"]
    assert [one.source for one in said.said] == ["probe", "provider"]


def test_a_dry_run_and_another_name_make_no_proof_stale(rooms: Rooms, model: Model) -> None:
    proof(rooms, model, "tools")
    rooms.providers.change(model.provider_id, ProviderChanges(api_key="another-canary"), AUTHOR, dry_run=True)
    rooms.providers.change(model.provider_id, ProviderChanges(name="Renamed"), AUTHOR)
    assert fact(rooms, model, "supports_tools")["source"] == "probe"


def test_another_way_of_asking_makes_proofs_stale_once(
    rooms: Rooms, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof(rooms, model, "tools")
    asyncio.run(rooms.checks.look())
    assert fact(rooms, model, "supports_tools")["source"] == "probe"
    monkeypatch.setattr(basis, "READING", basis.READING + 1)
    asyncio.run(rooms.checks.look())
    assert fact(rooms, model, "supports_tools")["source"] == "stale_probe"
    assert state_of(rooms, model, "tools").stale
    revision = rooms.models.get(model.id).version
    asyncio.run(rooms.checks.look())
    assert rooms.models.get(model.id).version == revision


def test_an_embedding_model_has_none_of_them_and_is_not_asked(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    new = NewModel(provider_id=model.provider_id, model_id="e", pins={"task": "embedding"})
    embedding, _ = rooms.models.create(new, AUTHOR)
    assert {one.verdict for one in proof(rooms, embedding).capabilities} == {"not_applicable"}
    assert able.requests == []


@pytest.mark.parametrize(("status", "stopped"), [(401, "auth"), (429, "quota")])
def test_a_key_or_a_quota_that_fails_ends_it_at_once(
    rooms: Rooms, model: Model, able: FakeProvider, status: int, stopped: str
) -> None:
    able.answer("/chat/completions", lambda got: refused("No.", status))
    report = proof(rooms, model)
    assert (report.stopped, len(able.requests), len(report.capabilities)) == (stopped, 1, 1)


def test_the_ledger_has_every_request_and_nobody_used_the_model(rooms: Rooms, model: Model) -> None:
    proof(rooms, model)
    today = rooms.clock.now().date()
    report = rooms.usage.report(Wanted(first=today, last=today), ["on_behalf_of", "model"], limit=10, offset=0)
    [group] = report.groups
    assert (group.on_behalf_of, group.requests) == ("capability tests", 11)
    assert group.cost_usd is not None
    assert rooms.impacts.of(model.id, "r").requests == 0


def test_one_test_of_a_model_at_a_time(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    refused = threading.Event()

    def when_the_other_is_refused(got: Got) -> Any:
        assert refused.wait(60)
        return honest(got.json, Random(0))

    able.answer("/chat/completions", when_the_other_is_refused)

    async def both() -> CapabilityReport:
        tests = [asyncio.create_task(rooms.capabilities.test(model.id, AUTHOR, ["stop"])) for _ in range(2)]
        [other], [one] = await asyncio.wait(tests, return_when=asyncio.FIRST_COMPLETED)
        assert isinstance(other.exception(), TestInProgress)
        refused.set()
        return await one

    assert run(rooms, both).stopped is None
    assert proof(rooms, model, "stop").capabilities[0].verdict == "yes"


def test_it_goes_on_when_the_caller_leaves(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    left = threading.Event()

    def when_the_caller_has_left(got: Got) -> Any:
        assert left.wait(60)
        return honest(got.json, Random(0))

    able.answer("/chat/completions", when_the_caller_has_left)

    async def leave() -> None:
        asked = asyncio.create_task(rooms.capabilities.test(model.id, AUTHOR, ["stop"]))
        while not rooms.capabilities._running:
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.wait({asked})
        left.set()
        while rooms.capabilities._running:
            await asyncio.sleep(0.01)

    run(rooms, leave)
    assert state_of(rooms, model, "stop").verdict == "yes"


def test_what_was_found_before_the_end_of_the_server_is_kept(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    def slow_in_the_end(got: Got) -> Any:
        return [60.0] if capability_of(got.json) == "stop" else honest(got.json, Random(0))

    able.answer("/chat/completions", slow_in_the_end)

    async def end() -> None:
        asked = asyncio.create_task(rooms.capabilities.test(model.id, AUTHOR, ["tools", "stop"]))
        while not any(capability_of(got.json) == "stop" for got in able.requests):
            await asyncio.sleep(0.01)
        await rooms.capabilities.close()
        await asyncio.wait({asked})

    run(rooms, end)
    assert state_of(rooms, model, "tools").verdict == "yes"
    [stored], _ = rooms.tests.results(model.id, limit=10, offset=0)
    assert msgspec.json.decode(stored.result)["stopped"] == "interrupted"


def test_a_model_that_is_deleted_meanwhile_is_asked_no_more(rooms: Rooms, model: Model, able: FakeProvider) -> None:
    def deletes(got: Got) -> Any:
        if capability_of(got.json) == "tools":
            rooms.models.delete(model.id, AUTHOR)
        return honest(got.json, Random(0))

    able.answer("/chat/completions", deletes)
    assert proof(rooms, model, "tools", "stop").stopped == "withdrawn"
