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


FILE = """
[providers.acme]
name = "Acme"
type = "openai"
base_url = "https://api.example.com/v1"
api_key = "{reference}"

[models.acme.small]
visible = true

[aliases.team]
model = "acme/small"
"""


def test_a_file_is_planned_applied_once_and_locks_its_rows(lineup: Lineup, tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(FILE.format(reference="env:ACME"))
    command = ("apply", "-f", str(file))
    planned = lineup(*command, "--dry-run", "--exit-code")
    assert (planned.exit_code, "+ model acme/small" in planned.stdout) == (2, True)
    assert "ours.toml: 3 added, 0 changed, 0 removed, 0 unchanged." in planned.stdout
    assert "env:ACME is not set here, and acme needs it." in planned.stderr
    refused = lineup(*command, "--yes")
    assert (refused.exit_code, "line 6, /providers/acme/api_key" in refused.stderr) == (1, True)
    nobody = lineup(*command, env={"ACME": KEY})
    assert (nobody.exit_code, "say --yes" in nobody.stderr) == (2, True)
    assert "Applied. Change" in lineup.ok(*command, "--yes", env={"ACME": KEY})
    assert "Nothing had to change." in lineup.ok(*command)
    assert lineup(*command, "--dry-run", "--exit-code").exit_code == 0
    assert "3 unchanged" in lineup.ok("apply", "-f", "-", "--label", "ours.toml", input=file.read_text())
    locked = lineup("models", "hide", "small")
    assert (locked.exit_code, "'ours.toml'" in locked.stderr, "`lineup take-over`" in locked.stderr) == (1, True, True)
    assert "1 row taken over: small." in lineup.ok("take-over", "--model", "acme/small")
    lineup.ok("models", "hide", "small")
    changed = lineup.ok(*command, "--dry-run")
    assert "~ model acme/small: visible: no → yes; managed_by: – → ours.toml" in changed
    assert KEY not in planned.output + changed


def test_a_key_is_read_from_a_file_where_the_command_runs(lineup: Lineup, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    file = FILE.format(reference=f"file:{secret}")
    assert "is not set here" in lineup("apply", "-f", "-", "--dry-run", input=file).stderr
    secret.write_text(f"{KEY}\n")
    assert "Applied" in lineup.ok("apply", "-f", "-", "--yes", input=file)
    assert lineup.json("providers", "show", "acme")["api_key_last4"] == KEY[-4:]
    assert f'api_key = "file:{secret}"' in lineup.ok("export")


def test_what_is_wrong_in_a_file_is_told_by_its_line(lineup: Lineup) -> None:
    refused = lineup("apply", "-f", "-", input="[aliases.a]\nmodel = 1")
    assert (refused.exit_code, "line 2, /aliases/a/model" in refused.stderr) == (1, True)
    assert lineup("apply", "-f", "nowhere.toml").exit_code == 2


def test_a_configuration_of_litellm_becomes_a_file_of_ours(nowhere: Lineup, tmp_path: Path) -> None:
    config, file = tmp_path / "config.yaml", tmp_path / "lineup.toml"
    config.write_text(
        "model_list:\n"
        "  - {model_name: fast, litellm_params: {model: groq/llama-3.3-70b, api_key: os.environ/GROQ, rpm: 3}}\n"
    )
    result = nowhere("import", "litellm", "-f", str(config), "-o", str(file))
    assert result.exit_code == 0
    assert "1 provider, 1 model, 1 alias; 1 not carried." in result.stderr
    assert "rpm: limits are set per key here" in result.stderr
    found = tomllib.loads(file.read_text())
    assert found["aliases"] == {"fast": {"model": "groq/llama-3.3-70b"}}
    assert not nowhere.folder.exists()
    config.write_text("model_list: [")
    refused = nowhere("import", "litellm", "-f", str(config))
    assert (refused.exit_code, "no YAML" in refused.stderr) == (1, True)
