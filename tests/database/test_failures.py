"""A full disk is told as 507, reading goes on, and writing too once there is room; a lost fsync ends all writing."""

import errno
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from model_lineup.database import failures
from model_lineup.database.engines import Database
from model_lineup.errors import StorageFull, Unavailable
from model_lineup.rooms import Rooms
from tests.fakes.server import Server, Workbench, running_server


def error_of(name: str) -> OperationalError:
    original = sqlite3.OperationalError("disk I/O error")
    original.sqlite_errorname = name
    return OperationalError("COMMIT", {}, original)


def test_no_room_is_507() -> None:
    with pytest.raises(StorageFull) as told, failures.told():
        raise error_of("SQLITE_FULL")
    assert told.value.status == 507


@pytest.mark.parametrize("name", ["SQLITE_IOERR", "SQLITE_IOERR_READ", "SQLITE_CORRUPT", "SQLITE_NOTADB"])
def test_reading_that_fails_is_503(name: str) -> None:
    with pytest.raises(Unavailable, match="lineup doctor"), failures.told():
        raise error_of(name)


def test_what_is_wrong_with_a_statement_stays_what_it_is() -> None:
    with pytest.raises(OperationalError), failures.told():
        raise error_of("SQLITE_ERROR")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_folder_that_is_read_only_for_a_while_is_503_for_that_while(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    database: Database = rooms.database
    with monkeypatch.context() as read_only:
        read_only.setattr("tempfile.TemporaryFile", refuse)
        for name in ("SQLITE_IOERR_WRITE", "SQLITE_READONLY"):
            with pytest.raises(Unavailable, match="read-only"), database.write():
                raise error_of(name)
    with database.write() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nothing_more_is_written_when_the_disk_failed_though_there_is_room(rooms: Rooms) -> None:
    database: Database = rooms.database
    told: list[str] = []
    database.on_not_durable = lambda: told.append("once")
    with pytest.raises(Unavailable, match="did not keep"), database.write():
        raise error_of("SQLITE_IOERR")
    for write in (database.write, database.write_activity):
        with pytest.raises(Unavailable, match="did not keep"), write():
            raise AssertionError("this must not be reached")
    with database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    assert told == ["once"]


FORGETFUL = """
import pathlib, sqlite3
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

@event.listens_for(Engine, "commit")
def forget(connection):
    if pathlib.Path({flag!r}).exists() and not connection.exec_driver_sql("PRAGMA query_only").scalar():
        original = sqlite3.OperationalError("disk I/O error")
        original.sqlite_errorname = "SQLITE_IOERR"
        raise OperationalError("COMMIT", {{}}, original)
"""
"""What Python runs at its start: each commit fails as after a lost fsync, once there is a file of this name."""


def test_a_server_whose_disk_forgot_something_ends_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(FORGETFUL.format(flag=str(tmp_path / "broken")))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with running_server(tmp_path / "data", workers=1) as server:  # a process from nothing, which reads that file
        workbench = Workbench(server.admin())
        kept = workbench.model()
        (tmp_path / "broken").touch()
        body = {"provider_id": kept["provider_id"], "model_id": "lost"}
        answer = workbench.admin.post("/api/admin/models", body)
        assert (answer.status, answer.code) == (503, "unavailable")
        assert server.process is not None
        assert server.process.wait(20) == 74
        assert "The disk did not keep what was written" in server.log
        (tmp_path / "broken").unlink()
        server.kill()
        server.start()
        assert server.admin().get(f"/api/admin/models/{kept['id']}").status == 200


@pytest.fixture
def cramped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("cramped")) as server:
        yield server


def limit(server: Server, size: int) -> None:
    """No file of the server may grow beyond this many bytes."""
    assert server.process is not None
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_full_disk_stops_writing_alone_and_only_as_long_as_it_is_full(cramped: Server) -> None:
    admin = cramped.admin()
    workbench = Workbench(admin)
    provider = workbench.provider("http://127.0.0.1:9/v1")
    limit(cramped, 1)
    bodies = [{"provider_id": provider["id"], "model_id": f"m{number}"} for number in range(3)]
    refused = [admin.post("/api/admin/models", body) for body in bodies]
    assert {(answer.status, answer.code) for answer in refused} == {(507, "storage_full")}
    assert admin.get("/api/admin/models").json["total"] == 0
    assert admin.get("/livez").status == 200
    limit(cramped, resource.RLIM_INFINITY)
    assert [admin.post("/api/admin/models", body).status for body in bodies] == [201, 201, 201]
    assert admin.get("/api/admin/models").json["total"] == 3


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_full_disk_of_postgresql_is_told_alike(rooms: Rooms) -> None:
    with pytest.raises(StorageFull), rooms.database.write() as connection:
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$"))
