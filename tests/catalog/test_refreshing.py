"""A catalogue taken into use: whose values change, in one change set, as rehearsed, and back again."""

import asyncio
import json
from typing import Any

import pytest

from model_lineup.catalog.refreshing import Refreshed
from model_lineup.catalog.shapes import Model, ModelChanges
from model_lineup.catalogues import store as catalogue_store
from model_lineup.errors import InvalidInput, NotFound
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk, ScriptedProvider

OPENAI = "https://api.openai.com/v1"


def file(**windows: int) -> bytes:
    entries = {
        f"gpt-{name}": {"id": f"gpt-{name}", "tool_call": True, "limit": {"context": window}}
        for name, window in windows.items()
    }
    return json.dumps({"openai": {"models": entries}}).encode()


def refresh(desk: Desk, body: bytes = b"", **more: Any) -> Refreshed:
    return desk.rooms.catalogues.refresh(body, BY, **more)


def counts(desk: Desk, model: Model, field: str = "context_length") -> tuple[Any, str] | None:
    known = next(one.effective for one in desk.rooms.facts.of(model.id).fields if one.field == field)
    return None if known is None else (known.value, known.source)


def test_a_refresh_is_one_change_set_which_its_dry_run_foretells(desk: Desk) -> None:
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-one")
    before = desk.tables()
    foretold = refresh(desk, file(one=1000), name="mine", dry_run=True)
    assert desk.tables() == before
    done = refresh(desk, file(one=1000), name="mine")
    assert (foretold.fields, foretold.models, foretold.models_changed) == (done.fields, done.models, 1)
    assert done.fields == {"context_length": 1, "supports_tools": 1, "task": 1}
    change = desk.last_change()
    assert (change.operation, change.id, change.touched) == ("catalogues.refresh", done.change_id, 2)
    assert counts(desk, model) == (1000, "catalogue")
    [said] = next(one.said for one in desk.rooms.facts.of(model.id).fields if one.field == "supports_tools")
    assert (said.value, said.by) == (True, "mine")


def test_the_same_file_again_changes_nothing(desk: Desk, clock: ManualClock) -> None:
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-one")
    refresh(desk, file(one=1000))
    revision, version = desk.revision(), desk.rooms.models.get(model.id).version
    clock.advance(3_600)
    again = refresh(desk, file(one=1000))
    assert (again.unchanged, again.models_changed, again.change_id) == (True, 0, None)
    assert (refresh(desk).models_changed, desk.revision()) == (0, revision)
    assert desk.rooms.models.get(model.id).version == version


def test_a_pin_a_probe_and_the_providers_list_stand_above_it(desk: Desk) -> None:
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-one", pins={"context_length": 5})
    desk.rooms.facts.state("probe", {model.id: {"supports_tools": False}}, BY, "models.probe")
    refresh(desk, file(one=1000))
    assert counts(desk, model) == (5, "pin")
    assert counts(desk, model, "supports_tools") == (False, "probe")
    desk.rooms.models.change(model.id, ModelChanges(pins={"context_length": None}), BY)
    assert counts(desk, model) == (1000, "catalogue")


def test_the_same_id_at_two_services_is_never_mixed(desk: Desk) -> None:
    body = json.dumps(
        {
            "openai": {"models": {"m": {"id": "m", "limit": {"context": 1000}}}},
            "groq": {"models": {"m": {"id": "m", "limit": {"context": 2000}}}},
        }
    ).encode()
    refresh(desk, body)
    bases = {"A": OPENAI, "B": "https://api.groq.com/openai/v1", "C": "https://c.example/v1"}
    made = [desk.model(desk.provider(name, base_url=url), "m") for name, url in bases.items()]
    assert [counts(desk, model) for model in made] == [(1000, "catalogue"), (2000, "catalogue"), None]


def test_a_model_that_arrives_inherits_in_the_change_that_makes_it(desk: Desk) -> None:
    refresh(desk, file(one=1000))
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-one")
    assert (model.version, model.context_length, model.supports_tools) == (1, 1000, True)
    [entry] = desk.last_change().entries or []
    assert (entry.before, entry.after["context_length"]) == ({}, 1000)


def test_what_a_list_brings_inherits_too(desk: Desk) -> None:
    refresh(desk, file(one=1000, two=2000))
    provider = desk.provider(base_url=OPENAI)
    listed = ScriptedProvider(("gpt-one", {"context_length": 7}), "gpt-two", "other")
    asyncio.run(desk.discovery(listed).fetch(provider.id, BY))
    found = {model.model_id: model.context_length for model in desk.rooms.models.these([1, 2, 3])}
    assert found == {"gpt-one": 7, "gpt-two": 2000, "other": None}


def test_a_provider_that_moves_inherits_what_is_true_there(desk: Desk) -> None:
    refresh(desk, file(one=1000))
    provider = desk.provider(base_url="http://10.1.2.3/v1", network_scope="private")
    model = desk.model(provider, "gpt-one")
    assert counts(desk, model) is None
    desk.change_provider(provider.id, base_url=OPENAI, network_scope="public")
    assert counts(desk, model) == (1000, "catalogue")
    desk.change_provider(provider.id, base_url="https://proxy.example/v1")
    assert counts(desk, model) == (1000, "guess")


def test_an_earlier_one_is_taken_back_or_none(desk: Desk) -> None:
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-one")
    first, second = refresh(desk, file(one=1000)).catalogue, refresh(desk, file(one=2000)).catalogue
    assert first is not None
    assert second is not None
    assert counts(desk, model) == (2000, "catalogue")
    assert desk.rooms.catalogues.use(first.id, BY).models_changed == 1
    assert counts(desk, model) == (1000, "catalogue")
    assert desk.rooms.catalogues.use(None, BY).catalogue is None
    assert counts(desk, model) is None
    assert desk.rooms.catalogues.use(None, BY).unchanged
    with pytest.raises(NotFound):
        desk.rooms.catalogues.use(99, BY)


def test_the_newest_are_kept_and_the_one_in_use(desk: Desk) -> None:
    for window in range(1, catalogue_store.KEPT + 4):
        refresh(desk, file(one=window))
    listed = desk.rooms.catalogues.listed().catalogues
    assert [one.in_use for one in listed] == [True, *[False] * (catalogue_store.KEPT - 1)]
    oldest = listed[-1].id
    desk.rooms.catalogues.use(oldest, BY)
    for window in range(20, 23):
        refresh(desk, file(one=window), dry_run=True)
    assert oldest in [one.id for one in desk.rooms.catalogues.listed().catalogues]


def test_what_is_no_catalogue_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.model(desk.provider(base_url=OPENAI), "gpt-one")
    refresh(desk, file(one=1000))
    before = desk.tables()
    for bad in (b"{", b"[]", b'{"openai": {"models": {}}}', b'{"openai": {"models": {"a": {}}}}'):
        with pytest.raises(InvalidInput):
            refresh(desk, bad)
    assert desk.tables() == before


def test_the_packaged_prices_are_there_without_any_file(desk: Desk) -> None:
    model = desk.model(desk.provider(base_url=OPENAI), "gpt-4o")
    assert counts(desk, model) == (128000, "catalogue")
    price = counts(desk, model, "pricing")
    assert price is not None
    assert price[0]["output_per_million"] == 10
    own = desk.model(desk.provider("vLLM", base_url="http://10.1.2.3/v1", network_scope="private"), "gpt-4o")
    assert (counts(desk, own), counts(desk, own, "pricing")) == (None, None)
