"""What Lineup is installed with: locked with hashes, as its makers published it, and quiet when it is imported."""

import base64
import hashlib
import importlib.metadata
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from model_lineup.database.engines import sqlite_module
from tools.sbom import pins

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
AT_RUN_TIME = pins((ROOT / "requirements/runtime.lock").read_text())
STARTED_WITH_PYTHON = {"_editable_impl_model_lineup.pth", "distutils-precedence.pth", "_virtualenv.pth"}
"""This checkout; setuptools and virtualenv, which make environments and are no package of ours."""
FLOORS = {"starlette": (1, 0, 1), "h11": (0, 16), "aiohttp": (3, 13, 3)}
"""CVE-2025-62727 and -48710; CVE-2025-43859; the parser fixes after 3.13.2, for the tests' oracle."""
LISTEN = """
import importlib, json, sys
heard = []
QUIET = ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.exec",
         "os.posix_spawn", "os.fork", "os.remove", "shutil.rmtree")
def listen(event, arguments):
    if event in QUIET:
        heard.append([now, event, repr(arguments)[:200]])
now = "start"
sys.addaudithook(listen)
for now in sys.argv[1:]:
    importlib.import_module(now)
print(json.dumps(heard))
"""


def installed() -> dict[str, importlib.metadata.Distribution]:
    """The packages of the run-time lock that this platform has."""
    found = {}
    for name, version in AT_RUN_TIME:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # the lock is for every platform
        assert distribution.version == version
        found[name] = distribution
    return found


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.name))
def test_every_pin_of_every_lock_has_hashes(lock: Path) -> None:
    found = pins(lock.read_text())
    assert found
    assert [pin for pin, hashes in found.items() if not hashes] == []


@pytest.mark.parametrize("name", FLOORS)
def test_no_package_is_older_than_the_mending_of_its_weakness(name: str) -> None:
    assert numbers(importlib.metadata.version(name)) >= FLOORS[name]


@pytest.mark.skipif(sqlite_module().__name__ != "pysqlite3.dbapi2", reason="the interpreter's own SQLite is used here")
def test_sqlite_does_not_corrupt_a_wal_with_several_writers() -> None:
    assert numbers(sqlite_module().sqlite_version) >= (3, 51, 3)


def test_the_installed_files_are_those_that_were_published() -> None:
    compared, changed = 0, []
    for distribution in installed().values():
        for file in distribution.files or ():
            if file.hash is not None and file.parts[0] != "..":  # commands in bin/ are written by the installer
                digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
                compared += 1
                if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
                    changed.append(str(file))
    assert compared > 1_000
    assert changed == []


def test_no_package_starts_with_the_interpreter() -> None:
    brought = {
        str(file)
        for distribution in installed().values()
        for file in distribution.files or ()
        if file.suffix == ".pth" or file.name in ("sitecustomize.py", "usercustomize.py")
    }
    assert brought == set()
    there = {file.name for file in Path(sysconfig.get_path("purelib")).glob("*.pth")}
    assert there - STARTED_WITH_PYTHON == set()


def test_importing_a_package_asks_nobody_and_starts_nothing() -> None:
    owners = importlib.metadata.packages_distributions()
    wanted = {name.replace("_", "-") for name in installed()}
    modules = [
        module
        for module, names in sorted(owners.items())
        if module.isidentifier() and {name.lower().replace("_", "-") for name in names} & wanted
    ]
    assert {"starlette", "fastapi", "sqlalchemy", "pydantic", "uvicorn"} <= set(modules)
    done = subprocess.run([sys.executable, "-c", LISTEN, *modules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
