"""Explaining a name: each step, what a caller gets, and what else might have been meant; and targets ready to call."""

import msgspec
import pytest

from model_lineup.access.callers import CallerKind
from model_lineup.catalog.shapes import ModelChanges, ProviderChanges
from model_lineup.errors import ModelNotFound
from model_lineup.rooms import Rooms
from model_lineup.routing.route import Explanation
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def explain(desk: Desk, name: str, caller: CallerKind = "user") -> Explanation:
    return desk.rooms.routes.explain(name, caller)


def test_every_step_up_to_the_one_that_decides_is_shown(desk: Desk) -> None:
    model = desk.model(desk.provider("Box"), "m", visible=True)
    found = explain(desk, "m")
    assert [(step.rule, step.matched, step.available) for step in found.steps] == [
        ("alias", False, False),
        ("provider/model_id", False, False),
        ("model_id", True, True),
    ]
    assert (found.status, found.code, found.revision) == (200, None, desk.revision())
    assert found.model is not None
    assert (found.model.id, found.model.slug, found.suggestions) == (model.id, "box", [])
    assert [step.rule for step in explain(desk, "box/m").steps] == ["alias", "provider/model_id"]
    desk.alias(model, "Fast")
    assert [step.rule for step in explain(desk, "Fast").steps] == ["alias"]
    assert explain(desk, "FAST").steps[-1].rule == "alias_without_case"


def test_hidden_disabled_deleted_and_unknown_are_one_and_the_same_to_callers(desk: Desk) -> None:
    off = desk.provider("Off")
    desk.model(desk.provider("On"), "hidden")
    desk.model(off, "disabled", visible=True)
    desk.rooms.models.delete(desk.model(off, "deleted", visible=True).id, BY)
    desk.rooms.providers.change(off.id, ProviderChanges(enabled=False), BY)
    for caller in ("user", "agent"):
        for name in ("hidden", "disabled", "deleted", "unknown", "off/disabled", "on/hidden", "", "\x00", "\ud800"):
            found = explain(desk, name, caller)
            assert (found.status, found.code, found.model, found.fallbacks) == (404, "model_not_found", None, [])
            assert found.message == f"No model answers to {name!r}."


def test_an_agent_is_told_when_a_model_is_not_for_agents(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", visible=True)
    assert explain(desk, "m", "user").status == 200
    refused = explain(desk, "m", "agent")
    assert (refused.status, refused.code) == (403, "model_not_enabled_for_agents")
    desk.rooms.models.change(model.id, ModelChanges(agents_enabled=True), BY)
    assert explain(desk, "m", "agent").status == 200


def test_fallbacks_are_those_of_the_alias_that_answers_and_of_no_other(desk: Desk) -> None:
    provider = desk.provider("Box")
    target, spare = desk.model(provider, "target", visible=True), desk.model(provider, "spare", visible=True)
    desk.alias(target, "Fast", fallbacks=[spare.id])
    assert [one.id for one in explain(desk, "Fast").fallbacks] == [spare.id]
    assert [one.id for one in explain(desk, "fast").fallbacks] == [spare.id]
    desk.model(provider, "fast", visible=True, confirm=True)
    assert explain(desk, "fast").fallbacks == []  # now that model's own name
    desk.alias(target, "BOX/SPARE", fallbacks=[spare.id])
    assert explain(desk, "box/spare").fallbacks == []


def test_a_fallback_that_the_caller_may_not_use_is_none(desk: Desk) -> None:
    provider = desk.provider()
    target = desk.model(provider, "target", visible=True, agents_enabled=True)
    spares = [
        desk.model(provider, "for-all", visible=True, agents_enabled=True).id,
        desk.model(provider, "for-people", visible=True).id,
        desk.model(provider, "hidden", agents_enabled=True).id,
    ]
    desk.alias(target, "safe", fallbacks=spares)
    assert [one.id for one in explain(desk, "safe", "user").fallbacks] == spares[:2]
    assert [one.id for one in explain(desk, "safe", "agent").fallbacks] == spares[:1]


def test_suggestions_are_listed_names_that_this_caller_may_use(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    both = desk.model(one, "gpt-4-a", visible=True, agents_enabled=True)
    desk.model(one, "gpt-4-b", visible=True)
    desk.model(one, "gpt-4-c")
    desk.model(one, "gpt-4-d", visible=True, listed=False, agents_enabled=True)
    desk.model(one, "gpt-4-e", visible=True)
    desk.model(two, "gpt-4-e", visible=True, agents_enabled=True)  # the other one answers to this name
    assert set(explain(desk, "gpt-4", "user").suggestions) == {"gpt-4-a", "gpt-4-b", "gpt-4-e"}
    assert explain(desk, "gpt-4", "agent").suggestions == ["gpt-4-a"]
    desk.alias(both, "gpt-4-z")
    assert set(explain(desk, "gpt-4", "agent").suggestions) == {"gpt-4-a", "gpt-4-z"}
    assert explain(desk, "nothing like it", "user").suggestions == []


def test_no_name_is_suggested_twice(desk: Desk) -> None:
    provider = desk.provider()
    target = desk.model(provider, "target", visible=True)
    desk.model(provider, "gpt-4")
    desk.alias(target, "gpt-4")
    assert explain(desk, "gpt-5").suggestions == ["gpt-4"]


def test_an_explanation_can_be_sent(desk: Desk) -> None:
    desk.model(desk.provider(), "日本/🦙", visible=True)
    assert msgspec.json.decode(msgspec.json.encode(explain(desk, "日本/🦙")))["status"] == 200


def test_a_target_is_ready_to_call_whether_or_not_users_see_it(desk: Desk) -> None:
    provider = desk.provider(api_key="sk-0123456789abcdef", headers={"x-title": "t"}, timeouts={"test_s": 5})
    model = desk.model(provider, "m", pins={"task": "embedding"})
    target = desk.rooms.routes.target(model.id)
    assert (target.model_id, target.task, target.endpoint.api_key) == ("m", "embedding", "sk-0123456789abcdef")
    assert (target.endpoint.headers, target.endpoint.timeouts.test_s) == ((("x-title", "t"),), 5)
    desk.rooms.models.delete(model.id, BY)
    with pytest.raises(ModelNotFound):
        desk.rooms.routes.target(model.id)
