"""What a source says of models, written down: its words, what counts from then on, and one change set."""

from typing import Any

import msgspec
import pytest

from model_lineup.catalog.shapes import Fact, ModelChanges
from model_lineup.errors import ModelNotFound
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk


def counts(desk: Desk, row_id: int) -> dict[str, Any]:
    known = {one.field: one.effective for one in desk.rooms.facts.of(row_id).fields}
    return {field: (fact.value, fact.source) for field, fact in known.items() if fact is not None}


def said(desk: Desk, row_id: int, field: str) -> list[Fact]:
    return next(one.said for one in desk.rooms.facts.of(row_id).fields if one.field == field)


def test_a_probe_is_believed_until_an_admin_says_otherwise_and_again_when_he_takes_it_back(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    desk.rooms.facts.state("probe", {model.id: {"supports_tools": False}}, BY, "models.probe", by="run 1")
    assert desk.rooms.models.get(model.id).supports_tools is False
    desk.rooms.models.change(model.id, ModelChanges(pins={"supports_tools": True}), BY)
    assert counts(desk, model.id)["supports_tools"] == (True, "pin")
    assert [(fact.value, fact.source) for fact in said(desk, model.id, "supports_tools")] == [
        (True, "pin"),
        (False, "probe"),
    ]
    desk.rooms.models.change(model.id, ModelChanges(pins={"supports_tools": None}), BY)
    assert counts(desk, model.id)["supports_tools"] == (False, "probe")


def test_a_word_that_counts_is_one_change_set_and_one_that_does_not_is_none(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", pins={"context_length": 100})
    version, revision = desk.rooms.models.get(model.id).version, desk.revision()
    desk.rooms.facts.state("probe", {model.id: {"context_length": 200}}, BY, "models.probe")
    assert (desk.rooms.models.get(model.id).version, desk.revision()) == (version, revision)
    assert [fact.value for fact in said(desk, model.id, "context_length")] == [100, 200]
    receipt = desk.rooms.facts.state("probe", {model.id: {"supports_stop": True}}, BY, "models.probe")
    assert receipt.revision == desk.revision() == revision + 1
    [entry] = desk.last_change().entries or []
    assert entry.after == {"supports_stop": {"value": True, "source": "probe"}}
    known = msgspec.json.decode(desk.rooms.models.get(model.id).facts)
    assert known["supports_stop"]["value"] is True


def test_a_word_said_again_keeps_its_date(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(), "m")
    first = clock.now()
    for _ in range(2):
        desk.rooms.facts.state("probe", {model.id: {"supports_vision": True}}, BY, "models.probe", by="run 1")
        clock.advance(60)
    assert said(desk, model.id, "supports_vision") == [Fact(True, "probe", first, "run 1")]


def test_of_a_model_that_is_gone_nothing_is_written(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m")
    desk.rooms.models.delete(model.id, BY)
    before = desk.revision()
    receipt = desk.rooms.facts.state("probe", {model.id: {"supports_tools": True}}, BY, "models.probe")
    assert (receipt.revision, receipt.change_id) == (before, None)
    with pytest.raises(ModelNotFound):
        desk.rooms.facts.of(model.id)


def test_sources_that_disagree_are_marked(desk: Desk) -> None:
    model = desk.model(desk.provider(), "m", pins={"supports_tools": True, "supports_vision": True})
    told = {"supports_tools": False, "supports_vision": True}
    desk.rooms.facts.state("probe", {model.id: told}, BY, "models.probe")
    differs = {one.field for one in desk.rooms.facts.of(model.id).fields if one.differs}
    assert differs == {"supports_tools"}
