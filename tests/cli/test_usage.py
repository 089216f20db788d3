"""`lineup usage`."""

import pytest

from model_lineup.app import open_instance
from model_lineup.settings import Settings
from tests.cli.conftest import Lineup
from tests.fakes.usage import entry


@pytest.fixture
def used(lineup: Lineup) -> Lineup:
    """Three requests to `big` and one that led nowhere."""
    lineup.provider()
    lineup.ok("models", "add", "big", "--provider", "local", "--visible")
    lineup.ok("keys", "create", "app", "--kind", "user")
    with open_instance(Settings.model_validate({"data_dir": lineup.folder})) as rooms:
        for number in range(3):
            rooms.ledger.note(entry(f"r{number}", name="best"))
        nowhere = {"model_row": None, "provider_id": None, "first_content_at": None}
        rooms.ledger.note(entry("n", name="nope", outcome="refused", code="model_not_found", status=404, **nowhere))
    return lineup


def test_usage_is_shown_by_model_and_by_what_is_asked_for(used: Lineup) -> None:
    said = used.ok("usage", "show")
    assert "big" in said
    assert "4 requests, 1 of them not completed." in said
    found = used.json("usage", "show", "--by", "key,outcome", "--model", "big", "--key-name", "app")
    assert [(group["key"]["name"], group["outcome"], group["requests"]) for group in found["groups"]] == [
        ("app", "completed", 3)
    ]
    used.ok("groups", "create", "crew")
    used.ok("groups", "add", "crew", "--member-key", "app")
    assert "crew" in used.ok("usage", "show", "--by", "group")
    assert used.json("usage", "show", "--group", "crew")["totals"]["requests"] == 4
    assert used.ok("usage", "show", "--to", "2020-01-01").strip() == "Nothing was used."


def test_a_request_is_found_by_its_id(used: Lineup) -> None:
    [found] = used.json("usage", "requests", "--request-id", "n")["requests"]
    assert (found["name"], found["code"]) == ("nope", "model_not_found")
    assert "model_not_found" in used.ok("usage", "requests", "--outcome", "refused")
    first = used("usage", "requests", "--limit", "3")
    assert "--before" in first.stderr


def test_impact_is_told_of_a_model_and_of_a_dry_run(used: Lineup) -> None:
    said = used.ok("models", "impact", "big")
    assert "3 requests in the last 30 days" in said
    assert "Without it: 404 model_not_found: The model 'big' does not exist" in said
    assert used.json("models", "impact", "big")["keys"][0]["name"] == "app"
    assert "1 key with 3 requests in the last 30 days" in used.ok("models", "hide", "big", "--dry-run")


def test_what_is_no_day_or_dimension_is_refused_in_words(used: Lineup) -> None:
    assert "like 2030-01-31" in used("usage", "show", "--from", "yesterday").stderr
    assert "is none of day, model" in used("usage", "show", "--by", "colour").stderr
