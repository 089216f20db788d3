"""What meets SQLite alone every day, on PostgreSQL."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.counts import HARD

ROOT = Path(__file__).parents[2]


@pytest.mark.hard
@pytest.mark.skipif(not HARD, reason="the rest of the suite on PostgreSQL is `make hard`'s")
@pytest.mark.timeout(1800)
def test_whatever_stands_on_a_store_stands_on_postgresql_too(did: Callable[[str], None]) -> None:
    today = {key: value for key, value in os.environ.items() if key != "LINEUP_HARD"}
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=ROOT, env=today | {"TESTS_ON_POSTGRESQL": "rest"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = int(re.findall(r"(\d+) passed", done.stdout)[-1])
    assert passed > 300, done.stdout[-2000:]
    did(f"{passed} tests on PostgreSQL, which meet SQLite alone every day")
