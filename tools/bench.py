"""Runs the scripts of bench/, one per figure; names narrow: `make bench ARGS=benchmark_truth`."""

# ruff: noqa: S603  (every command is written here, none comes from outside)

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    scripts = {path.stem: path for path in sorted(Path("bench").glob("[a-z]*.py"))}
    unknown = [name for name in names if name not in scripts]
    if unknown or not scripts:
        asked = f"no script {', '.join(unknown)}" if unknown else "nothing to run"
        print(f"bench: {asked}. bench/ holds: {', '.join(scripts) or 'none yet'}", file=sys.stderr)
        return 1
    failed = []
    for name in names or scripts:
        print(f"== {scripts[name]}", flush=True)
        if subprocess.run([sys.executable, scripts[name]], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
