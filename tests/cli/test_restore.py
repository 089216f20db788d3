"""`lineup restore`: what it says, and how it refuses."""

from pathlib import Path

from tests.cli.conftest import Lineup


def test_a_restore_says_what_was_done_and_what_needs_a_look(lineup: Lineup, tmp_path: Path) -> None:
    lineup.ok("keys", "create", "ci", "--kind", "admin")
    path = str(tmp_path / "b.tar.gz")
    lineup.ok("backup", path)
    refused = lineup("restore", path)
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    said = lineup.ok("restore", path, "--replace")
    assert said.startswith("Restored revision 2")
    assert "before-restore-" in said
    assert "look through the others (`lineup keys list`): ci." in said
    told = lineup.json("restore", path, "--replace", "--revoke-keys")
    assert told["keys_disabled"] == ["ci"]
    assert Path(told["kept"]).is_dir()


def test_what_is_no_backup_changes_nothing(lineup: Lineup, tmp_path: Path) -> None:
    before = (lineup.folder / "lineup.db").read_bytes()
    refused = lineup("restore", str(tmp_path / "none"), "--replace")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert (lineup.folder / "lineup.db").read_bytes() == before
