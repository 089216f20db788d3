"""A backup is of one moment, whole, for its owner alone, and holds no key; what is not so is refused by name."""

import gzip
import hashlib
import io
import tarfile
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, insert, select

from model_lineup.benchmarks.tables import test_results as results
from model_lineup.catalog.shapes import Selection
from model_lineup.catalog.tables import models
from model_lineup.database import engines
from model_lineup.errors import OperationRefused
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author
from model_lineup.operations import archive, backup
from model_lineup.operations.source import Source
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count
from tests.fakes.desk import Desk
from tests.fakes.instances import must_hold_together

ROWS = 50


def row_hash(connection: Connection) -> str:
    """Of all models, in order."""
    rows = connection.execute(select(models).order_by(models.c.id)).all()
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


class Writer(threading.Thread):
    """Changes many models at once, again and again, and notes what all of them were at each revision."""

    def __init__(self, rooms: Rooms) -> None:
        super().__init__(daemon=True)
        self.rooms = rooms
        self.at: dict[int, str] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        visible = False
        while not self.ended.is_set():
            visible = not visible
            self.rooms.bulk.set_flag(Selection(model_ids=list(range(1, ROWS + 1))), "visible", visible, Author("w"))
            self.note()

    def note(self) -> None:
        with self.rooms.database.read() as connection:
            self.at[journal_store.revision(connection)] = row_hash(connection)


class Activity(threading.Thread):
    """Writes two rows in each transaction on the activity."""

    def __init__(self, rooms: Rooms, ended: threading.Event) -> None:
        super().__init__(daemon=True)
        self.rooms = rooms
        self.ended = ended

    def run(self) -> None:
        row = {"model_row": 1, "test": "connection", "passed": 1, "at": 0, "actor": "a", "result": "{}" + " " * 2_000}
        while not self.ended.wait(0.002):
            with self.rooms.database.write_activity() as connection:
                connection.execute(insert(results), [row, row])


@pytest.mark.hard
def test_backups_under_load_are_of_a_committed_moment(rooms: Rooms, tmp_path: Path) -> None:
    desk = Desk(rooms)
    provider = desk.provider()
    for number in range(ROWS):
        desk.model(provider, f"m{number}")
    writer = Writer(rooms)
    writer.note()
    others = Activity(rooms, writer.ended)
    writer.start()
    others.start()
    for turn in range(count(2, 20)):
        path = tmp_path / f"{turn}.tar.gz"
        made = backup.to_file(Source(rooms.settings), path, ManualClock())
        folder = tmp_path / str(turn)
        folder.mkdir()
        archive.unpack(path, folder)
        copied = engines.open_sqlite(folder, busy_s=1, queue=1)
        must_hold_together(copied)
        with copied.read() as connection:
            assert journal_store.revision(connection) == made.revision
            assert row_hash(connection) == _at(writer, made.revision)
            assert connection.execute(select(func.count()).select_from(results)).scalar_one() % 2 == 0
        copied.close()
    writer.ended.set()
    writer.join()
    others.join()
    assert len(writer.at) > 2, "nothing was written meanwhile, so nothing was tested"


def _at(writer: Writer, revision: int) -> str:
    """The writer notes a revision a moment after it is committed."""
    for _ in range(2_000):
        if revision in writer.at:
            return writer.at[revision]
        writer.join(0.005)
    raise AssertionError(f"revision {revision} was never committed")


@pytest.fixture
def made(rooms: Rooms, tmp_path: Path) -> Path:
    desk = Desk(rooms)
    desk.model(desk.provider(api_key="sk-canary-0123456789"), "m")
    path = tmp_path / "b.tar.gz"
    backup.to_file(Source(rooms.settings), path, ManualClock())
    return path


def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_else_behind(made: Path, rooms: Rooms) -> None:
    assert made.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in made.parent.iterdir() if file != rooms.settings.data_dir] == [made.name]
    manifest = backup.verify(made)
    assert (manifest.rows["models"], manifest.revision, manifest.has_keyring) == (1, 2, False)
    assert len(manifest.keys) == 1


def test_a_backup_holds_no_key_and_nothing_of_the_ring(made: Path, rooms: Rooms) -> None:
    content = gzip.decompress(made.read_bytes())
    ring = msgspec.json.decode(rooms.settings.keyring_path.read_bytes())
    for secret in ("sk-canary-0123456789", ring["pepper"], *ring["keys"].values()):
        assert secret.encode() not in content


def test_the_key_ring_goes_in_when_it_is_asked_for(rooms: Rooms, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    assert backup.to_file(Source(rooms.settings), path, ManualClock(), with_keyring=True).has_keyring
    archive.unpack(path, tmp_path)
    assert (tmp_path / "keyring.json").read_bytes() == rooms.settings.keyring_path.read_bytes()
    assert (tmp_path / "keyring.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(made: Path, rooms: Rooms) -> None:
    before = made.read_bytes()
    with pytest.raises(OperationRefused, match="--force"):
        backup.to_file(Source(rooms.settings), made, ManualClock())
    assert made.read_bytes() == before
    rooms.providers.delete(1, Author("a"), force=True)
    assert backup.to_file(Source(rooms.settings), made, ManualClock(), force=True).revision == 3
    assert backup.verify(made).revision == 3


def test_a_folder_that_is_not_there_is_named(rooms: Rooms, tmp_path: Path) -> None:
    with pytest.raises(OperationRefused, match="missing"):
        backup.to_file(Source(rooms.settings), tmp_path / "missing" / "b.tar.gz", ManualClock())


def repacked(path: Path, **changed: bytes | None) -> None:
    """The archive with members replaced, or left out (None); `manifest_json` is that of `manifest.json`."""
    with tarfile.open(path) as tar:
        members = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    for name, content in changed.items():
        members[name.replace("_", ".")] = content
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            if content is not None:
                head = tarfile.TarInfo(name)
                head.size = len(content)
                tar.addfile(head, io.BytesIO(content))


def manifest_of(path: Path) -> Any:
    with tarfile.open(path) as tar:
        return msgspec.json.decode(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lineup_db": b"something else"}, "another size"),
        ({"activity_db": None}, r"activity\.db is missing"),
        ({"manifest_json": None}, r"begin with manifest\.json"),
        ({"manifest_json": b"{}"}, "manifest cannot be read"),
        ({"manifest_json": b'{"format": 2}'}, "Install a newer one"),
        ({"../escaped": b"x"}, "does not name"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_is_no_backup_is_refused(made: Path, changed: dict[str, bytes | None], said: str) -> None:
    repacked(made, **changed)
    with pytest.raises(OperationRefused, match=said):
        backup.verify(made)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_flipped_byte_and_a_cut_end_are_found(made: Path) -> None:
    whole = made.read_bytes()
    for spoilt in (
        whole[: len(whole) // 2],
        whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:],
        b"no archive",
        b"",
    ):
        made.write_bytes(spoilt)
        with pytest.raises(OperationRefused):
            backup.verify(made)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_manifest_that_tells_another_story_is_found(made: Path) -> None:
    told = manifest_of(made)
    for field, value in (("revision", 7), ("rows", {}), ("schema", {})):
        repacked(made, manifest_json=msgspec.json.encode({**told, field: value}))
        with pytest.raises(OperationRefused, match=field):
            backup.verify(made)


def test_there_is_nothing_to_back_up_where_nothing_is(tmp_path: Path) -> None:

    with pytest.raises(OperationRefused, match=r"no lineup\.db"):
        backup.to_file(Source(Settings.model_validate({"data_dir": tmp_path})), tmp_path / "b.tar.gz", ManualClock())
    assert list(tmp_path.iterdir()) == []
