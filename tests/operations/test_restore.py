"""A restore puts a checked backup in place whole or not at all, and lets nothing come back that was withdrawn."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from model_lineup.access.actor import LOCAL_ACTOR
from model_lineup.access.shapes import NewKey
from model_lineup.app import open_instance
from model_lineup.benchmarks.keeping import Keeper
from model_lineup.database import holding
from model_lineup.errors import OperationRefused, StartRefused
from model_lineup.journal.record import Author
from model_lineup.operations import backup, swap
from model_lineup.operations.restore import Restored, Wanted, restore
from model_lineup.operations.source import Source
from model_lineup.settings import Settings
from tests.access.office import Office
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import Desk
from tests.fakes.instances import Kind, Templates, must_hold_together

SECRET = "sk-canary-0123456789"
BY = Author("tester")


class Site:
    """One instance that is opened, closed, backed up and restored."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.path = folder / "backup.tar.gz"

    def back_up(self, **more: Any) -> None:
        backup.to_file(Source(self.settings), self.path, ManualClock(), force=True, **more)

    def restore(self, settings: Settings | None = None, **wanted: bool) -> Restored:
        return restore(self.path, settings or self.settings, ManualClock(), Wanted(**wanted))

    def names(self) -> list[str]:
        with open_instance(self.settings, clock=ManualClock()) as rooms:
            must_hold_together(rooms.database)
            return Desk(rooms).ids()


@pytest.fixture
def site(kind: Kind, templates: Templates, tmp_path: Path) -> Any:
    """An instance with the model `before`, whose provider has a key."""
    with templates.settings(kind, tmp_path / "instance") as settings:
        with open_instance(settings, clock=ManualClock()) as rooms:
            desk = Desk(rooms)
            desk.model(desk.provider(api_key=SECRET), "before")
        yield Site(settings, tmp_path)


def test_what_was_backed_up_is_there_again_and_what_came_later_is_kept_beside(site: Site, kind: Kind) -> None:
    site.back_up()
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        Desk(rooms).model(1, "after")
    with pytest.raises(OperationRefused, match="--replace"):
        site.restore()
    assert site.names() == ["before", "after"]
    restored = site.restore(replace=True)
    assert site.names() == ["before"]
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        assert rooms.providers.endpoint(1).api_key == SECRET
        change = Desk(rooms).last_change()
        assert (change.operation, change.revision) == ("instance.restore", restored.manifest.revision + 1)
        assert Desk(rooms).model(1, "next").id == 2, "ids go on where the backup was"
    assert restored.kept is not None
    assert restored.told.undecryptable == []
    kept = {file.name for file in restored.kept.iterdir()}
    assert kept >= ({"lineup.db", "activity.db"} if kind == "sqlite" else {"lineup-backup.tar.gz"})


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_of_one_database_can_be_restored_into_the_other(site: Site, postgres_url: str, tmp_path: Path) -> None:
    site.back_up(with_keyring=True)
    postgres = Settings.model_validate({"data_dir": tmp_path / "postgres", "database_url": postgres_url})
    site.restore(postgres)
    there = Site(postgres, tmp_path)
    assert there.names() == ["before"]
    there.back_up(with_keyring=True)
    back = Settings.model_validate({"data_dir": tmp_path / "back"})
    there.restore(back)
    assert Site(back, tmp_path).names() == ["before"]
    with open_instance(back, clock=ManualClock()) as rooms:
        assert rooms.providers.endpoint(1).api_key == SECRET
        assert [change.operation for change in Desk(rooms).changes()][-2:] == ["instance.restore"] * 2


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sessions_end_runs_are_marked_and_links_are_gone(site: Site) -> None:
    clock = ManualClock()
    with open_instance(site.settings, clock=clock) as rooms:
        office = Office(rooms)
        office.person()
        pair = office.sign_in()
        model = rooms.models.get(1)
        from datetime import timedelta

        from model_lineup.benchmarks.plan import Plan

        Keeper(rooms.database, clock).open(model, Plan(), "tester", timedelta(seconds=15), at_once=2)
        assert rooms.sessions.actor(pair.access_token) is not None
    site.back_up()
    restored = site.restore(replace=True)
    assert (restored.told.sessions_ended, restored.told.runs_interrupted) == (1, 1)
    with open_instance(site.settings, clock=clock) as rooms:
        assert rooms.sessions.actor(pair.access_token) is None
        (run,) = rooms.runs.page(limit=10, offset=0).runs
        assert run.state == "interrupted"
        Office(rooms).sign_in()


def key(rooms: Any, name: str) -> tuple[int, str]:
    made, secret, _ = rooms.keys.create(NewKey(name=name, kind="admin"), LOCAL_ACTOR, BY)
    return made.id, secret


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_was_revoked_after_the_backup_stays_revoked(site: Site) -> None:
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        keys = {name: key(rooms, name) for name in ("deleted", "disabled", "kept")}
    site.back_up()
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        from model_lineup.access.shapes import KeyChanges

        rooms.keys.delete(keys["deleted"][0], BY)
        rooms.keys.change(keys["disabled"][0], KeyChanges(disabled=True), BY)
    told = site.restore(replace=True).told
    assert (told.keys_disabled, told.to_review, told.earlier_is_known) == (["deleted", "disabled"], ["kept"], True)
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        works = [name for name, (_, secret) in keys.items() if rooms.keys.admin_actor(secret) is not None]
        assert works == ["kept"]
    assert site.restore(replace=True, revoke_keys=True).told.to_review == []
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        assert rooms.keys.admin_actor(keys["kept"][1]) is None


def test_a_running_lineup_keeps_a_restore_away_and_the_other_way_round(site: Site, kind: Kind) -> None:
    site.back_up()
    with open_instance(site.settings, clock=ManualClock()), pytest.raises(StartRefused, match="running"):
        site.restore(replace=True)
    if kind == "sqlite":
        with holding.alone(site.settings.data_dir), pytest.raises(StartRefused, match="being restored"):
            site.names()
    assert site.names() == ["before"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_another_key_ring_is_refused_unless_the_keys_are_given_up(
    site: Site, templates: Templates, tmp_path: Path
) -> None:
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        _, secret = key(rooms, "api")
    site.back_up()
    empty = Settings.model_validate({"data_dir": tmp_path / "empty"})
    with pytest.raises(OperationRefused, match="There is no key ring"):
        site.restore(empty)
    assert [file.name for file in empty.data_dir.iterdir()] == [holding.LOCK_FILE]
    told = site.restore(empty, without_keys=True).told
    assert told.undecryptable == ["the key of provider 'acme'"]
    assert told.keys_disabled == ["api"]
    with open_instance(empty, clock=ManualClock()) as rooms:
        assert rooms.keys.admin_actor(secret) is None
        assert rooms.providers.get(1).api_key_set
        from model_lineup.errors import KeyUndecryptable

        with pytest.raises(KeyUndecryptable):
            rooms.providers.endpoint(1)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_ring_in_a_backup_is_used_where_there_is_none(site: Site, tmp_path: Path) -> None:
    site.back_up(with_keyring=True)
    empty = Settings.model_validate({"data_dir": tmp_path / "empty"})
    site.restore(empty)
    with open_instance(empty, clock=ManualClock()) as rooms:
        assert rooms.providers.endpoint(1).api_key == SECRET
    assert empty.keyring_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_backup_of_a_newer_lineup_names_the_version_that_can_restore_it(site: Site, tmp_path: Path) -> None:
    with sqlite3.connect(site.settings.data_dir / "lineup.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '2999_01_01'")
    database.close()
    from tests.operations.test_backup import manifest_of, repacked

    shutil.copytree(site.settings.data_dir, tmp_path / "copied")
    with sqlite3.connect(tmp_path / "copied" / "lineup.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '2026_11_23'")
    database.close()
    Site(Settings.model_validate({"data_dir": tmp_path / "copied"}), tmp_path).back_up()
    newer = (site.settings.data_dir / "lineup.db").read_bytes()
    import hashlib

    import msgspec

    told = manifest_of(site.path)
    told["lineup"] = "9.1.0"
    told["members"]["lineup.db"] = {"bytes": len(newer), "sha256": hashlib.sha256(newer).hexdigest()}
    repacked(site.path, manifest_json=msgspec.json.encode(told), lineup_db=newer)
    with pytest.raises(OperationRefused, match=r"Lineup 9\.1\.0 or a newer one can restore it"):
        site.restore(Settings.model_validate({"data_dir": tmp_path / "empty"}))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_damaged_instance_is_replaced_and_its_keys_are_to_be_looked_through(site: Site) -> None:
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        key(rooms, "api")
    site.back_up()
    (site.settings.data_dir / "lineup.db").write_bytes(b"not a database, " * 1_000)
    told = site.restore(replace=True).told
    assert (told.earlier_is_known, told.to_review) == (False, ["api"])
    assert site.names() == ["before"]


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("steps", range(6))
def test_a_restore_that_stopped_after_its_plan_goes_on_at_the_next_start(
    site: Site, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rename may be the last thing that it did."""
    site.back_up()
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        Desk(rooms).model(1, "after")
    real, left = Path.replace, [steps]

    def replace(self: Path, target: Path) -> Path:
        if self.name in swap.REPLACED:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    interrupted = False
    try:
        site.restore(replace=True)
    except KeyboardInterrupt:
        interrupted = True
    monkeypatch.undo()
    assert interrupted == (steps < 4)
    assert site.names() == ["before"]
    assert not [file for file in site.settings.data_dir.iterdir() if file.name.startswith((".lineup", "restore."))]


RESTORE = "from model_lineup.cli import main; main()"


@pytest.mark.hard
@pytest.mark.timeout(600)
def test_a_restore_that_is_killed_leaves_the_old_or_the_new(site: Site, kind: Kind, tmp_path: Path) -> None:
    draw = random.Random(11)
    site.back_up()
    with open_instance(site.settings, clock=ManualClock()) as rooms:
        Desk(rooms).model(1, "after")
    url = site.settings.database_url
    environment = {"LINEUP_DATA_DIR": str(site.settings.data_dir)} | (
        {"LINEUP_DATABASE_URL": url.get_secret_value()} if url else {}
    )
    command = [sys.executable, "-c", RESTORE, "restore", str(site.path), "--replace"]
    nothing = subprocess.DEVNULL
    for turn in range(count(2, 40)):
        with subprocess.Popen(command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing) as process:
            time.sleep(draw.uniform(0.3, 1.2) if turn else 0)
            process.send_signal(signal.SIGKILL)
        found = tuple(site.names())
        assert found in {("before", "after"), ("before",)}
        if found == ("before",):
            with open_instance(site.settings, clock=ManualClock()) as rooms:
                Desk(rooms).model(1, "after")
    site.restore(replace=True)
    assert site.names() == ["before"]


KEPT = (
    {
        "instance",
        "people",
        "providers",
        "models",
        "effective_facts",
        "stated_facts",
        "aliases",
        "keys",
        "change_sets",
        "change_contents",
    }
    | {"change_digests", "undone_changes", "catalogues", "fetch_plans", "fetch_plan_items", "webhooks"}
    | {"groups", "group_members", "staged_changes"}
    | {f"activity.{name}" for name in ("notices", "notice_states", "capabilities", "baselines")}
    | {f"activity.{name}" for name in ("model_health", "provider_fetches", "runs", "run_events", "test_results")}
    | {"activity.security_events", "activity.key_spending"}
    | {f"activity.{name}" for name in ("usage_entries", "usage_days", "usage_ttft", "usage_batches")}
)


def test_of_every_table_somebody_decided_whether_it_comes_back() -> None:
    """A new table is either kept by a restore (add it here) or emptied (`operations/withdrawal.py`)."""
    from model_lineup.database.metadata import activity, configuration
    from model_lineup.operations.withdrawal import EMPTIED, LINKS

    known = {table.fullname for metadata in (configuration, activity) for table in metadata.sorted_tables}
    assert known == KEPT | {*EMPTIED, *LINKS}
