"""All checks, two at a time, each with its time; what a failed one said follows its line. `make check` runs this."""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tools.browser import node_command

CODE = [folder for folder in ("src", "tests", "bench", "tools") if any(Path(folder).rglob("*.py"))]
PYTHON = [sys.executable, "-m"]
BESIDE_PYTHON = Path(sys.executable).parent
SCRIPTS = Path("src/model_lineup/panel/static")
SCRIPT_TYPES = "node_modules/typescript/bin/tsc"


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    said: str
    took_s: float


def commands() -> dict[str, list[str]]:
    """What is run, the slowest first. B101 (assert) is off, as its twin is for ruff."""
    found = {
        "types (mypy)": [*PYTHON, "mypy", "--explicit-package-bases", *CODE],
        "directions (import-linter)": [str(BESIDE_PYTHON / "lint-imports"), "--no-cache"],
        "security (bandit)": [
            *PYTHON,
            "bandit",
            "-q",
            "-r",
            "src",
            "-c",
            "pyproject.toml",
            "-s",
            "B101",
        ],  # assert: as for ruff
        "lint (ruff)": [*PYTHON, "ruff", "check", *CODE],
        "format (ruff)": [*PYTHON, "ruff", "format", "--check", *CODE],
        "tidiness": [*PYTHON, "tools.tidy"],
    }
    if Path("tools/docs.py").exists():
        found["fresh reference"] = [*PYTHON, "tools.docs", "--check"]
    if any(SCRIPTS.glob("*.js")) and ("CI" in os.environ or not why_scripts_are_skipped()):
        found["scripts (tsc)"] = [*(node_command() or ["node"]), SCRIPT_TYPES, "--project", "jsconfig.json"]
    return found


def why_scripts_are_skipped() -> str:
    """Empty where their types can be checked. CI checks them in any case, and fails where they cannot."""
    if not Path(SCRIPT_TYPES).exists():
        return "node_modules is missing: make setup-dev"
    return "" if node_command() else "Node.js is missing"


def run(name: str, command: list[str]) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Outcome(name, done.returncode == 0, done.stdout.strip(), time.monotonic() - began)


def main() -> int:
    began = time.monotonic()
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for finished in as_completed([pool.submit(run, name, command) for name, command in commands().items()]):
            outcome = finished.result()
            print(f"{outcome.name:<28} {'ok' if outcome.passed else 'FAILED':<6} {outcome.took_s:6.1f} s", flush=True)
            if not outcome.passed:
                failed.append(outcome.name)
                print(f"{outcome.said}\n", flush=True)
    if any(SCRIPTS.glob("*.js")) and "CI" not in os.environ and (why := why_scripts_are_skipped()):
        print(f"{'scripts (tsc)':<28} skipped: {why}")
    print(f"{'all checks':<28} {'FAILED' if failed else 'ok':<6} {time.monotonic() - began:6.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
