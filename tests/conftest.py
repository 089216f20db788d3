"""What every test can ask for. Fixtures of one room live in that room's own conftest.py."""

import contextlib
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from model_lineup.access import passwords
from model_lineup.demo.model_server import LocalModel
from model_lineup.rooms import Rooms
from tests.fakes import both, compiled, scratch
from tests.fakes.clock import ManualClock
from tests.fakes.counts import HARD
from tests.fakes.faults import Faults, running_faults
from tests.fakes.hashes import CHEAP
from tests.fakes.instances import KINDS, Kind, Templates
from tests.fakes.model_server import running_model
from tests.fakes.postgres import PostgresServer
from tests.fakes.server import Server, Workbench, running_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: what tests start must get Ctrl-C
    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.default_int_handler)

# Else every server and command that is started from nothing would compile all of Lineup anew, a second each.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("everyday", deadline=None, derandomize=not HARD, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("everyday")
"""Chance is the same every day, and a busy machine is no reason to fail; `make hard` draws anew."""

_IN_MEMORY = pytest.StashKey[Path]()

compiled.share()


@pytest.hookimpl(tryfirst=True)  # before pytest chooses a folder for temporary files
def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None and not HARD and (folder := scratch.folder()) is not None:
        config.option.basetemp = config.stash[_IN_MEMORY] = folder  # pytest-xdist tells its processes


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what meets PostgreSQL in `make hard` only."""
    now = {item: both.runs_now(item) for item in items}
    items[:] = [item for item, runs in now.items() if runs]
    if left_out := [item for item, runs in now.items() if not runs]:
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)  # after the last fixtures have ended
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """After a failure the files stay to be looked at, until the next run."""
    if exitstatus == 0 and _IN_MEMORY in session.config.stash:
        shutil.rmtree(session.config.stash[_IN_MEMORY], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test asks for it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a new, empty database of this test's own."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def templates(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """Migrated instances to copy."""
    with contextlib.closing(Templates(tmp_path_factory.mktemp("templates"), postgres_server)) as templates:
        yield templates


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of passwords, in this process; `monkeypatch.undo()` brings the real ones back."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)


@pytest.fixture
def did(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says in a few words what a long loop did; `make hard` keeps it in docs/hard-last-run.txt."""
    return lambda words: record_property("did", words)


@pytest.fixture
def clock() -> ManualClock:
    """The time of `rooms`; it stands still until it is told to advance."""
    return ManualClock()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """The database, each in turn."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def rooms(kind: Kind, templates: Templates, tmp_path: Path, clock: ManualClock) -> Iterator[Rooms]:
    """All rooms of a new instance, on SQLite and on PostgreSQL; afterwards it must hold together."""
    with templates.rooms(kind, tmp_path / "instance", clock) as rooms:
        yield rooms


@pytest.fixture(scope="session")
def local_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModel]:
    """SmolLM2-135M behind llama.cpp's own HTTP server; `.base_url` ends in /v1, `.model_id` is its name."""
    yield from running_model(tmp_path_factory.mktemp("model") / "server.log")


@pytest.fixture(scope="session")
def faults() -> Iterator[Faults]:
    """A provider that misbehaves in every known way; `.cases` says in which, and what is expected of us."""
    with running_faults() as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running Lineup for all tests that leave no trace, or only rows of their own. Lists are not empty."""
    with running_server(tmp_path_factory.mktemp("lineup"), access_token_minutes=1440, sign_ins_per_s=1_000) as running:
        yield running


@pytest.fixture(scope="session")
def workbench(server: Server) -> Workbench:
    """The administrator of the shared server."""
    return Workbench(server.admin())
