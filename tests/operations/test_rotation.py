"""A rotation seals every secret anew and touches nothing else, beside running servers, and goes on when it was cut."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select

from model_lineup import durable
from model_lineup.app import open_instance
from model_lineup.catalog.credentials import bound_to
from model_lineup.catalog.shapes import ProviderChanges
from model_lineup.catalog.tables import providers
from model_lineup.database.metadata import activity, configuration
from model_lineup.database.tables import instance
from model_lineup.errors import OperationRefused
from model_lineup.operations import rotation, sealed, store
from model_lineup.operations.rotation import Rotation
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings
from model_lineup.vault import KeyRing, Vault, key_id, load_ring
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import BY, Desk
from tests.fakes.instances import Kind, must_hold_together

SECRET = "sk-canary-0123456789"
ORIGIN = "https://api.example.com:443"
JOURNAL = ("change_sets", "change_contents", "change_digests", "activity.security_events")


@pytest.fixture
def settings(kind: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """With a database of its own: others share their key ring."""
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    return Settings.model_validate({"data_dir": tmp_path / "instance", "database_url": url})


@pytest.fixture
def rooms(settings: Settings) -> Iterator[Rooms]:
    with open_instance(settings, clock=ManualClock()) as rooms:
        yield rooms
        must_hold_together(rooms.database)


def ring_of(rooms: Rooms) -> KeyRing:
    ring = load_ring(rooms.settings.keyring_path)
    assert ring is not None
    return ring


def rotate(rooms: Rooms) -> Rotation:
    return rotation.rotate(rooms.database, rooms.settings.keyring_path, rooms.clock)


def retire(rooms: Rooms) -> Rotation:
    return rotation.retire(rooms.database, rooms.settings.keyring_path, rooms.clock)


def all_but_ciphertext(rooms: Rooms) -> dict[str, list[tuple[Any, ...]]]:
    """Every value of every table but the sealed ones, the journal, and the revision that goes with it."""
    left_out = {(each.table.fullname, each.column.name) for each in sealed.COLUMNS} | {("instance", "revision")}
    with rooms.database.read() as connection:
        return {
            table.fullname: [
                tuple(row)
                for row in connection.execute(
                    select(*(one for one in table.columns if (table.fullname, one.name) not in left_out)).order_by(
                        *table.primary_key.columns
                    )
                )
            ]
            for metadata in (configuration, activity)
            for table in metadata.sorted_tables
            if table.fullname not in JOURNAL
        }


def keys_in_use(rooms: Rooms) -> list[str]:
    with rooms.database.read() as connection:
        return store.keys_in_use(connection)


def test_every_sealed_column_is_in_the_registry() -> None:
    """A column that a rotation forgets is lost when the old key is retired."""
    named = {
        (table.fullname, column.name)
        for metadata in (configuration, activity)
        for table in metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.name or column.name == "canary" or "encrypted" in column.name
    }
    assert named == {(each.table.fullname, each.column.name) for each in sealed.COLUMNS}


def test_secrets_are_sealed_under_a_new_key_and_nothing_else_changes(rooms: Rooms) -> None:
    desk = Desk(rooms)
    desk.model(desk.provider(api_key=SECRET), "m")
    desk.provider("No key")
    before, old = all_but_ciphertext(rooms), ring_of(rooms)
    done = rotate(rooms)
    assert (done.sealed_anew, done.resumed, done.kept) == (1, False, [old.primary])
    assert all_but_ciphertext(rooms) == before
    assert keys_in_use(rooms) == [done.primary] != [old.primary]
    assert rooms.providers.endpoint(1).api_key == SECRET, "the server that runs reads the ring again by itself"
    change = desk.last_change()
    assert change.operation == "instance.rotate_keys"
    assert change.entries is not None
    assert [(one.before, one.after) for one in change.entries] == [({"key": old.primary}, {"key": done.primary})]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_running_server_seals_under_the_new_key(rooms: Rooms) -> None:
    Desk(rooms).provider(api_key=SECRET)
    done = rotate(rooms)
    rooms.providers.change(1, ProviderChanges(api_key=f"{SECRET}-2"), BY)
    with rooms.database.read() as connection:
        assert key_id(connection.execute(select(providers.c.sealed_key)).scalar_one()) == done.primary


def test_old_keys_go_only_when_nothing_is_under_them(rooms: Rooms) -> None:
    Desk(rooms).provider(api_key=SECRET)
    assert retire(rooms).retired == []
    old = ring_of(rooms)
    done = rotate(rooms)
    assert retire(rooms).retired == [old.primary]
    assert set(ring_of(rooms).keys) == {done.primary}
    assert rooms.providers.endpoint(1).api_key == SECRET
    with rooms.database.read() as connection:
        row = connection.execute(select(providers.c.sealed_key)).scalar_one()
    assert Vault(ring_of(rooms)).open(row, bound_to(1, ORIGIN)) == SECRET


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_prepared_key_is_used_by_the_next_rotation(rooms: Rooms) -> None:
    Desk(rooms).provider(api_key=SECRET)
    path = rooms.settings.keyring_path
    prepared = rotation.prepare(path).prepared
    with pytest.raises(OperationRefused, match="prepared already"):
        rotation.prepare(path)
    assert keys_in_use(rooms) != [prepared]
    assert retire(rooms).retired == []
    assert rotate(rooms).primary == prepared
    assert ring_of(rooms).prepared is None


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_no_key_opens_is_named_and_left_as_it_is(rooms: Rooms) -> None:
    desk = Desk(rooms)
    desk.provider(api_key=SECRET)
    desk.provider("Lost", api_key=SECRET)
    with rooms.database.write() as connection:
        text = connection.execute(select(providers.c.sealed_key).where(providers.c.id == 2)).scalar_one()
        lost = text.replace(f"v1.{key_id(text)}.", "v1.0badc0de.")
        connection.execute(providers.update().where(providers.c.id == 2).values(sealed_key=lost))
    done = rotate(rooms)
    assert (done.sealed_anew, done.undecryptable) == (1, ["the key of provider 'lost'"])
    assert rotate(rooms).resumed is False, "what is lost does not keep a rotation from ending"
    with rooms.database.read() as connection:
        assert connection.execute(select(providers.c.sealed_key).where(providers.c.id == 2)).scalar_one() == lost


@pytest.mark.parametrize("kind", ["sqlite"])
def test_two_rotations_at_once_are_refused_and_a_missing_ring_is_named(rooms: Rooms) -> None:
    path = rooms.settings.keyring_path
    lock = path.with_name(f".{path.name}.lock")
    with durable.locked(lock, alone=True, wait=False), pytest.raises(OperationRefused, match="Another"):
        rotate(rooms)
    path.unlink()
    with pytest.raises(OperationRefused, match="no key ring"):
        rotate(rooms)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_ring_of_another_instance_is_not_followed(rooms: Rooms) -> None:
    from model_lineup.vault import new_ring, store_ring

    Desk(rooms).provider(api_key=SECRET)
    store_ring(new_ring(), rooms.settings.keyring_path, replace=True)
    assert rooms.providers.endpoint(1).api_key == SECRET
    rooms.providers.change(1, ProviderChanges(api_key=f"{SECRET}-2"), BY)
    assert rooms.providers.endpoint(1).api_key == f"{SECRET}-2"


ROTATE = """
import os, signal, sys, time
from model_lineup.app import open_database
from model_lineup.clock import SystemClock
from model_lineup.operations import rotation
from model_lineup.settings import Settings

settings = Settings.model_validate({"data_dir": sys.argv[1], "database_url": sys.argv[2] or None})

def rotate(told):
    database = open_database(settings)
    os.write(told, b"ready\\n")
    while True:
        rotation.rotate(database, settings.keyring_path, SystemClock())

for line in sys.stdin:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        rotate(writer)
    os.close(writer)
    assert os.fdopen(reader).readline() == "ready\\n"
    time.sleep(float(line))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


# A few kills may all fall between two rotations; then more are drawn, up to this many.
MOST_KILLS = 40


@pytest.mark.hard
@pytest.mark.timeout(600)
def test_a_rotation_that_is_killed_loses_nothing_and_goes_on(settings: Settings) -> None:
    """On PostgreSQL its server lives on, and takes back what the killed process had not committed."""
    draw, secrets = random.Random(5), count(60, 1_000)
    url = settings.database_url.get_secret_value() if settings.database_url is not None else ""
    with open_instance(settings, clock=ManualClock()) as rooms:
        add_providers(rooms, secrets)
        before = all_but_ciphertext(rooms)
    with subprocess.Popen(
        [sys.executable, "-c", ROTATE, str(settings.data_dir), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killer:
        assert killer.stdin is not None
        assert killer.stdout is not None
        kills = resumed = 0
        while kills < count(2, 20) or (not resumed and kills < MOST_KILLS):
            kills += 1
            killer.stdin.write(f"{draw.uniform(0, 0.15 * max(1, kills / 3))}\n")  # a busy machine needs more
            killer.stdin.flush()
            assert killer.stdout.readline() == "killed\n"
            with open_instance(settings, clock=ManualClock()) as rooms:
                assert all_but_ciphertext(rooms) == before
                must_open(rooms, secrets)
                done = rotate(rooms)
                resumed += done.resumed
                assert keys_in_use(rooms) == [done.primary]
                must_open(rooms, secrets)
    assert resumed, "no rotation was ever cut short, so nothing was tested"


def add_providers(rooms: Rooms, how_many: int) -> None:
    desk = Desk(rooms)
    desk.provider(api_key="secret-0-of-many")
    vault = Vault(ring_of(rooms))
    with rooms.database.write() as connection:
        first = connection.execute(select(providers)).mappings().one()
        rows = [
            {
                **first,
                "id": number + 1,
                "slug": f"p{number}",
                "sealed_key": vault.seal(f"secret-{number}-of-many", where),
            }
            for number in range(1, how_many)
            for where in [bound_to(number + 1, ORIGIN)]
        ]
        connection.execute(insert(providers), rows)


def must_open(rooms: Rooms, how_many: int) -> None:
    """All of them, and the canary."""
    vault = Vault(ring_of(rooms))
    with rooms.database.read() as connection:
        rows = connection.execute(select(providers.c.id, providers.c.sealed_key).order_by(providers.c.id)).all()
        canary = connection.execute(select(instance.c.canary)).scalar_one()
    opened = [vault.open(row.sealed_key, bound_to(row.id, ORIGIN)) for row in rows]
    assert opened == [f"secret-{number}-of-many" for number in range(how_many)]
    assert vault.open(canary, "instance 1|canary|-")


def test_rings_of_before_there_were_prepared_keys_are_read(tmp_path: Path) -> None:
    from model_lineup.vault import new_ring

    ring = msgspec.to_builtins(new_ring())
    del ring["prepared"]
    path = tmp_path / "ring"
    path.write_bytes(msgspec.json.encode(ring))
    path.chmod(0o600)
    assert load_ring(path) is not None
