"""Lists what a release is made of: `python -m tools.sbom [FILE]`, which `make sbom` runs.

CycloneDX JSON of requirements/runtime.lock: every package that `lineup serve` is installed with, its version and the
hashes that pip insists on; and of package-lock.json: the browser libraries that a release carries with it. The same
locks give the same bytes. The tool that writes it is installed from a lock of its
own into build/sbom-venv, so that neither Lineup nor its tests depend on it; the list is checked against the lock here.
"""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import json
import re
import subprocess
import sys
import venv
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "build/sbom-venv"
LOCK = ROOT / "requirements/runtime.lock"
BROWSER_LOCK = ROOT / "package-lock.json"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OF_SPDX = {"0BSD", "Apache-2.0", "ISC", "MIT"}
"""Only these may stand as an identifier; npm packages call licences by other names too."""


def main(arguments: list[str]) -> int:
    file = Path(arguments[0]) if arguments else ROOT / "build/sbom.cdx.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        write(file)
        missing = differences(json.loads(file.read_text("utf-8")), LOCK.read_text("utf-8"))
    except subprocess.CalledProcessError as error:
        print(f"sbom: {' '.join(map(str, error.cmd[:4]))} … failed:\n{error.stderr}", file=sys.stderr)
        return 1
    if missing:
        print(f"sbom: {file} is not what requirements/runtime.lock says: {'; '.join(missing)}", file=sys.stderr)
        return 1
    parts = browser_parts(BROWSER_LOCK.read_text("utf-8"))
    add(parts, file)
    print(f"{file}: {len(pins(LOCK.read_text('utf-8')))} packages, {len(parts)} browser libraries")
    return 0


def write(file: Path) -> None:
    """Raises CalledProcessError."""
    python = TOOL / "bin/python"
    if not python.exists():
        venv.create(TOOL, with_pip=True)
    install = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    _run(python, *install, "--requirement", ROOT / "requirements/release.lock")
    options: list[str | Path] = [
        "--pyproject",
        ROOT / "pyproject.toml",
        "--mc-type",
        "application",
        "--output-reproducible",
    ]
    _run(TOOL / "bin/cyclonedx-py", "requirements", *options, "--output-file", file, LOCK)


def pins(lock: str) -> dict[tuple[str, str], set[str]]:
    """(name, version) → the hashes of its files, as a lock says."""
    starts = list(_PIN.finditer(lock))
    ends = [*(found.start() for found in starts[1:]), len(lock)]
    return {
        (found[1].lower(), found[2]): set(_HASH.findall(lock[found.start() : end]))
        for found, end in zip(starts, ends, strict=True)
    }


def browser_parts(lock: str) -> list[dict[str, Any]]:
    """The components of a list for what package-lock.json names, less what only development needs."""
    parts = []
    for path, about in sorted(json.loads(lock)["packages"].items()):
        if not path or about.get("dev"):
            continue
        name, licence = path.removeprefix("node_modules/"), about["license"]
        algorithm, _, digest = about["integrity"].partition("-")
        purl = f"pkg:npm/{quote(name)}@{about['version']}"
        parts.append(
            {
                "bom-ref": purl,
                "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": b64decode(digest).hex()}],
                "licenses": [{"license": {"id" if licence in _OF_SPDX else "name": licence}}],
                "name": name,
                "purl": purl,
                "type": "library",
                "version": about["version"],
            }
        )
    return parts


def add(parts: list[dict[str, Any]], file: Path) -> None:
    """To the components of the list that is there."""
    listed = json.loads(file.read_text("utf-8"))
    listed["components"] += parts
    listed["dependencies"] += [{"ref": part["bom-ref"]} for part in parts]
    file.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


def differences(listed: Mapping[str, Any], lock: str) -> list[str]:
    """What of the lock is not in the list, or not with these hashes, and what is listed besides."""
    found = {
        (part["name"].lower(), part["version"]): {
            one["content"] for place in part.get("externalReferences", []) for one in place.get("hashes", [])
        }
        for part in listed["components"]
    }
    wanted = pins(lock)
    wrong = [f"{name} {version} is not listed" for name, version in sorted(wanted.keys() - found.keys())]
    wrong += [f"{name} {version} is not in the lock" for name, version in sorted(found.keys() - wanted.keys())]
    both = sorted(wanted.keys() & found.keys())
    return wrong + [f"{pin[0]} {pin[1]} has other hashes" for pin in both if wanted[pin] != found[pin]]


def _run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
