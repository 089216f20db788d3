"""Watching over workers: of each kind of worker that goes wrong, and what becomes of the whole. No server is run."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_lineup.database import engines
from model_lineup.errors import StartRefused
from model_lineup.serving import start, supervisor
from model_lineup.settings import Settings
from tests.fakes.counts import patient

READ = "import os, sys, signal, time\nsys.stdin.buffer.readline()\n"
READY = "os.write(1, b'ready\\n')\n"
SERVE = "os.read(0, 1)\n"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(supervisor, "HARD_STOP_S", 0.2)


def supervise(folder: Path, listener: socket.socket, code: str, *, end_with: int | None = None, times: int = 1) -> int:
    """Run two workers of this code until they are ready, then send a signal; how often they were ready."""
    settings = Settings.model_validate({"data_dir": folder, "workers": 2, "drain_s": 0, "drain_delay_s": 0})
    ready: list[None] = []

    def on_ready() -> None:
        ready.append(None)
        if end_with is not None:
            threading.Thread(target=end).start()

    def end() -> None:
        for _ in range(times):
            time.sleep(0.1)
            os.kill(os.getpid(), end_with or 0)

    supervisor.supervise(settings, listener, prepare=lambda: None, on_ready=on_ready, worker=("-c", READ + code))
    return len(ready)


@pytest.mark.parametrize("end_with", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_signal_ends_all_workers(tmp_path: Path, listener: socket.socket, end_with: int) -> None:
    before = signal.signal(end_with, signal.SIG_DFL)  # where tests run under nohup, SIGHUP is ignored, as it should be
    try:
        assert supervise(tmp_path, listener, READY + SERVE, end_with=end_with) == 1
    finally:
        signal.signal(end_with, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", ["sys.exit(78)", "sys.exit(1)", "os.kill(os.getpid(), 9)", READY + "sys.exit(78)"])
def test_a_worker_that_cannot_start_ends_the_whole(tmp_path: Path, listener: socket.socket, code: str) -> None:
    with pytest.raises(StartRefused, match=r"Worker \d did not start \(exit code"):
        supervise(tmp_path, listener, code)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_dies_is_started_again_until_it_fails_to_start_too_often(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first two lives are good ones, and end; after that it never becomes ready."""
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.01)
    lives = tmp_path / "lives"
    code = (
        "import pathlib\n"
        f"lives = pathlib.Path({str(lives)!r})\n"
        "lives.open('a').write('.')\n"
        "if len(lives.read_text()) > 4: sys.exit(3)\n" + READY + "time.sleep(0.3)"
    )
    with pytest.raises(StartRefused, match="exit code 3"):
        supervise(tmp_path, listener, code)
    assert len(lives.read_text()) >= 4 + supervisor.FAILED_STARTS


def test_a_worker_that_does_not_end_is_killed_and_the_exit_code_says_so(
    tmp_path: Path, listener: socket.socket
) -> None:
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(600)"
    began = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        supervise(tmp_path, listener, stubborn, end_with=signal.SIGTERM, times=2)
    assert ended.value.code == 1
    assert time.monotonic() - began < patient(10)


def test_what_cannot_be_prepared_ends_the_workers_that_wait_for_it(tmp_path: Path, listener: socket.socket) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "workers": 2, "drain_s": 0, "drain_delay_s": 0})

    def refuse() -> None:
        raise StartRefused("Not like this.")

    with pytest.raises(StartRefused, match=r"Not like this\."):
        supervisor.supervise(
            settings, listener, prepare=refuse, on_ready=lambda: None, worker=("-c", READ + READY + SERVE)
        )


def test_several_workers_need_a_safe_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        sqlite_version = "3.51.2"

    monkeypatch.setattr(engines, "sqlite_module", lambda: Old)
    start.refuse_unsafe_workers(Settings.model_validate({"workers": 1}))
    start.refuse_unsafe_workers(Settings.model_validate({"workers": 2, "database_url": "postgresql://h/d"}))
    with pytest.raises(StartRefused, match=r"SQLite 3.51.2 can damage .*fixed in 3.51.3"):
        start.refuse_unsafe_workers(Settings.model_validate({"workers": 2}))
