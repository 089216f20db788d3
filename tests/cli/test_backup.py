"""`lineup backup`: where the file goes, what is said, and what cannot be asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Lineup

LINEUP = [sys.executable, "-m", "model_lineup.cli"]


def test_a_backup_without_a_path_is_a_new_file_here(
    lineup: Lineup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = lineup("backup")
    assert result.exit_code == 0
    (file,) = tmp_path.glob("lineup-backup-*.tar.gz")
    assert "1 people" in result.stdout
    assert result.stderr.endswith("somewhere else than the backups.\n")
    assert f"{file}: sound" in lineup.ok("backup", "--verify", str(file))


def test_json_is_the_manifest(lineup: Lineup, tmp_path: Path) -> None:
    told = lineup.json("backup", str(tmp_path / "b.tar.gz"))
    assert told["file"] == str(tmp_path / "b.tar.gz")
    assert told["manifest"]["rows"]["people"] == 1
    assert lineup.json("backup", "--verify", told["file"]) == told


def test_a_key_ring_inside_is_warned_of(lineup: Lineup, tmp_path: Path) -> None:
    result = lineup("backup", str(tmp_path / "b.tar.gz"), "--with-keyring")
    assert "Keep it like one." in result.stderr


def test_standard_output_is_the_backup_itself(lineup: Lineup, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    environment = {**kept, "LINEUP_DATA_DIR": str(lineup.folder)}
    done = subprocess.run([*LINEUP, "backup", "-"], capture_output=True, env=environment, check=True)
    (tmp_path / "b.tar.gz").write_bytes(done.stdout)
    assert lineup.json("backup", "--verify", str(tmp_path / "b.tar.gz"))["manifest"]["revision"] == 1
    assert sorted(file.name for file in lineup.folder.iterdir() if file.name.startswith(".")) == []


def test_a_file_that_is_there_is_kept(lineup: Lineup, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    lineup.ok("backup", str(path))
    refused = lineup("backup", str(path))
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    lineup.ok("backup", str(path), "--force")


def test_what_is_no_backup_is_refused_in_one_line(lineup: Lineup, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing")
    refused = lineup("backup", "--verify", str(tmp_path / "x"))
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert lineup("backup", "x", "--verify", "y").exit_code == 2
    assert lineup("backup", "-", "--json").exit_code == 2
