"""The list of what a release is made of agrees with the locks that it is made from."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tools.sbom import add, browser_parts, differences, pins

LOCK = Path(__file__).parents[2] / "requirements/runtime.lock"
ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64
SMALL = f"""\
Alpha==1.0 \\
    --hash=sha256:{ONE} \\
    --hash=sha256:{TWO}
beta==2.0.1 ; sys_platform == 'linux' \\
    --hash=sha256:{THREE}
"""


def part(name: str, version: str, *hashes: str) -> dict[str, Any]:
    stated = [{"alg": "SHA-256", "content": one} for one in hashes]
    return {"name": name, "version": version, "externalReferences": [{"hashes": stated}]}


LISTED = {"components": [part("Alpha", "1.0", ONE, TWO), part("beta", "2.0.1", THREE)]}


def test_a_lock_is_read_with_its_hashes() -> None:
    assert pins(SMALL) == {("alpha", "1.0"): {ONE, TWO}, ("beta", "2.0.1"): {THREE}}


def test_a_list_of_just_that_agrees() -> None:
    assert differences(LISTED, SMALL) == []


@pytest.mark.parametrize(
    ("position", "other", "said"),
    [
        (0, part("alpha", "1.1", ONE, TWO), ["alpha 1.0 is not listed", "alpha 1.1 is not in the lock"]),
        (0, part("alpha", "1.0", ONE), ["alpha 1.0 has other hashes"]),
        (1, part("beta", "2.0.1", ONE), ["beta 2.0.1 has other hashes"]),
    ],
)
def test_another_version_or_hash_is_named(position: int, other: dict[str, Any], said: list[str]) -> None:
    listed = copy.deepcopy(LISTED)
    listed["components"][position] = other
    assert differences(listed, SMALL) == said


def test_every_package_of_the_run_time_lock_has_hashes() -> None:
    found = pins(LOCK.read_text())
    assert len(found) > 25
    assert [pin for pin, hashes in found.items() if not hashes] == []


BROWSER_LOCK = {
    "packages": {
        "": {"name": "panel"},
        "node_modules/@x/one": {"version": "1.2.3", "integrity": "sha512-AAEC", "license": "MIT"},
        "node_modules/two": {"version": "4.0.0", "integrity": "sha512-/w==", "license": "BSD-0-Clause"},
        "node_modules/three": {"version": "5.0.0", "integrity": "sha512-/w==", "license": "MIT", "dev": True},
    }
}


def test_browser_libraries_are_parts_of_a_release_and_what_tests_them_is_not(tmp_path: Path) -> None:
    parts = browser_parts(json.dumps(BROWSER_LOCK))
    assert [one["purl"] for one in parts] == ["pkg:npm/%40x/one@1.2.3", "pkg:npm/two@4.0.0"]
    assert [one["hashes"] for one in parts] == [
        [{"alg": "SHA-512", "content": "000102"}],
        [{"alg": "SHA-512", "content": "ff"}],
    ]
    assert [one["licenses"] for one in parts] == [
        [{"license": {"id": "MIT"}}],
        [{"license": {"name": "BSD-0-Clause"}}],
    ]

    alpha = part("alpha", "1.0", ONE)
    file = tmp_path / "sbom.json"
    file.write_text(json.dumps({"components": [alpha], "dependencies": []}))
    add(parts, file)
    listed = json.loads(file.read_text())
    assert listed["components"] == [alpha, *parts]
    assert [one["ref"] for one in listed["dependencies"]] == [one["bom-ref"] for one in parts]


def test_every_library_that_the_panel_serves_is_listed() -> None:
    root = LOCK.parents[1]
    wanted = json.loads((root / "package.json").read_text())["dependencies"]
    parts = browser_parts((root / "package-lock.json").read_text())
    assert {one["name"]: one["version"] for one in parts} == wanted
