"""`lineup rotate-keys` and `make-keyring`: what they say and what comes next."""

import os
import stat

from tests.cli.conftest import Lineup


def test_keys_are_rotated_and_old_ones_retired(lineup: Lineup) -> None:
    lineup.ok("providers", "add", "Cloud", "https://api.example.com/v1", "--api-key-stdin", input="sk-secret-1234")
    said = lineup("rotate-keys")
    assert said.stdout.startswith("1 secret sealed anew under the key ")
    assert "--retire" in said.stderr
    assert lineup.json("rotate-keys", "--retire")["kept"] == []
    assert "nothing was taken out" in lineup.ok("rotate-keys", "--retire")
    assert "nothing is sealed under it yet" in lineup.ok("rotate-keys", "--prepare")
    assert lineup("rotate-keys", "--prepare").exit_code == 1
    assert lineup("rotate-keys", "--prepare", "--retire").exit_code == 2
    assert "1 secret sealed anew" in lineup.ok("rotate-keys")


def test_a_folder_without_a_lineup_stays_empty(nowhere: Lineup) -> None:
    assert nowhere("rotate-keys").exit_code == 78
    assert not nowhere.folder.exists()


def test_a_ring_is_made_before_there_is_a_lineup(nowhere: Lineup) -> None:
    file = nowhere.folder.with_name("ring") / "keyring.json"
    said = nowhere("make-keyring", str(file))
    assert said.stdout.startswith("Wrote a key ring with the key ")
    assert not nowhere.folder.exists()
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    again = nowhere("make-keyring", str(file))
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert file.read_bytes() == before
    nowhere.folder.mkdir(mode=0o700)
    file.rename(nowhere.folder / "keyring.json")
    nowhere.ok("create-admin", "ann@example.com", "--password-stdin", input="correct horse battery")
    assert (nowhere.folder / "keyring.json").read_bytes() == before


def test_a_ring_that_cannot_be_written_is_said(nowhere: Lineup) -> None:
    said = nowhere("make-keyring", os.devnull + "/keyring.json")
    assert said.exit_code == 2
    assert "cannot be written" in said.stderr
