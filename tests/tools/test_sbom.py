"""The list of what a release is made of agrees with the lock that it is installed from."""

import copy
from pathlib import Path
from typing import Any

import pytest

from tools.sbom import differences, pins

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
