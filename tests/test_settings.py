"""Settings: where each comes from, and what is refused in words that help."""

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from model_lineup.errors import StartRefused
from model_lineup.settings import PREFIX, Settings, load

CANARY = "canary-7d1e5a90"
SECRETS = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def written(folder: Path, content: str, name: str = "lineup.toml") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_without_anything_all_settings_have_their_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load({})
    assert dict(loaded.settings) == dict(Settings.model_validate({}))
    assert set(loaded.origin.values()) == {"default"}
    assert set(loaded.origin) == set(Settings.model_fields)


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(folder: Path) -> None:
    file = written(folder, "port = 1\nhost = '10.0.0.1'\nlog_level = 'error'\nbulk_ids = 7\n")
    env = {"LINEUP_PORT": "2", "LINEUP_HOST": "10.0.0.2", "LINEUP_RUNS_AT_ONCE": "3", "PATH": "/bin"}
    loaded = load(env, file, port=3, public_url=None)
    settings = loaded.settings
    assert (settings.port, settings.host, settings.log_level, settings.bulk_ids) == (3, "10.0.0.2", "error", 7)
    assert (settings.runs_at_once, settings.public_url, settings.keep_alive_s) == (3, None, 75)
    assert {name: where for name, where in loaded.origin.items() if where != "default"} == {
        "port": "command line",
        "host": "environment LINEUP_HOST",
        "runs_at_once": "environment LINEUP_RUNS_AT_ONCE",
        "log_level": str(file),
        "bulk_ids": str(file),
    }


def test_an_empty_variable_is_as_none(folder: Path) -> None:
    file = written(folder, "port = 1")
    assert load({"LINEUP_PORT": ""}, file).settings.port == 1


@pytest.mark.parametrize("how", ["option", "environment"])
def test_the_file_lies_in_the_data_directory_by_default(folder: Path, how: str) -> None:
    written(folder, "port = 7")
    loaded = load({}, data_dir=folder) if how == "option" else load({"LINEUP_DATA_DIR": str(folder)})
    assert (loaded.settings.port, loaded.settings.data_dir) == (7, folder)
    assert loaded.origin["port"] == str(folder / "lineup.toml")


def test_lineup_config_names_another_file_and_an_option_wins_over_it(folder: Path) -> None:
    written(folder, "port = 1")
    named, given = written(folder, "port = 2", "named.toml"), written(folder, "port = 3", "given.toml")
    env = {"LINEUP_DATA_DIR": str(folder), "LINEUP_CONFIG": str(named)}
    assert load(env).settings.port == 2
    assert load(env, given).settings.port == 3
    assert load({**env, "LINEUP_CONFIG": ""}).settings.port == 1


def test_a_file_that_was_named_must_be_there(folder: Path) -> None:
    for env, file in (({"LINEUP_CONFIG": str(folder / "no.toml")}, None), ({}, folder / "no.toml")):
        with pytest.raises(StartRefused, match=r"no\.toml\. Create it"):
            load(env, file)
    with pytest.raises(StartRefused, match="Create it"):
        load({"LINEUP_CONFIG": str(folder)})


@pytest.mark.parametrize("content", [b"port = ", b"port = 1\nport = 2", b"\xff\xfe", b"[", b"key"])
def test_a_file_that_is_no_toml_is_named(folder: Path, content: bytes) -> None:
    file = folder / "lineup.toml"
    file.write_bytes(content)
    with pytest.raises(StartRefused, match="cannot be read as TOML") as refused:
        load({}, file)
    assert str(file) in refused.value.detail


def test_a_misspelt_variable_is_refused_by_name(folder: Path) -> None:
    env = {"LINEUP_DATA_DIR": str(folder), "LINEUP_PROT": CANARY, "LINEUP_CONFIGG": CANARY, "LINEUP_": CANARY}
    with pytest.raises(StartRefused, match="LINEUP_, LINEUP_CONFIGG, LINEUP_PROT: no such setting") as refused:
        load(env)
    assert "config show" in refused.value.detail
    assert CANARY not in refused.value.detail


@pytest.mark.parametrize("content", ["prot = 'canary-7d1e5a90'", "[server]\nport = 1", "PORT = 1", "config = 'x'"])
def test_a_misspelt_name_in_the_file_is_refused_with_the_file_and_the_remedy(folder: Path, content: str) -> None:
    file = written(folder, content)
    with pytest.raises(StartRefused, match="no such setting") as refused:
        load({}, file)
    assert str(file) in refused.value.detail
    assert "config show" in refused.value.detail
    assert CANARY not in refused.value.detail


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("port", "many", "valid integer"),
        ("port", "65536", "65535"),
        ("port", "-1", "greater than or equal to 0"),
        ("port", "8484.5", "integer"),
        ("log_level", "INFO", "debug|info|warning|error"),
        ("egress_max_scope", "everywhere", "public|private|loopback"),
        ("drain_s", "nan", "3600"),
        ("keep_alive_s", "inf", "3600"),
        ("run_lease_s", "1", "greater than 1"),
        ("access_token_minutes", "0", "greater than or equal to 1"),
        ("fetch_models", "200001", "200000"),
    ],
)
def test_a_bad_value_is_refused_with_its_name_its_origin_and_what_would_be_right(
    folder: Path, name: str, value: str, why: str
) -> None:
    variable = PREFIX + name.upper()
    with pytest.raises(StartRefused) as refused:
        load({"LINEUP_DATA_DIR": str(folder), variable: value})
    for part in (repr(name), f"environment {variable}", why, str(Settings.model_fields[name].description)):
        assert part in refused.value.detail


def test_all_bad_values_are_told_at_once(folder: Path) -> None:
    file = written(folder, "port = 'x'\nlog_level = 'loud'\n")
    with pytest.raises(StartRefused) as refused:
        load({"LINEUP_BULK_IDS": "0"}, file)
    assert all(name in refused.value.detail for name in ("'port'", "'log_level'", "'bulk_ids'"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_can_come_from_the_environment_and_says_what_it_is(folder: Path, name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    default: Any = field.get_default()
    value = CANARY if default is None else str(default)
    loaded = load({"LINEUP_DATA_DIR": str(folder), PREFIX + name.upper(): value})
    stored = getattr(loaded.settings, name)
    plain = stored.get_secret_value() if isinstance(stored, SecretStr) else stored
    assert (str(plain) if default is None else plain) == (value if default is None else default)
    assert loaded.origin[name] == f"environment {PREFIX}{name.upper()}"


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_masked_wherever_settings_are_shown(folder: Path, name: str) -> None:
    loaded = load({"LINEUP_DATA_DIR": str(folder), PREFIX + name.upper(): CANARY})
    settings = loaded.settings
    for shown in (repr(loaded), str(settings), repr(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert CANARY not in shown
    file = written(folder, f"{name} = ['{CANARY}']\n")
    with pytest.raises(StartRefused) as refused:
        load({}, file)
    assert CANARY not in refused.value.detail


def test_what_could_be_a_secret_by_its_name_is_one() -> None:
    telling = [
        name for name in Settings.model_fields if name.endswith(("_password", "_token", "_key", "_url", "_secret"))
    ]
    assert set(telling) - set(SECRETS) == {"public_url"}
    assert set(SECRETS) == {"admin_password", "metrics_token", "database_url", "oidc_client_secret"}


def test_settings_stay_as_they_were_read() -> None:
    settings = Settings.model_validate({})
    with pytest.raises(ValidationError):
        settings.port = 1
    assert settings.port == 8484


def test_the_file_is_read_and_never_written(folder: Path) -> None:
    file = written(folder, "port = 1")
    file.chmod(stat.S_IRUSR)
    load({}, file)
    assert file.read_text() == "port = 1"
    assert [path.name for path in folder.iterdir()] == ["lineup.toml"]
