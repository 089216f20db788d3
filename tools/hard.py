"""The long loops in full length, two parts side by side; what each found is kept in docs/hard-last-run.txt.

    make hard                          every part: about an hour on two cores
    make hard ARGS="kill starts"       parts whose name has one of these words
    make hard ARGS="--list"            their names and how long they took
    make hard ARGS="--seed 7 parsers"  with the seed of an earlier run

A part is a file of tests with at least one test marked `hard`. It runs as a pytest of its own with LINEUP_HARD=1, goes
on after a failure, and is kept as soon as it ends. Its whole output is in build/hard/.
"""

# ruff: noqa: S603, S607  (every command is written here, none comes from outside)

import argparse
import ast
import os
import platform
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from tools.hard_record import Entry, durations, keep

FOLDER = Path("build/hard")
LONGEST_S = 45 * 60
LONGEST_TEST_S = 20 * 60
"""In place of the two minutes that everyday runs give; a test that is marked with a time of its own has that."""
SIDE_BY_SIDE = 2
PYTEST = [sys.executable, "-m", "pytest", "-m", "hard", "-p", "no:cacheprovider", "-o", "junit_family=xunit1"]


def main(words: list[str]) -> int:
    asked = arguments(words)
    every = parts()
    chosen = {part: tests for part, tests in every.items() if not asked.words or any(w in part for w in asked.words)}
    took = durations()
    if asked.list:
        print("\n".join(f"{part:<28} {took[part]:7.0f} s" if part in took else part for part in chosen))
        return 0
    if not chosen:
        print(f"No part has one of {asked.words} in its name: {', '.join(every)}.")
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    longest_first = sorted(chosen, key=lambda part: -took.get(part, LONGEST_S))

    def run(part: str) -> bool:
        print(f"{part} …", flush=True)
        entry = one(part, every[part], asked.seed)
        keep(entry, every)
        print(
            f"{part:<28} {entry.outcome:<12} {entry.took_s:7.0f} s {' · '.join(entry.failed or entry.did)}", flush=True
        )
        return entry.outcome == "passed"

    with ThreadPoolExecutor(asked.at_once) as runners:
        return 0 if all(list(runners.map(run, longest_first))) else 1


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make hard", description="The long loops in full length.")
    parser.add_argument("words", nargs="*", help="run the parts with one of these in their name")
    parser.add_argument("--list", action="store_true", help="name the parts and run none")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10**6), help="where chance begins")  # noqa: S311
    parser.add_argument("--at-once", type=int, default=SIDE_BY_SIDE, metavar="N", help="parts side by side")
    return parser.parse_args(words)


def parts() -> dict[str, str]:
    """Name and file of each: `journeys/kill` is tests/journeys/test_kill.py."""
    told = subprocess.run([*PYTEST, "--collect-only", "-qq"], capture_output=True, text=True, check=False).stdout
    files = sorted({line.partition(":")[0] for line in told.splitlines() if line.startswith("tests/")})
    return {re.sub(r"^tests/|test_|\.py$", "", file): file for file in files}


def one(part: str, file: str, seed: int) -> Entry:
    """Run it to its end, or stop it after `LONGEST_S`."""
    report, log = (FOLDER / f"{part.replace('/', '.')}.{ending}" for ending in ("xml", "log"))
    report.unlink(missing_ok=True)
    options = ["-vv", "-s", f"--timeout={LONGEST_TEST_S}", f"--hypothesis-seed={seed}"]
    command = [*PYTEST, *options, f"--junitxml={report}", file]
    environment = {**os.environ, "LINEUP_HARD": "1", "TESTS_SEED": str(seed), "PYTHONUNBUFFERED": "1"}
    commit = _commit()
    began = time.monotonic()
    with log.open("wb") as output:
        run = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            run.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    found = read_report(report)
    finished = report.exists() and run.returncode in {0, 1}
    return Entry(
        part=part,
        what=_what(Path(file)),
        outcome="not finished" if not finished else "failed" if found.failed or not found.tests else "passed",
        tests=found.tests,
        took_s=round(time.monotonic() - began, 1),
        seed=seed,
        ended=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=commit,
        machine=f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        did=found.did,
        failed=found.failed,
    )


class Found:
    """What pytest's report says."""

    def __init__(self) -> None:
        self.tests = 0
        self.did: list[str] = []
        self.failed: list[str] = []


def read_report(report: Path) -> Found:
    """Of a JUnit file; a test says what it did as a property `did`."""
    found = Found()
    if not report.exists():
        return found
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  pytest wrote it a moment ago
        found.tests += 1
        if case.find("failure") is not None or case.find("error") is not None:
            found.failed.append(_name(case.attrib))
        for told in case.iter("property"):
            if told.get("name") == "did":
                found.did.append(without_machine_paths(f"{_name(case.attrib)}: {told.get('value')}"))
    return found


def without_machine_paths(text: str) -> str:
    text = text.replace(f"{Path.cwd()}/", "").replace(str(Path.home()), "~")
    return re.sub(r"/tmp/\S+", "TEMPORARY", text)  # noqa: S108  tidy: allow


def _name(case: Mapping[str, str]) -> str:
    return case.get("name", "?").removeprefix("test_").replace("_", " ")


def _what(file: Path) -> str:
    """The first sentence of its docstring."""
    told = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or file.name
    return re.split(r"(?<=\.)\s|\n\n", told.strip())[0].replace("\n", " ")


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(["git", "status", "--porcelain", "src"], capture_output=True, text=True, check=False)
    return (told.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
