"""A name that its owner chose, as of a deployment of Azure's, and the model behind it, whose facts are inherited."""

import asyncio
import json
from typing import Any

import pytest

from model_lineup.catalog.shapes import Model, ModelChanges, Provider
from tests.fakes.desk import BY, Desk, ScriptedProvider

AZURE = "https://acme.openai.azure.com"
FILE = json.dumps(
    {
        "azure": {
            "models": {
                "gpt-base": {
                    "id": "gpt-base",
                    "tool_call": True,
                    "limit": {"context": 128_000, "output": 16_384},
                    "cost": {"input": 3, "output": 12},
                },
                "gpt-other": {"id": "gpt-other", "limit": {"context": 9_000}},
            }
        },
        "openai": {
            "models": {"gpt-base": {"id": "gpt-base", "limit": {"context": 7}, "cost": {"input": 1, "output": 1}}}
        },
    }
).encode()


@pytest.fixture
def azure(desk: Desk) -> Provider:
    desk.rooms.catalogues.refresh(FILE, BY, name="mine")
    return desk.provider(type="azure", base_url=AZURE, api_key="k-0123456789")


def facts_of(desk: Desk, model: Model) -> dict[str, tuple[Any, str]]:
    known = desk.rooms.facts.of(model.id).fields
    return {one.field: (one.effective.value, one.effective.source) for one in known if one.effective is not None}


def say(desk: Desk, model: Model, base_model: str | None) -> int | None:
    return desk.rooms.models.change(model.id, ModelChanges(pins={"base_model": base_model}), BY)[1].change_id


def test_a_deployment_has_the_facts_of_the_model_that_is_said_to_be_behind_it(desk: Desk, azure: Provider) -> None:
    model = desk.model(azure, "our-team")
    before = facts_of(desk, model)
    assert not {"context_length", "pricing", "supports_tools"} & before.keys()
    change_id = say(desk, model, "gpt-base")
    known = facts_of(desk, model)
    assert known["base_model"] == ("gpt-base", "pin")
    assert known["context_length"] == (128_000, "catalogue")
    assert known["pricing"] == ({"input_per_million": 3.0, "output_per_million": 12.0}, "catalogue")
    assert known["supports_tools"] == (True, "catalogue")
    change = desk.last_change()
    assert (change.id, change.touched) == (change_id, 1)
    assert desk.rooms.models.get(model.id).version == model.version + 1
    say(desk, model, "gpt-other")
    assert facts_of(desk, model)["context_length"] == (9_000, "catalogue")
    assert "pricing" not in facts_of(desk, model)
    desk.rooms.catalogues.refresh(b"", BY)
    assert facts_of(desk, model)["context_length"] == (9_000, "catalogue")
    say(desk, model, None)
    assert facts_of(desk, model) == before


def test_a_model_can_arrive_with_it_and_keeps_it_over_another_catalogue(desk: Desk, azure: Provider) -> None:
    model = desk.model(azure, "our-team", pins={"base_model": "gpt-base", "max_output_tokens": 5})
    known = facts_of(desk, model)
    assert (known["context_length"], known["max_output_tokens"]) == ((128_000, "catalogue"), (5, "pin"))
    desk.rooms.catalogues.use(None, BY)
    assert facts_of(desk, model).get("supports_tools") is None
    desk.rooms.catalogues.use(1, BY)
    assert facts_of(desk, model)["supports_tools"] == (True, "catalogue")


def test_undo_takes_what_was_inherited_with_it(desk: Desk, azure: Provider) -> None:
    model = desk.model(azure, "our-team")
    before = desk.rooms.facts.of(model.id).fields
    change_id = say(desk, model, "gpt-base")
    assert change_id is not None
    desk.rooms.undo.undo([change_id], BY)
    assert desk.rooms.facts.of(model.id).fields == before


def test_only_an_administrators_word_counts_and_only_at_his_own_model(desk: Desk, azure: Provider) -> None:
    """What a list says of a base model changes nothing: it is a stranger's word."""
    other = desk.provider("Proxy", base_url="https://proxy.example.com/v1")
    listed = ScriptedProvider(("theirs", {"base_model": "gpt-base"}))
    asyncio.run(desk.discovery(listed).fetch(other.id, BY))
    assert "context_length" not in facts_of(desk, desk.rooms.models.find("theirs"))
    model, twin = desk.model(azure, "our-team"), desk.model(azure, "our-twin")
    say(desk, model, "gpt-base")
    assert "context_length" not in facts_of(desk, twin)
    mine = desk.model(other, "mine", pins={"base_model": "gpt-base"})
    assert facts_of(desk, mine).get("pricing") is None  # at an unknown service it stays a guess, and they disagree
    assert facts_of(desk, mine).get("context_length") is None


def test_what_azures_list_says_of_a_base_model_counts_for_its_deployments(desk: Desk, azure: Provider) -> None:
    """And is a fetch like any other: with a plan, once, taken back when the list says nothing more of it."""
    ours, theirs = (desk.model(azure, name) for name in ("our-team", "unheard-of"))
    same, gone = (desk.model(azure, name) for name in ("GPT-other", "gpt-base"))
    desk.rooms.models.delete(gone.id, BY, confirm=True)
    say(desk, ours, "gpt-base")
    said = {"task": "chat", "lifecycle": {"state": "deprecated", "retires_at": 1_900_000_000}}
    listed = ScriptedProvider(("gpt-base", said), ("gpt-other", {"task": "embedding"}), "gpt-third")
    listed.offers_only_what_could_be_deployed = True
    plan = asyncio.run(desk.plans(listed).make(azure.id, BY))
    assert (plan.counts.added, plan.counts.changed, plan.counts.vanished) == (0, 2, 0)
    fetched = asyncio.run(desk.discovery(listed).fetch(azure.id, BY))
    assert {one.model_id for one in fetched.changed} == {"our-team", "GPT-other"}
    known = facts_of(desk, ours)
    assert known["task"] == ("chat", "provider")
    assert known["expected_end"] == ("2030-03-17", "provider")
    assert known["is_deprecated"] == (True, "provider")
    assert "lifecycle" not in known  # a deployment mostly outlives its model, as a newer one
    assert facts_of(desk, same)["task"] == ("embedding", "provider")
    assert "task" not in {field for field, (_, source) in facts_of(desk, theirs).items() if source != "default"}
    again = asyncio.run(desk.discovery(listed).fetch(azure.id, BY))
    assert (again.changed, again.candidates) == ([], ["gpt-base", "gpt-other", "gpt-third"])
