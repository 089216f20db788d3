"""What a server refuses to start over, each with one line that says what to do; real processes for a few."""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from model_lineup import durable
from model_lineup.app import open_instance
from model_lineup.database import engines, health
from model_lineup.errors import StartRefused
from model_lineup.migrations import upgrade
from model_lineup.operations import backup, mounts, preflight
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk
from tests.fakes.instances import Templates
from tests.fakes.server import Server


def settings(folder: Path, **more: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, **more})


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"admin_password": ""}, "10 to 256"),
        ({"admin_password": "short"}, "10 to 256"),
        ({"admin_password": "password123"}, "first that anybody would try"),
        ({"admin_password": "aaaaaaaaaaaa"}, "first that anybody would try"),
        ({"metrics_token": ""}, "16 characters"),
        ({"metrics_token": "0123456789abcde"}, "16 characters"),
        ({"metrics_token": "x" * 40}, "16 characters"),
    ],
)
def test_a_secret_that_is_easily_guessed_is_refused(tmp_path: Path, secret: dict[str, str], said: str) -> None:
    with pytest.raises(StartRefused, match=said):
        preflight.refuse_weak_secrets(settings(tmp_path, **secret))
    preflight.refuse_weak_secrets(settings(tmp_path, admin_password="correct horse", metrics_token="0123456789abcdef"))


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "under"):
        with pytest.raises(StartRefused, match="--data-dir"):
            preflight.make_folder(place)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # whoever runs the tests as root may write everywhere
    with pytest.raises(StartRefused, match="chmod u"):
        preflight.make_folder(tmp_path)


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/share rw shared:9 - nfs4 server:/export rw
31 30 8:2 / /srv/share/local rw shared:9 - xfs /dev/sdb1 rw
32 22 0:41 / /srv/with\\040space rw - fuse.sshfs me@there: rw
33 22 0:42 / /srv/twice rw - cifs //a/b rw
34 33 8:3 / /srv/twice rw - ext4 /dev/sdc1 rw
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/srv/share/lineup", "nfs4"),
        ("/srv/share", "nfs4"),
        ("/srv/shared", None),
        ("/srv/share/local/lineup", None),
        ("/srv/with space/lineup", "fuse.sshfs"),
        ("/srv/twice/lineup", None),
        ("/elsewhere/lineup", None),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(tmp_path: Path, place: str, kind: str | None) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert mounts.network_file_system(Path(place), tmp_path / "mountinfo") == kind


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "network_file_system", lambda _: "nfs4")
    with pytest.raises(StartRefused, match=r"nfs4.*local disk"):
        preflight.refuse_network_folder(tmp_path)


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path: Path) -> None:
    assert mounts.file_system(tmp_path, tmp_path / "missing") is None


@pytest.fixture
def folder(templates: Templates, tmp_path: Path) -> Any:
    with templates.settings("sqlite", tmp_path / "instance") as made:
        yield made.data_dir


def damaged(folder: Path) -> None:
    """A page in the middle of a table is not one."""
    with open_instance(settings(folder), clock=ManualClock()) as rooms:
        desk = Desk(rooms)
        provider = desk.provider()
        for number in range(60):
            desk.model(provider, f"m{number}-" + "x" * 200)
    content = bytearray((folder / "lineup.db").read_bytes())
    for page in range(len(content) // 4096 // 2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    (folder / "lineup.db").write_bytes(content)


def test_a_damaged_database_is_refused_by_a_server(folder: Path) -> None:
    damaged(folder)
    server = Server(folder)
    assert "is damaged: " in (said := server.refuse_to_start())
    assert "lineup restore BACKUP --replace" in said


def test_the_check_ends_in_time(folder: Path) -> None:
    opened = engines.open_sqlite(folder, busy_s=1, queue=1)
    with opened.write_activity() as connection:
        connection.exec_driver_sql("CREATE TABLE activity.much (t TEXT)")
        connection.exec_driver_sql(
            "INSERT INTO activity.much WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
            "SELECT printf('%0500d', i) FROM n"
        )
    assert health.damage_found_in_time(opened, 0.0) is None
    assert health.damage_found_in_time(opened, 60) == []
    with opened.read():
        pass
    opened.close()


def test_one_server_only_with_an_old_sqlite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SAFE_SQLITE", (99, 0, 0))
    first = preflight.passed(settings(folder))
    first.__enter__()
    with pytest.raises(StartRefused, match="allows one only"), preflight.passed(settings(folder)):
        pass
    first.__exit__(None, None, None)
    with preflight.passed(settings(folder)):
        pass


def test_a_command_beside_a_server_is_refused_with_an_old_sqlite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SAFE_SQLITE", (99, 0, 0))
    command = preflight.passed_by_a_command(settings(folder))
    with preflight.passed(settings(folder)), pytest.raises(StartRefused, match=r"name it with --url"), command:
        pass
    with preflight.passed_by_a_command(settings(folder)):
        pass


def test_a_server_with_a_weak_password_exits_with_78_and_one_line(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", first_admin=False, metrics_token="short")
    said = server.refuse_to_start()
    assert "LINEUP_METRICS_TOKEN is too easy to guess" in said
    assert not (tmp_path / "data").exists()


def test_files_are_for_their_owner_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_instance(settings(tmp_path / "new"), clock=ManualClock()) as rooms:
            Desk(rooms).provider()
            files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert set(files) >= {"lineup.db", "lineup.db-wal", "lineup.db-shm", "activity.db", "keyring.json", "lineup.lock"}
    assert set(files.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def older(folder: Path) -> None:
    """As if the tables of the activity had to be upgraded; they are made anew, empty."""
    engine = engines.open_sqlite_for_migration(folder)
    with engine.begin() as connection:
        from alembic import command

        for branch in upgrade.BRANCHES:
            if branch.name == "activity":
                command.downgrade(upgrade.alembic_config(connection, branch), branch.versions[0])
                if len(branch.versions) == 1:
                    command.downgrade(upgrade.alembic_config(connection, branch), "base")
    engine.dispose()


def test_a_due_upgrade_makes_a_backup_first_and_keeps_three(folder: Path) -> None:
    with open_instance(settings(folder), clock=ManualClock()) as rooms:
        Desk(rooms).provider()
    for number in range(5):
        older(folder)
        (folder / "backups").mkdir(exist_ok=True)
        for place, file in enumerate(sorted((folder / "backups").iterdir())):
            file.rename(file.with_name(f"before-upgrade-200{number}-01-0{place}.tar.gz"))
        with open_instance(settings(folder), clock=ManualClock()) as rooms:
            assert len(rooms.providers.page(limit=10, offset=0)[0]) == 1
    kept = sorted((folder / "backups").iterdir())
    assert len(kept) == 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in kept)
    manifest = backup.verify(kept[-1])
    assert manifest.rows["providers"] == 1
    assert not manifest.has_keyring
    older(folder)
    with open_instance(settings(folder, upgrade_backups=0), clock=ManualClock()):
        pass
    assert sorted((folder / "backups").iterdir()) == kept


def test_no_backup_no_upgrade(folder: Path) -> None:
    older(folder)
    with sqlite3.connect(folder / "activity.db") as activity:
        before = activity.execute("SELECT version_num FROM alembic_version").fetchall()
    activity.close()
    (folder / "backups").write_text("in the way")
    with pytest.raises(StartRefused, match="LINEUP_UPGRADE_BACKUPS=0"), open_instance(settings(folder)):
        pass
    with sqlite3.connect(folder / "activity.db") as activity:
        assert activity.execute("SELECT version_num FROM alembic_version").fetchall() == before
    activity.close()


def test_a_new_instance_and_one_that_is_up_to_date_need_no_backup(tmp_path: Path) -> None:
    for _ in range(2):
        with open_instance(settings(tmp_path / "new"), clock=ManualClock()):
            pass
    assert not (tmp_path / "new" / "backups").exists()


def test_a_lock_is_dropped_with_its_process(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        with durable.locked(tmp_path / "lock", alone=True, wait=False):
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with durable.locked(tmp_path / "lock", alone=True, wait=False):
        pass
