"""`lineup models`, and how a model is named: by id, model_id, alias or slug/model_id."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Lineup, copied


@pytest.fixture(scope="module")
def stocked_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`alpha` and `org/beta:1` at `one`; `alpha` at `two`; the alias `first` for the second of them."""
    lineup = copied(made_once, tmp_path_factory.mktemp("stocked"))
    lineup.provider(name="One")
    lineup.provider(name="Two")
    lineup.ok("models", "add", "alpha", "--provider", "one", "--visible", "--tools")
    lineup.ok("models", "add", "org/beta:1", "--provider", "one", "--context-length", "4096")
    lineup.ok("models", "add", "alpha", "--provider", "two")
    lineup.ok("aliases", "add", "first", "2")
    return lineup.folder


@pytest.fixture
def stocked(stocked_once: Path, tmp_path: Path) -> Lineup:
    return copied(stocked_once, tmp_path)


@pytest.mark.parametrize("said", ["2", "org/beta:1", "first", "FIRST", "one/org/beta:1"])
def test_a_model_is_found_by_each_of_its_names(stocked: Lineup, said: str) -> None:
    assert stocked.json("models", "show", said)["id"] == 2


def test_a_model_id_at_two_providers_is_refused_with_the_candidates(stocked: Lineup) -> None:
    result = stocked("models", "show", "alpha")
    assert result.exit_code == 1
    assert "(ambiguous_model) Say which one: its id, or slug/model_id." in result.stderr
    assert "two" in result.stderr
    assert stocked.json("models", "show", "two/alpha")["id"] == 3


def test_a_model_whose_id_is_a_number_is_found_when_no_row_has_that_id(stocked: Lineup) -> None:
    stocked.ok("models", "add", "4711", "--provider", "one")
    assert stocked.json("models", "show", "4711")["model_id"] == "4711"


def test_one_model_is_shown_with_where_its_facts_come_from(stocked: Lineup) -> None:
    said = stocked.ok("models", "show", "first")
    assert "org/beta:1 (id 2, version" in said
    line = next(line for line in said.splitlines() if line.startswith("context_length"))
    assert line.split()[1:3] == ["4096", "pin"]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ([], [1, 2, 3]),
        (["--provider", "two"], [3]),
        (["--visible", "true"], [1]),
        (["--tools", "unknown"], [2, 3]),
        (["--q", "BETA", "--has-alias", "true"], [2]),
        (["--sort=-id", "--limit", "2"], [3, 2]),
    ],
)
def test_the_list_is_filtered_and_sorted(stocked: Lineup, filters: list[str], ids: list[int]) -> None:
    assert [row["id"] for row in stocked.json("models", "list", *filters)["models"]] == ids


def test_a_list_tells_what_it_leaves_out(stocked: Lineup) -> None:
    result = stocked("models", "list", "--limit", "2", "--offset", "1")
    assert "2–3 of 3; --limit and --offset show others." in result.stderr


def test_all_can_be_had_one_a_line(stocked: Lineup) -> None:
    lines = stocked.ok("models", "list", "--ndjson").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3]


def test_a_change_pins_and_inherit_takes_the_pin_away(stocked: Lineup) -> None:
    stocked.ok("models", "change", "first", "--display-name", "Beta", "--agents")
    assert stocked.json("models", "show", "2")["display_name"] == "Beta"
    stocked.ok("models", "change", "first", "--inherit", "display-name")
    changed: dict[str, Any] = stocked.json("models", "show", "2")
    assert (changed["display_name"], changed["agents_enabled"]) == ("org/beta:1", True)


def test_any_further_fact_is_pinned_and_given_back(stocked: Lineup) -> None:
    said = ("supports_reasoning=yes", "input_modalities=text, image", "base_model=gpt-4o")
    stocked.ok("models", "change", "first", *(word for one in said for word in ("--fact", one)))
    facts = stocked.json("models", "show", "2")["facts"]
    pinned = {field: fact["value"] for field, fact in facts.items() if fact["source"] == "pin"}
    assert pinned.pop("context_length") == 4096  # it was entered with the model
    assert pinned == {"supports_reasoning": True, "input_modalities": ["image", "text"], "base_model": "gpt-4o"}
    stocked.ok("models", "change", "first", "--inherit", "base_model", "--inherit", "input-modalities")
    assert "input_modalities" not in stocked.json("models", "show", "2")["facts"]
    assert stocked("models", "change", "first", "--fact", "supports_reasoning=perhaps").exit_code != 0
    assert stocked("models", "change", "first", "--fact", "no-equals-sign").exit_code == 2


def test_named_models_are_shown_and_hidden_at_once(stocked: Lineup) -> None:
    assert "2 models made visible, 1 needed nothing. Change" in stocked.ok(
        "models", "unhide", "1", "first", "two/alpha"
    )
    assert "Dry run, nothing stored. 3 models hidden." in stocked.ok("models", "hide", "--all", "--dry-run")
    hide = ["models", "hide", "--provider", "one", "--but", "first"]
    refused = stocked(*hide)
    assert refused.exit_code == 1
    assert "(name_would_move) Repeat with --confirm" in refused.stderr
    assert "1 model hidden" in stocked.ok(*hide, "--confirm")
    assert [row["id"] for row in stocked.json("models", "list", "--visible", "true")["models"]] == [2, 3]


def test_agents_are_let_in_and_kept_out(stocked: Lineup) -> None:
    assert "1 model enabled for agents" in stocked.ok("models", "agents-on", "--tools", "true")
    assert "1 model disabled for agents, 2 needed nothing" in stocked.ok("models", "agents-off", "--all")


def test_deleted_models_come_back_with_their_aliases(stocked: Lineup) -> None:
    assert "1 model deleted" in stocked.ok("models", "delete", "first")
    assert stocked("models", "show", "first").exit_code == 1
    assert "Restored org/beta:1 (id 2)." in stocked.ok("models", "restore", "2")
    assert stocked.json("models", "show", "first")["id"] == 2


def test_a_duplicate_is_refused_with_what_to_do(stocked: Lineup) -> None:
    result = stocked("models", "add", "alpha", "--provider", "two")
    assert result.exit_code == 1
    assert "(duplicate_model)" in result.stderr


def test_names_of_others_do_not_steer_the_terminal(stocked: Lineup) -> None:
    stocked.ok("models", "change", "2", "--description", "one\n\x1b[31mtwo\u202e")
    said = stocked.ok("changes", "show", str(stocked.json("changes", "list")["changes"][0]["id"]))
    assert "two" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
