"""`lineup catalog`, `lineup models facts`."""

import json
from pathlib import Path

from tests.cli.conftest import Lineup

FILE = {"openai": {"models": {"gpt-one": {"id": "gpt-one", "tool_call": True, "limit": {"context": 1000}}, "odd": 1}}}


def test_a_catalogue_is_rehearsed_taken_and_seen_at_the_model(lineup: Lineup, tmp_path: Path) -> None:
    lineup.ok("providers", "add", "OpenAI", "https://api.openai.com/v1")
    lineup.ok("models", "add", "gpt-one", "--provider", "openai")
    file = tmp_path / "api.json"
    file.write_text(json.dumps(FILE))
    said = lineup.ok("catalog", "refresh", "--file", str(file), "--dry-run")
    assert "1 entries taken, 1 skipped." in said
    assert "1 model would change: context_length 1" in said
    assert "gpt-one: supports_tools unknown -> yes (catalogue)" in said
    assert lineup.json("catalog", "refresh", "--file", str(file))["models_changed"] == 1
    assert "api.json" in lineup.ok("catalog", "list")
    assert "api.json" in lineup.ok("models", "facts", "gpt-one")
    assert "1 model changed" in lineup.ok("catalog", "use", "none")


def test_what_cannot_be_a_catalogue_is_refused_in_words(lineup: Lineup, tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    file.write_text("{")
    refused = lineup("catalog", "refresh", "--file", str(file))
    assert refused.exit_code == 1
    assert "is not JSON" in refused.stderr
    file.write_text("{}")
    assert "none of the formats" in lineup("catalog", "refresh", "--file", str(file)).stderr
    assert lineup("catalog", "use", "mine").exit_code == 1
    assert lineup("catalog", "use", "7").exit_code == 1
