"""Single models: what a new one is, and what a change may say."""

import threading
import unicodedata
from typing import Any

import msgspec
import pytest

from model_lineup.catalog.shapes import Model, ModelChanges, ModelFilter
from model_lineup.errors import (
    AmbiguousModel,
    DuplicateModel,
    InvalidInput,
    ModelNotFound,
    PreconditionFailed,
    UnknownProvider,
)
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import BY, Desk

ODD_IDS = (
    "a/b:c+d%e#f?g&h=i",
    "with space",
    "%2B",
    "日本語/モデル",
    "emoji 🦙",
    "<b>bold</b>",
    "' OR 1=1 --",
    'quote"d',
    "back\\slash",
    "Ünïcode",
    "x" * 512,
)


def change(desk: Desk, model: Model | int, *, confirm: bool = False, **changes: Any) -> Model:
    row_id = model if isinstance(model, int) else model.id
    return desk.rooms.models.change(row_id, ModelChanges(**changes), BY, confirm=confirm)[0]


def facts(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(model.facts)
    return found


def test_a_new_model_is_hidden_and_nothing_is_made_up(desk: Desk) -> None:
    provider = desk.provider("Acme")
    model = desk.model(provider, "gpt-x")
    assert (model.display_name, model.visible, model.agents_enabled, model.listed) == ("gpt-x", False, False, True)
    assert (model.supports_streaming, model.supports_tools, model.supports_vision) == (True, None, None)
    assert (model.task, model.status, model.source, model.version) == ("unknown", "untested", "manual", 1)
    assert (model.context_length, model.max_output_tokens, model.description, model.aliases) == (None, None, None, [])
    assert (model.provider.slug, model.provider.kind, model.provider.enabled) == ("acme", "openai", True)
    assert [bytes(raw) for raw in (model.pricing, model.lifecycle, model.last_test, model.last_benchmark)] == [
        b"null"
    ] * 4
    assert {field: fact["source"] for field, fact in facts(model).items()} == dict.fromkeys(
        ("display_name", "task", "supports_streaming"), "default"
    )
    assert desk.rooms.models.get(model.id) == model == desk.rooms.models.find("gpt-x")


def test_facts_that_are_given_are_pinned(desk: Desk, clock: ManualClock) -> None:
    pins = {"display_name": "GPT X", "supports_tools": False, "context_length": 8192, "description": None}
    model = desk.model(desk.provider(), "gpt-x", pins=pins, visible=True, agents_enabled=True, listed=False)
    assert (model.display_name, model.supports_tools, model.context_length) == ("GPT X", False, 8192)
    assert (model.visible, model.agents_enabled, model.listed) == (True, True, False)
    assert facts(model)["supports_tools"] == {"value": False, "source": "pin", "at": "2026-01-01T12:00:00Z"}
    assert "description" not in facts(model)


def test_an_embedding_model_is_not_taken_to_stream(desk: Desk) -> None:
    assert desk.model(desk.provider(), "embed", pins={"task": "embedding"}).supports_streaming is None


def test_ids_are_kept_and_found_byte_for_byte(desk: Desk) -> None:
    provider = desk.provider()
    for model_id in ODD_IDS:
        model = desk.model(provider, model_id, visible=True)
        assert desk.rooms.models.find(model_id).id == model.id
        assert desk.answers(model_id) == model.id
        assert desk.answers(f"acme/{model_id}") == model.id
    assert desk.ids() == list(ODD_IDS)
    for near in ("%2b", "with+space", "ünïcode", "X" * 512, "emoji 🦙 ", unicodedata.normalize("NFD", "Ünïcode")):
        with pytest.raises(ModelNotFound):
            desk.rooms.models.find(near)


def test_ids_that_no_provider_can_mean_are_refused(desk: Desk) -> None:
    provider = desk.provider()
    for model_id in ("", "x" * 513, "nul\x00", "line\nbreak", "\x7f", "lone \ud800"):
        with pytest.raises(InvalidInput, match="model_id"):
            desk.model(provider, model_id)
        with pytest.raises(InvalidInput, match="model_id"):
            desk.rooms.models.find(model_id)


def test_a_duplicate_names_the_row_that_is_there(desk: Desk) -> None:
    provider = desk.provider()
    model = desk.model(provider, "m")
    with pytest.raises(DuplicateModel) as refused:
        desk.model(provider, "m")
    assert refused.value.facts["id"] == model.id
    assert desk.model(provider, "M").id != model.id  # another id


def test_a_model_needs_a_provider_that_is_there(desk: Desk) -> None:
    gone = desk.provider()
    desk.rooms.providers.delete(gone.id, BY)
    for provider_id in (gone.id, 99):
        with pytest.raises(UnknownProvider, match="/provider_id") as refused:
            desk.model(provider_id, "m")
        assert refused.value.status == 422


def test_an_id_at_two_providers_is_never_guessed(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    first, second = desk.model(one, "m"), desk.model(two, "m")
    with pytest.raises(AmbiguousModel) as refused:
        desk.rooms.models.find("m")
    assert refused.value.facts["candidates"] == [
        {"id": first.id, "provider_id": one.id, "provider": "one"},
        {"id": second.id, "provider_id": two.id, "provider": "two"},
    ]
    assert desk.rooms.models.find("m", two.id).id == second.id
    desk.rooms.models.delete(first.id, BY)
    assert desk.rooms.models.find("m").id == second.id
    with pytest.raises(ModelNotFound):
        desk.rooms.models.find("m", one.id)


def test_absent_keeps_null_inherits_and_a_value_pins(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "m", pins={"display_name": "Old", "context_length": 1000, "description": "d"})
    clock.advance(60)
    after = change(desk, model, pins={"display_name": None, "supports_tools": True})
    assert (after.display_name, after.supports_tools, after.context_length, after.description) == ("m", True, 1000, "d")
    assert after.version == model.version + 1
    assert facts(after)["display_name"] == {"value": "m", "source": "default", "at": "2026-01-01T12:00:00Z"}
    assert facts(after)["supports_tools"]["at"] == "2026-01-01T12:01:00Z"
    assert facts(after)["context_length"]["at"] == "2026-01-01T12:00:00Z"
    assert (after.created_at, after.updated_at) == (model.created_at, clock.now())
    entry = desk.last_change().entries[0]  # type: ignore[index]
    assert entry.before == {"display_name": {"value": "Old", "source": "pin"}}
    assert entry.after == {
        "display_name": {"value": "m", "source": "default"},
        "supports_tools": {"value": True, "source": "pin"},
    }


def test_a_change_that_changes_nothing_keeps_the_version_and_the_dates(desk: Desk, clock: ManualClock) -> None:
    pins = {"supports_tools": True, "context_length": 5, "pricing": {"input": 1}}
    model = desk.model(desk.provider(), "m", visible=True, pins=pins)
    clock.advance(60)
    for nothing in ({}, {"visible": True}, {"listed": True}, {"pins": pins}, {"pins": {"max_output_tokens": None}}):
        after, receipt = desk.rooms.models.change(model.id, ModelChanges(**nothing), BY)
        assert (after, receipt.change_id, receipt.revision) == (model, None, 2)


def test_a_pin_of_the_inherited_value_is_still_a_pin(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    after = change(desk, model, pins={"supports_streaming": True})
    assert facts(after)["supports_streaming"]["source"] == "pin"
    assert after.version == 2


def test_pinning_a_task_changes_what_is_inherited(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    assert change(desk, model, pins={"task": "embedding"}).supports_streaming is None
    assert change(desk, model, pins={"task": None}).supports_streaming is True


def test_flags_change_alone(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    after = change(desk, model, visible=True, agents_enabled=True, listed=False)
    assert (after.visible, after.agents_enabled, after.listed, after.version) == (True, True, False, 2)
    entry = desk.last_change().entries[0]  # type: ignore[index]
    assert entry.before == {"visible": False, "agents_enabled": False, "listed": True}
    assert entry.after == {"visible": True, "agents_enabled": True, "listed": False}


def test_an_older_version_is_refused_with_the_current_state(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    current = change(desk, model, visible=True)
    for attempt in (
        lambda: desk.rooms.models.change(model.id, ModelChanges(visible=False), BY, if_match=model.version),
        lambda: desk.rooms.models.delete(model.id, BY, if_match=model.version),
        lambda: desk.rooms.models.change(model.id, ModelChanges(), BY, if_match=-1),
    ):
        with pytest.raises(PreconditionFailed) as refused:
            attempt()
        assert refused.value.facts["current"] == current
    desk.rooms.models.delete(model.id, BY, if_match=current.version)


def test_all_models_are_streamed(desk: Desk) -> None:
    provider = desk.provider()
    made = [desk.model(provider, f"m{n}") for n in range(5)]
    desk.alias(made[0], "a")
    desk.rooms.models.delete(made[3].id, BY)
    found = list(desk.rooms.models.stream(ModelFilter()))
    assert [model.model_id for model in found] == ["m0", "m1", "m2", "m4"]
    assert found[0].aliases == ["a"]
    assert [model.model_id for model in desk.rooms.models.stream(ModelFilter(has_alias=True))] == ["m0"]


@pytest.mark.hard
def test_of_two_who_race_with_the_same_version_one_wins_and_no_change_is_lost(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    turns = count(25, 1_000)
    won: list[int] = []
    lost: list[int] = []
    start = threading.Barrier(2)

    def race(who: int) -> None:
        for turn in range(turns):
            start.wait()
            version = desk.rooms.models.get(model.id).version
            start.wait()  # both have read the same version
            try:
                said = ModelChanges(pins={"description": f"{turn} by {who}"})
                desk.rooms.models.change(model.id, said, BY, if_match=version)
                won.append(version)
            except PreconditionFailed as refused:
                lost.append(refused.facts["current"].version - 1)

    racers = [threading.Thread(target=race, args=(who,)) for who in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(won) == sorted(lost) == list(range(model.version, model.version + turns))
    assert desk.rooms.models.get(model.id).version == model.version + turns
