"""`lineup doctor`: what it says of sound and of broken Lineups, and that it changes nothing."""

import json
import shutil
import socket
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from model_lineup.database import listening
from tests.cli.conftest import Lineup
from tests.fakes.cable import cable


def _checks(lineup: Lineup, *more: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Name → check."""
    result = lineup("doctor", "--json", *more, env={"LINEUP_PORT": str(_free_port()), **(env or {})})
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".db", ".json")}


def test_a_sound_lineup_is_all_ok_and_stays_as_it_was(lineup: Lineup) -> None:
    before = _content(lineup.folder)
    checks = _checks(lineup)
    assert {check["state"] for name, check in checks.items() if name not in ("SQLite", "demo's model")} == {"ok"}
    assert {"port", "disk", "key ring", "database", "sealed keys", "sign-in", "providers"} <= set(checks)
    assert _content(lineup.folder) == before


def test_the_text_has_a_line_each_and_a_sum(lineup: Lineup) -> None:
    said = lineup.ok("doctor", env={"LINEUP_PORT": str(_free_port())})
    assert "ok   database" in said
    assert "0 broken." in said


def test_an_empty_folder_is_only_to_be_looked_at(nowhere: Lineup) -> None:
    checks = _checks(nowhere)
    assert checks["data folder"]["state"] == "warn"
    assert "database" not in checks
    assert not nowhere.folder.exists()


def test_a_missing_key_ring_fails_with_its_remedy(lineup: Lineup) -> None:
    (lineup.folder / "keyring.json").unlink()
    result = lineup("doctor")
    assert result.exit_code == 2
    assert "FAIL key ring" in result.stdout
    assert "→ Restore it from your backup" in result.stdout
    assert not (lineup.folder / "keyring.json").exists()


def test_a_key_ring_that_others_can_read_fails(lineup: Lineup) -> None:
    (lineup.folder / "keyring.json").chmod(0o644)
    assert "chmod 600" in _checks(lineup)["key ring"]["finding"]


def test_a_folder_that_others_can_open_is_to_be_looked_at(lineup: Lineup) -> None:
    lineup.folder.chmod(0o755)
    assert _checks(lineup)["data folder"]["remedy"] == f"chmod 700 {lineup.folder}"


def test_the_key_ring_of_another_lineup_fails(lineup: Lineup, nowhere: Lineup) -> None:
    nowhere.ok("create-admin", "bob@example.com", "--password-stdin", input="correct horse battery")
    shutil.copy(nowhere.folder / "keyring.json", lineup.folder / "keyring.json")
    assert "does not open this database" in _checks(lineup)["instance"]["finding"]


@pytest.mark.parametrize("file", ["lineup.db", "activity.db"])
def test_a_database_that_is_none_fails(lineup: Lineup, file: str) -> None:
    (lineup.folder / file).write_bytes(b"not a database, " * 1000)
    assert _checks(lineup)["database"]["state"] == "fail"


def test_a_missing_second_file_fails_and_is_not_made(lineup: Lineup) -> None:
    (lineup.folder / "activity.db").unlink()
    assert "activity.db is missing" in _checks(lineup)["database"]["finding"]
    assert not (lineup.folder / "activity.db").exists()


def test_tables_of_an_older_lineup_are_left_as_they_are(lineup: Lineup) -> None:
    with sqlite3.connect(lineup.folder / "activity.db") as activity:
        activity.execute("DELETE FROM alembic_version")
    activity.close()
    before = _content(lineup.folder)
    assert "older Lineup" in _checks(lineup)["database"]["finding"]
    assert _content(lineup.folder) == before


def test_a_provider_whose_key_does_not_open_is_named(lineup: Lineup) -> None:
    lineup.ok("providers", "add", "Cloud", "https://api.example.com/v1", "--api-key-stdin", input="sk-secret-1234")
    with sqlite3.connect(lineup.folder / "lineup.db") as database:
        database.execute("UPDATE providers SET sealed_key = replace(sealed_key, 'v1.', 'v1.x')")
    database.close()
    check = _checks(lineup)["provider cloud"]
    assert check["state"] == "fail"
    assert "lineup providers change cloud --api-key-prompt" in check["remedy"]


def test_providers_are_asked_only_when_wanted(lineup: Lineup) -> None:
    lineup.provider()
    assert "provider local" not in _checks(lineup)
    assert _checks(lineup, "--online")["provider local"]["state"] == "fail"


def test_a_port_that_something_else_holds_is_to_be_looked_at(lineup: Lineup) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.listen()
        port = str(other.getsockname()[1])
        other.close()
    with socket.create_server(("127.0.0.1", int(port))) as other, _closing_everybody(other):
        assert "taken by something else" in _checks(lineup, env={"LINEUP_PORT": port})["port"]["finding"]


class _closing_everybody:  # noqa: N801 - reads like a function
    """Accepts and closes at once, as a server of another protocol would."""

    def __init__(self, listener: socket.socket) -> None:
        import threading

        self._thread = threading.Thread(target=self._close_all, args=(listener,), daemon=True)

    def _close_all(self, listener: socket.socket) -> None:
        try:
            while True:
                listener.accept()[0].close()
        except OSError:
            return

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        return None


def test_a_setting_that_is_wrong_ends_it(lineup: Lineup) -> None:
    result = lineup("doctor", env={"LINEUP_PORT": "many"})
    assert result.exit_code == 2
    assert "FAIL settings" in result.stdout


def test_a_postgres_that_is_away_fails(lineup: Lineup) -> None:
    checks = _checks(lineup, env={"LINEUP_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"})
    assert checks["database"]["remedy"] == "Is PostgreSQL running, and LINEUP_DATABASE_URL right?"


def test_a_postgres_is_sound(lineup: Lineup, postgres_url: str) -> None:
    (lineup.folder / "keyring.json").unlink()
    env = {"LINEUP_DATABASE_URL": postgres_url}
    lineup.ok("create-admin", "ann@example.com", "--password-stdin", input="correct horse battery", env=env)
    checks = _checks(lineup, env=env)
    assert checks["database"]["finding"].startswith("PostgreSQL ")
    assert {checks[name]["state"] for name in ("sealed keys", "keys in use", "notifications")} == {"ok"}


def test_through_a_pooler_notifications_do_not_come(
    lineup: Lineup, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "TEST_S", 0.2)
    (lineup.folder / "keyring.json").unlink()
    env = {"LINEUP_DATABASE_URL": postgres_url}
    lineup.ok("create-admin", "ann@example.com", "--password-stdin", input="correct horse battery", env=env)
    with cable(postgres_url, deaf=True) as pooler:
        check = _checks(lineup, env={"LINEUP_DATABASE_URL": pooler.url})["notifications"]
    assert (check["state"], "every 250 ms" in check["finding"]) == ("warn", True)


def test_a_ring_that_was_not_copied_after_a_rotation_is_found(lineup: Lineup) -> None:
    before = (lineup.folder / "keyring.json").read_bytes()
    lineup.ok("rotate-keys")
    (lineup.folder / "keyring.json").write_bytes(before)
    checks = _checks(lineup)
    assert checks["keys in use"]["state"] == "fail"
    assert "which this key ring does not have" in checks["keys in use"]["finding"]
    assert "rotate-keys" in checks["keys in use"]["remedy"]


def test_files_that_others_can_read_are_to_be_looked_at_and_the_exit_code_says_so(lineup: Lineup) -> None:
    (lineup.folder / "lineup.db").chmod(0o644)
    result = lineup("doctor", env={"LINEUP_PORT": str(_free_port())})
    assert "others can read lineup.db" in result.stdout
    assert result.exit_code == 1


def test_a_port_for_everybody_without_tls_is_to_be_looked_at(lineup: Lineup) -> None:
    bare = {"LINEUP_HOST": "0.0.0.0"}
    assert _checks(lineup, env=bare)["exposure"]["state"] == "warn"
    assert _checks(lineup, env={**bare, "LINEUP_PUBLIC_URL": "https://lineup.example"})["exposure"]["state"] == "ok"
    assert _checks(lineup, env={"LINEUP_METRICS_TOKEN": "short"})["secrets"]["state"] == "fail"


def test_rows_that_refer_to_nothing_are_found(lineup: Lineup) -> None:
    with sqlite3.connect(lineup.folder / "lineup.db") as database:
        database.execute("INSERT INTO stated_facts VALUES (99, 'pin', '{}')")
    database.close()
    assert _checks(lineup)["references"]["finding"] == "rows that refer to nothing: 1 in stated_facts"


def test_a_database_from_the_future_is_noticed(lineup: Lineup) -> None:
    import os

    os.utime(lineup.folder / "lineup.db", (4e9, 4e9))
    assert _checks(lineup)["clock"]["state"] == "warn"


def _later(lineup: Lineup, days: int) -> None:
    """As if its last backup, and it, had been made so many days before."""
    note = lineup.folder / "last-backup.json"
    if note.exists():
        told = json.loads(note.read_text())
        told["made_at"] = (datetime.fromisoformat(told["made_at"]) - timedelta(days=days)).isoformat()
        note.write_text(json.dumps(told))
    with sqlite3.connect(lineup.folder / "lineup.db") as database:
        database.execute("UPDATE instance SET created_at = created_at - ?", (days * 86_400_000_000,))
    database.close()


def test_a_backup_that_is_old_or_was_never_made_is_to_be_looked_at(lineup: Lineup, tmp_path: Path) -> None:
    assert _checks(lineup)["backup"]["finding"] == "none yet"
    _later(lineup, 8)
    never = _checks(lineup)["backup"]
    assert (never["state"], never["finding"]) == ("warn", "none was ever made")
    assert "`lineup backup FOLDER`" in never["remedy"]
    file = tmp_path / "b.tar.gz"
    lineup.ok("backup", str(file))
    fresh = _checks(lineup)["backup"]
    assert (fresh["state"], fresh["finding"].endswith(f"UTC, in {file}")) == ("ok", True)
    _later(lineup, 8)
    assert _checks(lineup)["backup"]["state"] == "warn"
    assert _checks(lineup, env={"LINEUP_BACKUP_DAYS": "30"})["backup"]["state"] == "ok"
    assert "backup" not in _checks(lineup, env={"LINEUP_BACKUP_DAYS": "0"})
    (lineup.folder / "last-backup.json").write_text("nonsense")
    assert _checks(lineup)["backup"]["finding"] == "none was ever made"


def test_a_run_that_its_worker_left_behind_is_named_and_looking_at_runs_ends_it(lineup: Lineup) -> None:
    lineup.provider()
    lineup.ok("models", "add", "m", "--provider", "local")
    lineup("benchmark", "m", "--requests", "1")
    assert _checks(lineup)["runs"]["state"] == "ok"
    with sqlite3.connect(lineup.folder / "activity.db") as database:
        database.execute("UPDATE runs SET state = 'running', ended_at = NULL, lease_until = 5")
    database.close()
    left = _checks(lineup)["runs"]
    assert (left["state"], left["finding"]) == ("warn", "nobody measures any more, and nobody has ended: 1")
    assert _checks(lineup)["runs"] == left, "looking does not change it"
    assert lineup.json("runs", "list")["runs"][0]["state"] == "interrupted"
    assert _checks(lineup)["runs"]["state"] == "ok"


def test_a_proxy_on_the_way_to_a_provider_is_tried_once_and_sent_nothing(lineup: Lineup) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        there = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("One", "Two", "Off"):
            lineup.ok("providers", "add", name, "https://api.example.com/v1", "--proxy", there)
        lineup.ok("providers", "disable", "off")
        check = _checks(lineup)[f"proxy {there.removeprefix('http://')}"]
        assert (check["state"], check["finding"]) == ("ok", "takes connections, for one, two")
        connection, _ = proxy.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(1) == b""
        proxy.settimeout(0.05)
        with pytest.raises(TimeoutError):
            proxy.accept()
    gone = _checks(lineup)[f"proxy {there.removeprefix('http://')}"]
    assert gone["state"] == "fail"
    assert "Connect call failed" in gone["finding"] or "refused" in gone["finding"]
    assert "lineup providers change one --remove proxy" in gone["remedy"]


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("http://169.254.169.254:3128", "metadata service"),
        ("http://127.0.0.1:6379", "Redis"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_with_the_reason(lineup: Lineup, proxy: str, why: str) -> None:
    lineup.ok("providers", "add", "One", "https://api.example.com/v1", "--proxy", proxy)
    check = _checks(lineup)[f"proxy {proxy.removeprefix('http://')}"]
    assert check["state"] == "fail"
    assert why in check["finding"]
