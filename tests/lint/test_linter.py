"""What the linter finds, in a configuration where each rule has one thing to find and one to leave alone."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from model_lineup.catalog.shapes import Model, ModelChanges
from model_lineup.catalog.store import health
from model_lineup.errors import InvalidInput
from model_lineup.lint.linter import Linter
from model_lineup.lint.rules import all_rules
from model_lineup.lint.shapes import Finding
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk, ScriptedProvider

KNOWN = {"context_length": 1000, "pricing": {"input_per_million": 1, "output_per_million": 2}, "supports_tools": True}


def shown(desk: Desk, provider: Any, model_id: str, pins: dict[str, Any] | None = None, **more: Any) -> Model:
    return desk.model(provider, model_id, visible=True, confirm=True, pins={**KNOWN, **(pins or {})}, **more)


def found(desk: Desk, rule: str | None = None) -> list[Finding]:
    return desk.rooms.linter.page(rule=rule, severity=None, limit=1_000, offset=0).findings


def told(desk: Desk, rule: str) -> list[tuple[str, str]]:
    return [(one.subject.name, one.severity) for one in found(desk, rule)]


def test_a_sound_configuration_has_nothing_to_find(desk: Desk) -> None:
    shown(desk, desk.provider(), "m", agents_enabled=True)
    desk.model(1, "hidden")
    assert found(desk) == []


def test_facts_that_differ_between_providers(desk: Desk) -> None:
    a, b, c = (desk.provider(name) for name in ("A", "B", "C"))
    for provider in (a, b):
        shown(desk, provider, "same")
    shown(desk, a, "odd")
    shown(desk, b, "odd", {"context_length": 2000, "supports_tools": None})
    desk.model(c, "odd", pins={"context_length": 3000})
    [finding] = found(desk, "differing-facts")
    assert (finding.subject.name, finding.subject.provider) == ("odd", "a")
    assert finding.message == "2 providers offer this id and differ in context length: 1000 at a, 2000 at b."


def test_names_that_lead_elsewhere(desk: Desk) -> None:
    a, b = desk.provider("A"), desk.provider("B")
    first = shown(desk, a, "both")
    shown(desk, b, "both")
    shown(desk, a, "taken")
    desk.alias(first, "taken", allow_shadow=True, confirm=True)
    assert told(desk, "shadowed-name") == [("taken", "warning"), ("both", "info")]
    assert told(desk, "unreachable-model") == []
    desk.alias(first, "a/taken", allow_shadow=True, confirm=True)
    assert told(desk, "unreachable-model") == [("taken", "error")]
    assert told(desk, "shadowed-name") == [("both", "info")]


def test_an_alias_that_leads_nowhere(desk: Desk) -> None:
    provider = desk.provider()
    desk.alias(shown(desk, provider, "good"), "fine")
    hidden = desk.model(provider, "hidden")
    desk.alias(hidden, "lost")
    [finding] = found(desk, "alias-leads-nowhere")
    assert (finding.subject.type, finding.subject.name, finding.message) == (
        "alias",
        "lost",
        "'hidden' is hidden: callers get 404.",
    )


def test_ends_and_successors(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    hidden, good = desk.model(provider, "hidden"), shown(desk, provider, "good")
    soon, late = ((clock.now() + timedelta(days=days)).isoformat() for days in (10, 60))
    shown(desk, provider, "soon", {"lifecycle": {"sunset_at": soon, "successor_id": good.id}})
    shown(desk, provider, "late", {"lifecycle": {"sunset_at": late, "successor_id": hidden.id}})
    desk.model(provider, "unseen", pins={"lifecycle": {"sunset_at": soon, "successor_id": hidden.id}})
    assert told(desk, "retiring-soon") == [("soon", "warning")]
    assert found(desk, "retiring-soon")[0].message.endswith("in 10 days.")
    assert told(desk, "successor-hidden") == [("late", "warning")]


def test_an_end_that_only_a_catalogue_tells(desk: Desk, clock: ManualClock) -> None:
    shown(desk, desk.provider(base_url="https://api.openai.com/v1"), "gpt-one")
    end = (clock.now() + timedelta(days=5)).date().isoformat()
    entry = {"litellm_provider": "openai", "max_input_tokens": 5, "deprecation_date": end}
    desk.rooms.catalogues.refresh(json.dumps({"gpt-one": entry}).encode(), BY)
    [finding] = found(desk, "retiring-soon")
    assert finding.message == f"It ends on {end}, in 4 days, as a catalogue says."


def test_agents_without_tools(desk: Desk) -> None:
    provider = desk.provider()
    shown(desk, provider, "yes", agents_enabled=True)
    shown(desk, provider, "no", {"supports_tools": False}, agents_enabled=True)
    shown(desk, provider, "unknown", {"supports_tools": None}, agents_enabled=True)
    shown(desk, provider, "vectors", {"supports_tools": None, "task": "embedding"}, agents_enabled=True)
    shown(desk, provider, "people", {"supports_tools": False})
    assert told(desk, "agents-without-tools") == [("no", "warning"), ("unknown", "info")]


def test_visible_but_failing_or_gone_from_the_list(desk: Desk) -> None:
    provider = desk.provider()
    for name, passed in (("works", True), ("fails", False)):
        model = shown(desk, provider, name)
        with desk.rooms.database.write_activity() as connection:
            health.record_test(connection, model.id, passed=passed, last_test="{}")
    off = {"lifecycle": {"state": "inactive"}}
    listed = ScriptedProvider("gone", ("off", off))
    asyncio.run(desk.discovery(listed).fetch(provider.id, BY))
    gone = desk.rooms.models.find("gone")
    desk.rooms.models.change(gone.id, ModelChanges(visible=True, pins=KNOWN), BY)
    switched_off = desk.rooms.models.find("off")
    desk.rooms.models.change(switched_off.id, ModelChanges(visible=True, pins=KNOWN), BY)
    listed.lists("other", ("off", off))
    asyncio.run(desk.discovery(listed).fetch(provider.id, BY))
    assert told(desk, "visible-but-failing") == [("fails", "error"), ("gone", "warning"), ("off", "warning")]


def test_unknown_price_and_context(desk: Desk) -> None:
    public = desk.provider("A")
    private = desk.provider("B", base_url="http://10.0.0.1/v1", network_scope="private")
    for provider, name in ((public, "far"), (private, "near")):
        shown(desk, provider, name, {"context_length": None, "pricing": None})
    assert told(desk, "price-unknown") == [("far", "info")]
    assert told(desk, "context-unknown") == [("far", "info"), ("near", "info")]


def test_what_is_hidden_or_off_is_nobodys_trouble(desk: Desk) -> None:
    provider = desk.provider()
    model = shown(desk, provider, "m", {"context_length": None})
    assert told(desk, "context-unknown") == [("m", "info")]
    desk.change_provider(provider.id, enabled=False)
    assert found(desk) == []
    desk.change_provider(provider.id, enabled=True)
    desk.rooms.models.change(model.id, ModelChanges(visible=False), BY)
    assert found(desk) == []


def test_findings_are_filtered_paged_counted_and_silenced(desk: Desk, clock: ManualClock) -> None:
    provider = desk.provider()
    for number in range(5):
        shown(desk, provider, f"m{number}", {"context_length": None, "pricing": None})
    linter = desk.rooms.linter
    page = linter.page(rule="context-unknown", severity="info", limit=2, offset=4)
    assert ([one.subject.name for one in page.findings], page.total) == (["m4"], 5)
    assert page.by_severity == {"error": 0, "warning": 0, "info": 10}
    assert {one.rule: one.findings for one in page.rules if one.findings} == {"context-unknown": 5, "price-unknown": 5}
    assert linter.counts() == page.by_severity
    quiet = Linter(desk.rooms.database, clock, silenced=["price-unknown"])
    page = quiet.page(rule=None, severity=None, limit=10, offset=0)
    assert (page.total, [one.rule for one in page.rules if one.silenced]) == (5, ["price-unknown"])
    with pytest.raises(InvalidInput, match="no rule is called"):
        linter.page(rule="nonsense", severity=None, limit=1, offset=0)


def test_every_rule_says_what_it_is_about_and_what_to_do() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules) >= 10
    for rule in rules:
        assert rule.about.endswith(".")
        assert rule.remedy.endswith(".")
