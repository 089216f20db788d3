"""A running server keeps no secret in its environment, and writes no core dump."""

import os
import resource
import sys
from pathlib import Path

import pytest

from model_lineup.settings import secret_variables
from tests.fakes.server import PASSWORD, running_server

TOKEN = "metrics-token-for-tests"


def test_the_variables_of_all_secrets_are_known() -> None:
    assert set(secret_variables()) == {
        "LINEUP_ADMIN_PASSWORD",
        "LINEUP_DATABASE_URL",
        "LINEUP_METRICS_TOKEN",
        "LINEUP_KEY",
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc shows a process's environment on Linux only")
def test_nothing_of_them_is_left_in_a_server(tmp_path: Path) -> None:
    with running_server(tmp_path, metrics_token=TOKEN) as server:
        assert server.process is not None
        shown = Path(f"/proc/{server.process.pid}/environ").read_bytes()
        assert b"LINEUP_DATA_DIR=" in shown, "the search looks at the right place"
        assert PASSWORD.encode() not in shown
        assert TOKEN.encode() not in shown
        assert resource.prlimit(server.process.pid, resource.RLIMIT_CORE) == (0, 0)
        assert server.client(TOKEN).get("/metrics").status == 200
        assert os.environ.get("LINEUP_METRICS_TOKEN") is None
