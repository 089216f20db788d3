"""The long loops in full length: `pytest -m hard` with LINEUP_HARD=1, kept in docs/hard-last-run.txt.

The file is replaced only when the run came to its end, and names no path of this machine.
"""

# ruff: noqa: S603, S607  (every command is written here, none comes from outside)

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

RECORD = Path("docs/hard-last-run.txt")
TIMEOUT_PER_TEST_S = 3600
COMMAND = [
    sys.executable,
    "-m",
    "pytest",
    "-p",
    "tools.pytest_parts",
    "-o",
    "console_output_style=classic",
    "-m",
    "hard",
    f"--timeout={TIMEOUT_PER_TEST_S}",
]


def main(arguments: list[str]) -> int:
    lines = []
    environment = {**os.environ, "LINEUP_HARD": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if run.returncode in {0, 1}:  # passed, or failed tests; not: interrupted, wrong usage, no test
        RECORD.write_text(heading(arguments) + without_machine_paths("".join(lines)))
    return run.returncode


def heading(arguments: list[str]) -> str:
    version = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return (
        f"make hard {' '.join(arguments)}\n"
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {version.stdout.strip() or 'unknown'}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores\n\n"
    )


def without_machine_paths(text: str) -> str:
    text = text.replace(f"{Path.cwd()}/", "").replace(str(Path.home()), "~")
    return re.sub(r"/tmp/\S+", "TEMPORARY", text)  # noqa: S108  tidy: allow


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
