"""Console blocks of a Markdown page: the commands in them, and whether what came back is what the page shows.

In a ```console block a line that begins with `$ ` is a command, lines that begin with `> ` continue it, and the rest is
what it prints on its standard output. Decimal numbers, moments and tokens may differ; `…` stands for anything, on a
line of its own for any number of lines. In a block of ```console figures every number and the width of columns may.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_BLOCK = re.compile(r"^```console( figures)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    figures: bool = False


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in _BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(2)) + 1
        for number, line in enumerate(block[2].splitlines(), first):
            if line.startswith("$ "):
                found.append(Step(number, line[2:], "", figures=bool(block[1])))
                continue
            last = found[-1]
            if line.startswith("> ") and not last.shown:
                found[-1] = replace(last, command=f"{last.command}\n{line[2:]}")
            else:
                found[-1] = replace(last, shown=f"{last.shown}{line}\n")
    return found


def run(commands: Sequence[Step], folder: Path, *, within_s: float, environment: Mapping[str, str]) -> list[str]:
    """What each command printed, all of them in one shell, so that variables and functions stay.

    What they say on their standard error goes to the tests' own, where a failure shows it.
    """
    script = "\n".join(f"{step.command}\nprintf '{_MARK}'" for step in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**_without_settings(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=within_s,
        check=False,
    )
    return done.stdout.split(_MARK)[:-1]


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}


def is_shown(step: Step, printed: str) -> bool:
    shown = step.shown
    if step.figures:
        shown, printed = _without_figures(shown), _without_figures(printed)
    return re.fullmatch(_pattern(shown.rstrip("\n") + "\n"), printed.rstrip("\n") + "\n") is not None


def _without_figures(text: str) -> str:
    for pattern, instead in ((r"\d[\d.,]*\b", "0"), (r" +", " "), (r"─+", "─")):
        text = re.sub(pattern, instead, text)
    return text


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
