"""`lineup db copy`: what it says, and how it refuses."""

from pathlib import Path

from tests.cli.conftest import Lineup


def test_a_copy_tells_what_it_did_and_what_it_needs(lineup: Lineup, tmp_path: Path) -> None:
    told = lineup.json("db", "copy", "--to", str(tmp_path / "new"), "--dry-run")
    assert (told["dry_run"], told["rows"]["people"]) == (True, 1)
    assert not (tmp_path / "new").exists()
    done = lineup("db", "copy", "--to", str(tmp_path / "new"))
    assert done.exit_code == 0
    assert done.stdout.startswith("Copied ")
    assert "people: 1\n" in done.stderr
    assert "keyring.json" in done.stderr
    again = lineup("db", "copy", "--to", f"sqlite:{tmp_path / 'new'}")
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)
    assert "holds a Lineup already" in again.stderr


def test_an_address_that_is_none_is_refused_without_its_password(lineup: Lineup) -> None:
    for said in ("mysql://ann:canary-pw@host/db", "env:NOWHERE", "postgresql://x:canary-pw@127.0.0.1:9/none"):
        refused = lineup("db", "copy", "--to", said)
        assert refused.exit_code in (1, 78)
        assert refused.stderr.startswith("Error: ")
        assert "canary-pw" not in refused.output
