"""`lineup` as a process of its own: what it imports, pipes that close, the end of `serve`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Lineup

LINEUP = [sys.executable, "-m", "model_lineup.cli"]
HEAVY = ("fastapi", "pydantic", "sqlalchemy", "uvicorn", "msgspec", "cryptography", "alembic")


def _environment(lineup: Lineup, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    return {**kept, "LINEUP_DATA_DIR": str(lineup.folder), **more}


def test_help_imports_nothing_heavy() -> None:
    look = f"import sys, model_lineup.cli; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_pipe_that_closes_early_leaves_no_traceback(lineup: Lineup) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*LINEUP, "config", "show"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=_environment(lineup), check=False)
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


def test_what_a_terminal_cannot_spell_does_not_stop_it(lineup: Lineup) -> None:
    environment = _environment(lineup, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    done = subprocess.run([*LINEUP, "config", "show"], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.split() for line in done.stdout.splitlines() if line.startswith(b"keyring_file")] == [
        [b"keyring_file", b"?"]
    ]


def test_serve_prints_a_set_up_link_at_once_and_ends_with_0(nowhere: Lineup, tmp_path: Path) -> None:
    command = [*LINEUP, "serve", "--port", "0", "--data-dir", str(tmp_path / "new")]
    environment = _environment(nowhere)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "/admin/setup?token=" in said[1]
    assert "listens on http://127.0.0.1:" in said[2]


def test_serve_refuses_to_be_reached_from_elsewhere_before_anybody_can_sign_in(nowhere: Lineup) -> None:
    command = [*LINEUP, "serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(nowhere), check=False)
    assert done.returncode == 78
    assert done.stderr.startswith("Error: Nobody can sign in yet")
