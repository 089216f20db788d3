"""`lineup aliases` and `lineup resolve`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Lineup


@pytest.fixture
def stocked(lineup: Lineup) -> Lineup:
    lineup.provider()
    lineup.ok("models", "add", "big", "--provider", "local", "--visible")
    lineup.ok("models", "add", "small", "--provider", "local", "--visible", "--agents")
    return lineup


def test_an_alias_is_added_pointed_elsewhere_and_deleted(stocked: Lineup) -> None:
    assert "fast now means small at local." in stocked.ok("aliases", "add", "fast", "small", "--fallback", "big")
    assert "big" in stocked.ok("aliases", "list")
    said = stocked.ok("aliases", "change", "FAST", "--to", "big", "--no-fallbacks", "--description", "quick")
    assert "fast means big at local." in said
    row = stocked.json("aliases", "list")["aliases"][0]
    assert (row["model_id"], row["fallbacks"], row["description"]) == ("big", [], "quick")
    assert "Deleted fast. Change" in stocked.ok("aliases", "delete", "fast")
    assert "No aliases yet" in stocked.ok("aliases", "list")


def test_an_alias_over_a_visible_model_needs_a_word_more(stocked: Lineup) -> None:
    result = stocked("aliases", "add", "big", "small")
    assert result.exit_code == 1
    assert "--allow-shadow" in result.stderr
    added = stocked("aliases", "add", "big", "small", "--allow-shadow")
    assert "Warning: This alias has the name of model 1" in added.stderr
    assert stocked.json("resolve", "big")["model"]["model_id"] == "small"


def test_resolving_explains_itself_and_fails_where_nobody_answers(stocked: Lineup) -> None:
    stocked.ok("aliases", "add", "fast", "big")
    assert "'fast' is answered by 'big' at local." in stocked.ok("resolve", "fast")
    agent = stocked("resolve", "fast", "--as", "agent")
    assert (agent.exit_code, "not enabled for agents" in agent.stdout) == (1, True)
    typo = stocked("resolve", "fats")
    assert (typo.exit_code, "Did you mean fast?" in typo.stderr) == (1, True)
    stocked.ok("models", "hide", "big")
    assert "It is hidden, or its provider is off" in stocked("resolve", "fast").stderr


def test_many_are_imported_or_none(stocked: Lineup, tmp_path: Path) -> None:
    good = [{"model_id": "big", "alias": "a"}, {"model_id": "small", "alias": "b"}]
    file = tmp_path / "aliases.json"
    file.write_text(json.dumps(good))
    assert "Dry run, nothing stored. 2 created" in stocked.ok("aliases", "import", str(file), "--dry-run")
    assert "2 created, 0 updated, 0 unchanged. Change" in stocked.ok("aliases", "import", str(file))
    bad = {"aliases": [*good, {"model_id": "none", "alias": "c"}], "mode": "upsert"}
    refused = stocked("aliases", "import", "-", input=json.dumps(bad))
    assert refused.exit_code == 1
    assert "(import_conflict)" in refused.stderr
    assert "no model is registered as 'none'" in refused.stderr


def test_a_file_that_is_no_json_is_named(stocked: Lineup) -> None:
    result = stocked("aliases", "import", "-", input="alias,model\n")
    assert result.exit_code == 1
    assert "is not JSON" in result.stderr
