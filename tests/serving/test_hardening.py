"""A server keeps no secret in its environment, and writes no core dump."""

import json
import os
import subprocess
import sys

import pytest

from model_lineup.settings import secret_variables

SECRET = "hunter2-hunter2-hunter2"
HARDEN = """
import json, os, pathlib, resource
from model_lineup.serving.hardening import harden
harden()
shown = pathlib.Path("/proc/self/environ").read_bytes().decode(errors="replace")
print(json.dumps([dict(os.environ), shown, resource.getrlimit(resource.RLIMIT_CORE)]))
"""


def test_the_variables_of_all_secrets_are_known() -> None:
    names = {"ADMIN_PASSWORD", "DATABASE_URL", "METRICS_TOKEN", "OIDC_CLIENT_SECRET", "KEY"}
    assert set(secret_variables()) == {f"LINEUP_{name}" for name in names}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc shows a process's environment on Linux only")
def test_nothing_of_them_is_left_in_a_server() -> None:
    environment = {**os.environ, **dict.fromkeys(secret_variables(), SECRET), "LINEUP_PORT": "8484"}
    done = subprocess.run([sys.executable, "-c", HARDEN], env=environment, capture_output=True, text=True, check=True)
    seen, shown, core = json.loads(done.stdout)
    assert "LINEUP_PORT=8484" in shown, "the search looks at the right place"
    assert SECRET not in shown
    assert SECRET not in seen.values()
    assert core == [0, 0]
