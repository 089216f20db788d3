"""Looks for what must not be committed: registry hosts, paths of one machine, third-party JavaScript, large files, and
the marks of a conflict that nobody resolved.

A line that must hold such a thing all the same, in a test for instance, says `tidy: allow`.
"""

# ruff: noqa: S607  (every command is written here, none comes from outside)

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

# Written in two halves, so that this file does not hold them itself.
HOSTS = [
    f"{name}.{top}" for name, top in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
]
INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "NPM_CONFIG_REGISTRY")
MACHINE_PATH = re.compile(r"(?<![\w.><])/(?:work|root|home/\w+|Users/\w+|tmp/[\w-]+|opt/\w+)(?![\w-])")
THIRD_PARTY = re.compile(r"\.min\.(js|css)$|\.js\.map$|(^|/)(node_modules|vendor|third_party)/")
CONFLICT = re.compile(r"<{7} |>{7} |\|{7} ")
LARGEST_FILE = 1_000_000
LONGEST_SCRIPT_LINE = 1_000
MOST_SCRIPT_LINES = 600
"""Of all of the panel's own scripts: the server renders, and they only help."""


def main() -> int:
    tracked = tracked_files()
    found = [problem for path in tracked for problem in problems(path)]
    found += too_much_script(path for path in tracked if path.match("panel/static/*.js"))
    for problem in found:
        print(problem)
    return 1 if found else 0


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := Path(name)).is_file()]


def problems(path: Path) -> Iterator[str]:
    if THIRD_PARTY.search(PurePosixPath(path).as_posix()):
        yield f"{path}: third-party code is fetched from package.json, never committed"
    if path.stat().st_size > LARGEST_FILE:
        yield f"{path}: larger than {LARGEST_FILE:,} bytes"
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return  # a picture
    for number, line in enumerate(lines, 1):
        for complaint in complaints(path, line):
            yield f"{path}:{number}: {complaint}"


def complaints(path: Path, line: str) -> Iterator[str]:
    if "tidy: allow" in line:
        return
    for host in registry_hosts():
        if host in line:
            yield f"names the registry host {host}"
    if CONFLICT.match(line):
        yield "has the mark of a conflict"
    if machine_path := MACHINE_PATH.search(line):
        yield f"names a path of one machine, {machine_path[0]}"
    if (path.suffix == ".lock" or path.name == "package-lock.json") and "://" in line:
        yield "a lock holds no addresses"
    if path.suffix in {".js", ".mjs"} and len(line) > LONGEST_SCRIPT_LINE:
        yield "looks like minified code, which is never committed"


def too_much_script(scripts: Iterable[Path]) -> Iterator[str]:
    lines = sum(len(script.read_text("utf-8").splitlines()) for script in scripts)
    if lines > MOST_SCRIPT_LINES:
        yield f"The panel's own scripts have {lines} lines together, more than {MOST_SCRIPT_LINES}"


def registry_hosts() -> list[str]:
    """The public ones, and those that this machine is set up to use."""
    own = [urlsplit(os.environ.get(variable, "")).hostname for variable in INDEX_VARIABLES]
    return HOSTS + [host for host in own if host and host != "localhost"]


if __name__ == "__main__":
    sys.exit(main())
