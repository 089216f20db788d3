"""Runs the real Lineup as a process of its own, and talks to it over a kept connection.

    with running_server(tmp_path) as server:
        admin = server.admin()
        assert admin.get("/api/admin/models").status == 200

The server ends with the tests, however they end: it watches its standard input, which the kernel closes when they are
gone. `kill()` is `kill -9`; `start()` brings it up again on the same data.
"""

import atexit
import functools
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote_plus

from tests.fakes import loop_guard, nursery
from tests.fakes.client import Answer as Answer
from tests.fakes.client import Client as Client

EMAIL = "admin@example.com"
PASSWORD = "correct horse battery"
START_WITHIN_S = 100.0
_FROM_NOTHING = [
    *(sys.executable, "-W", "error::ResourceWarning", "-c"),
    "from tests.fakes import nursery; nursery.serve()",
]
ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[bytes] | nursery.Forked


_ELSEWHERE = {"database_url", "keyring_file", "admin_email", "admin_password"}
"""Settings with which a copied data directory would not do."""
_NOT_SETTINGS = {"allow_remote_setup": "ALLOW_REMOTE_SETUP", "dear_passwords": "DEAR_PASSWORDS"}


class Server:
    """One Lineup over one data directory. `settings`: `LINEUP_*` without the prefix, in lower case.

    Where there is no such directory yet it begins with a copy of one whose first administrator was just made, unless it
    is told to begin `from_nothing`, which takes a tenth of a second more. `dear_passwords=1`: see `nursery`.
    """

    def __init__(
        self, data_dir: Path, *, first_admin: bool = True, from_nothing: bool = False, **settings: Any
    ) -> None:
        self.data_dir = data_dir
        self.settings = {"host": "127.0.0.1", "port": 0, "log_format": "json", "drain_delay_s": 0, **settings}
        if first_admin:
            self.settings |= {"admin_email": EMAIL, "admin_password": PASSWORD}
        self._copied = first_admin and not from_nothing and not _ELSEWHERE & settings.keys()
        self.port = 0
        self.said = ""
        self.process: Process | None = None
        self._clients: list[Client] = []
        self._log = data_dir.parent / f"{data_dir.name}.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that it has logged so far, over all its starts."""
        return self._log.read_text(errors="replace")

    def start(self, *, wait_ready: bool = True) -> Self:
        """Returns when it listens and, unless told otherwise, is ready."""
        if self._copied and not self.data_dir.exists():
            shutil.copytree(_begun(), self.data_dir)
        self.process = self._spawn()
        self.said = ""
        try:
            self._wait_for_address()
            if wait_ready:
                self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def refuse_to_start(self) -> str:
        """Run it, expecting that it ends at once; what it wrote to its log and its standard output."""
        self.process = self._spawn()
        try:
            code = self.process.wait(START_WITHIN_S)
            assert self.process.stdout is not None
            said = self.process.stdout.read().decode() + self.log
        finally:
            self.kill()
        assert code != 0
        return said

    def kill(self) -> None:
        """`kill -9`; its measuring children see their standard input end."""
        if self.process is not None:
            self.process.kill()
            self._reap()

    def terminate(self, within_s: float = 100) -> tuple[int, float]:
        """SIGTERM; the exit code, and the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(within_s)
        self._reap()
        return code, time.monotonic() - began

    def client(self, token: str | None = None, *, timeout_s: float = 60) -> Client:
        """A connection of its own."""
        made = Client(self.port, token, timeout_s=timeout_s)
        self._clients.append(made)
        return made

    def admin(self) -> Client:
        """A new session of the first administrator."""
        return self.client(self.sign_in())

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        client = self.client()
        pair = client.must("POST", "/api/auth/login", {"email": email, "password": password})
        return str(pair["access_token"])

    def raw(self, data: bytes = b"", *, timeout_s: float = 30) -> socket.socket:
        """A connection on which `data` was sent as it is."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)
        connection.sendall(data)
        return connection

    def __enter__(self) -> Self:
        return self if self.process is not None else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for client in self._clients:
            client.close()
        self.kill()
        if kind is None and self._log.exists():
            blocked = [line for line in self.log.splitlines() if loop_guard.MARK in line]
            assert not blocked, blocked[:3]

    def _spawn(self) -> Process:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
        environment.pop("PYTHONUNBUFFERED", None)  # what the server says must come without it
        environment["LINEUP_DATA_DIR"] = str(self.data_dir)
        for name, value in self.settings.items():
            environment[_NOT_SETTINGS.get(name, f"LINEUP_{name.upper()}")] = str(value)
        with self._log.open("ab") as log:
            if nursery.WORKS_HERE and "workers" not in self.settings:
                return nursery.fork_server(environment, log)
            return subprocess.Popen(
                _FROM_NOTHING, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )

    def _wait_for_address(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            if not select.select([self.process.stdout], [], [], 0.2)[0]:
                continue
            piece = os.read(self.process.stdout.fileno(), 65536).decode()
            if not piece:
                raise RuntimeError(f"the server ended while starting: {self.said} {self.log[-4000:]}")
            self.said += piece
            if found := re.search(r"listens on http://.*?:(\d+)[ /]", self.said):
                self.port = int(found[1])
                return
        raise RuntimeError(f"the server did not say where it listens: {self.said} {self.log[-4000:]}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            client = Client(self.port, timeout_s=30)
            try:
                if client.get("/readyz").status == 200:
                    return
            except OSError:
                pass
            finally:
                client.close()
            time.sleep(0.01)
        raise RuntimeError(f"the server did not become ready: {self.log[-4000:]}")

    def _reap(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@functools.cache
def _begun() -> Path:
    """A data directory as the first start of a server leaves it; it goes with the tests."""
    folder = Path(tempfile.mkdtemp(prefix="lineup-begun-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Server(folder / "data", from_nothing=True) as server:
        assert server.terminate()[0] == 0
    return server.data_dir


@contextmanager
def running_server(folder: Path, **settings: Any) -> Iterator[Server]:
    """A server with data of its own in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with Server(folder / "data", **settings) as server:
        yield server


def by_id(model_id: str, path: str = "", **more: Any) -> str:
    """The address of a model by the provider's own id, encoded as a form would be."""
    query = "".join(f"&{name}={quote_plus(str(value))}" for name, value in more.items())
    return f"/api/admin/models/by-id{path}?model_id={quote_plus(model_id)}{query}"


@dataclass
class Workbench:
    """A signed-in admin who sets things up. Every name is used once, so tests on one server do not meet."""

    admin: Client
    _names: dict[str, int] = field(default_factory=dict)

    def name(self, stem: str) -> str:
        self._names[stem] = self._names.get(stem, 0) + 1
        return f"{stem}-{self._names[stem]}"

    def provider(self, base_url: str = "http://127.0.0.1:9/v1", **more: Any) -> dict[str, Any]:
        body = {"name": self.name("provider"), "type": "openai", "base_url": base_url, "network_scope": "loopback"}
        made: dict[str, Any] = self.admin.must("POST", "/api/admin/providers", {**body, **more})
        return made

    def model(self, provider_id: int | None = None, model_id: str | None = None, **more: Any) -> dict[str, Any]:
        wanted = {
            "provider_id": self.provider()["id"] if provider_id is None else provider_id,
            "model_id": self.name("model") if model_id is None else model_id,
        }
        made: dict[str, Any] = self.admin.must("POST", "/api/admin/models", {**wanted, **more})
        return made

    def alias(self, model_id: str, alias: str, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.admin.must("POST", by_id(model_id, "/aliases"), {"alias": alias, **more})
        return made

    def person(self, role: str, **more: Any) -> tuple[dict[str, Any], str]:
        """The person and its access token."""
        email = f"{self.name('person')}@example.com"
        body = {"email": email, "role": role, "password": PASSWORD, **more}
        made: dict[str, Any] = self.admin.must("POST", "/api/admin/people", body)
        pair = self.admin.must("POST", "/api/auth/login", {"email": email, "password": PASSWORD})
        return made, str(pair["access_token"])

    def end_run(self, run_id: int, within_s: float = 60) -> None:
        """Cancel it, and wait until its place is free again: of a server's places the next test may need each."""
        self.admin.must("DELETE", f"/api/admin/runs/{run_id}")
        deadline = time.monotonic() + within_s
        while self.admin.must("GET", f"/api/admin/runs/{run_id}")["state"] == "running":
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def key(self, kind: str, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.admin.must(
            "POST", "/api/admin/keys", {"name": self.name("key"), "kind": kind, **more}
        )
        return made
