"""Servers that are forked are servers like any other."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.fakes import nursery
from tests.fakes.server import running_server

pytestmark = pytest.mark.skipif(not nursery.WORKS_HERE, reason="servers are forked on Linux alone")


def test_a_forked_server_is_a_process_with_an_end_of_its_own(tmp_path: Path) -> None:
    with running_server(tmp_path / "one") as one, running_server(tmp_path / "two") as two:
        first, second = one.process, two.process
        assert first is not None
        assert second is not None
        assert first.pid != second.pid
        assert (first.poll(), second.poll()) == (None, None)
        one.kill()
        assert first.poll() == -signal.SIGKILL
        assert not psutil.pid_exists(first.pid)
        assert two.client().get("/livez").status == 200
        assert two.terminate()[0] == 0


def test_it_holds_nothing_open_that_is_not_its_own(tmp_path: Path) -> None:
    with running_server(tmp_path / "one") as one, running_server(tmp_path / "two") as two:
        assert one.process is not None
        assert two.process is not None
        first, second = opened(one.process.pid), opened(two.process.pid)
        assert [target for target in second if str(tmp_path / "two") in target]
        assert not [target for target in second if str(tmp_path / "one") in target]
        assert not {target for target in first & second if target.startswith("pipe:")}


def opened(pid: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(handle.readlink()))
    return found


def test_it_has_nothing_of_lineup_left_to_import(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.admin().must("GET", "/api/admin/models")
        assert [line for line in server.log.splitlines() if nursery.LATE in line] == []


def test_its_settings_are_those_of_its_own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEUP_METRICS_TOKEN", "of the tests")
    with running_server(tmp_path, metrics_token="metrics-token-for-tests") as server:
        assert server.client("metrics-token-for-tests").get("/metrics").status == 200
        assert server.client("of the tests").get("/metrics").status == 401


def test_it_ends_with_the_tests(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        process = server.process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()  # as the kernel does when the tests are gone
        assert process.wait(10) == 70
