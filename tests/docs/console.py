"""Console blocks of a Markdown page: the commands in them, and whether what came back is what the page shows.

In a ```console block a line that begins with `$ ` is a command, lines that begin with `> ` continue it, and the rest is
what it prints. Decimal numbers, moments and tokens may differ; `…` stands for anything, on a line of its own for any
number of lines.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MOMENT = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
_DECIMAL = r"\d+\.\d+"
_TOKEN = r"lineup_[a-z]{2,3}_\w+"
_VARIES = re.compile(f"({_MOMENT})|({_TOKEN})|({_DECIMAL})|(^…\n)|(…)", re.MULTILINE)
_MARK = "\x1e"


@dataclass(frozen=True)
class Step:
    """One command, and what the page shows for it; with the number of its line."""

    line: int
    command: str
    shown: str


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in _BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines(), first):
            if line.startswith("$ "):
                found.append(Step(number, line[2:], ""))
            elif line.startswith("> ") and not found[-1].shown:
                found[-1] = Step(found[-1].line, f"{found[-1].command}\n{line[2:]}", "")
            else:
                found[-1] = Step(found[-1].line, found[-1].command, f"{found[-1].shown}{line}\n")
    return found


def run(commands: Sequence[Step], folder: Path, *, within_s: float, environment: Mapping[str, str]) -> list[str]:
    """What each command printed, all of them in one shell, so that variables and functions stay."""
    script = "\n".join(f"{step.command}\nprintf '{_MARK}'" for step in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within_s,
        check=False,
    )
    return done.stdout.split(_MARK)[:-1]


def is_shown(step: Step, printed: str) -> bool:
    return re.fullmatch(_pattern(step.shown.rstrip("\n")), printed.rstrip("\n")) is not None


def _pattern(shown: str) -> str:
    parts, at = [], 0
    for found in _VARIES.finditer(shown):
        parts += [re.escape(shown[at : found.start()]), _what_may_stand_there(found)]
        at = found.end()
    return "".join([*parts, re.escape(shown[at:])])


def _what_may_stand_there(found: re.Match[str]) -> str:
    moment, token, decimal, lines, _ = found.groups()
    if moment or token:
        return _MOMENT if moment else _TOKEN
    return r"\d+(?:\.\d+)?(?:e-?\d+)?" if decimal else r"(?:.*\n)*?" if lines else ".*"
