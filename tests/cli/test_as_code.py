"""`lineup export`: the configuration as one file, to look at and to keep."""

import json
import tomllib
from pathlib import Path

from tests.cli.conftest import Lineup

KEY = "sk-canary-0123456789"


def test_the_configuration_is_written_out_without_its_keys(lineup: Lineup, tmp_path: Path) -> None:
    lineup.ok("providers", "add", "Acme", "https://api.example.com/v1", "--api-key-env", "ACME", env={"ACME": KEY})
    lineup.ok("models", "add", "small", "--provider", "acme", "--visible")
    result = lineup("export")
    assert "The key of acme was entered by hand" in result.stderr
    assert KEY not in result.output
    found = tomllib.loads(result.stdout)
    assert found["providers"]["acme"]["api_key"] == "env:LINEUP_ACME_API_KEY"
    assert found["models"] == {"acme": {"small": {"visible": True}}}
    lineup.ok("export", "-o", str(tmp_path / "lineup.toml"))
    assert (tmp_path / "lineup.toml").read_text() == result.stdout
    assert json.loads(lineup.ok("export", "--json"))["models"] == found["models"]


def test_a_file_that_cannot_be_written_is_named(lineup: Lineup, tmp_path: Path) -> None:
    refused = lineup("export", "-o", str(tmp_path / "none" / "lineup.toml"))
    assert (refused.exit_code, "lineup.toml: cannot be written" in refused.stderr) == (2, True)
