"""`lineup rotate-keys`: what it says and what comes next."""

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
