"""The workflows of CI call the Makefile and nothing else, with actions that nobody can exchange under their name."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORDS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
PINNED = re.compile(r"^\s*(?:- )?uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
WORKFLOW = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.name))


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job["steps"]]


def test_there_is_one_for_changes_one_for_the_night_one_for_docs_and_one_for_releases() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "docs.yml", "hard.yml", "release.yml"]


@WORKFLOW
def test_every_command_is_a_word_of_the_makefile(path: Path) -> None:
    commands = [step["run"] for step in steps(path) if "run" in step]
    assert commands
    for command in commands:
        found = re.fullmatch(r"make ([a-z-]+) PYTHON=python(?: ARGS=[\w./-]+)?", command)
        assert found is not None, command
        assert found[1] in WORDS


@WORKFLOW
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []


def test_an_action_has_one_commit_in_all_of_them() -> None:
    commits: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        for step in steps(path):
            if "uses" in step:
                name, _, commit = step["uses"].partition("@")
                commits.setdefault(name, set()).add(commit)
    assert {name: found for name, found in commits.items() if len(found) > 1} == {}


@WORKFLOW
def test_it_may_read_and_no_more_and_keeps_no_credential(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    for job in jobs(path).values():
        assert job["timeout-minutes"] <= 350
        extra = {name: right for name, right in job.get("permissions", {}).items() if right != "read"}
        assert extra in ({}, {"id-token": "write", "attestations": "write"})
        assert job["steps"][0]["with"] == {"persist-credentials": False}
        assert not extra or path.name == "release.yml"


def test_the_tests_run_on_every_python_that_is_promised() -> None:
    tested = jobs(ROOT / ".github/workflows/ci.yml")["test"]["strategy"]["matrix"]["python"]
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert tested == promised
