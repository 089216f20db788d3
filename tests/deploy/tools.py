"""What the tests of deploy/ look with: programs of the distribution, and packages in an environment apart."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server import ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "lineup"
ENVIRONMENT = ROOT / "build" / "deploy-venv"


def done(*command: str | Path, text: str = "", **options: Any) -> str:
    """What it printed. A command that fails, fails the test with all that it said."""
    ended: subprocess.CompletedProcess[str] = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, **options
    )
    assert ended.returncode == 0, f"{command[0]}: {ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
    return ended.stdout


@functools.cache
def from_apt(program: str, *packages: str) -> str:
    """Its path; installed first, where that can be done."""
    if found := shutil.which(program):
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip(f"{program} is not here, and only root can have apt-get install it")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done("sh", "-c", "apt-get -qq update", env=environment)
    done("apt-get", "-qq", "install", "-y", "--no-install-recommends", *(packages or (program,)), env=environment)
    found = shutil.which(program)
    assert found, f"{packages} brought no {program}"
    return found


@functools.cache
def from_lock(program: str) -> Path:
    """Of requirements/deploy.lock."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with ENVIRONMENT.with_suffix(".lock").open("w") as alone:  # parts of `make hard` run side by side
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (ENVIRONMENT / "bin" / program).exists():
            venv.create(ENVIRONMENT, with_pip=True)
            python = ENVIRONMENT / "bin" / "python"
            lock = ROOT / "requirements" / "deploy.lock"
            done(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", lock)
    return ENVIRONMENT / "bin" / program


def version() -> str:
    """Of this checkout, in a process that has nothing but it."""
    return done(sys.executable, "-c", "import model_lineup; print(model_lineup.__version__)").strip()
