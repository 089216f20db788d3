"""`lineup config show`: values, origins, and no secret."""

from tests.cli.conftest import Lineup


def test_settings_are_shown_with_their_origin_and_without_secrets(nowhere: Lineup) -> None:
    env = {"LINEUP_PORT": "9000", "LINEUP_METRICS_TOKEN": "hush-hush"}
    said = nowhere.ok("config", "show", "--origin", env=env)
    rows = {line.split()[0]: line for line in said.splitlines()}
    assert rows["port"].split()[1:] == ["9000", "environment", "LINEUP_PORT"]
    assert "(set, not shown)" in rows["metrics_token"]
    assert rows["log_level"].split()[1:] == ["info", "default"]
    assert "hush" not in said
    assert "hush" not in str(nowhere.json("config", "show", env=env))


def test_a_file_is_an_origin(lineup: Lineup) -> None:
    (lineup.folder / "lineup.toml").write_text("port = 9001\n")
    found = lineup.json("config", "show", "--origin")
    assert found["port"] == {"value": 9001, "origin": str(lineup.folder / "lineup.toml")}
