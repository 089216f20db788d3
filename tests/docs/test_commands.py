"""Every `lineup …` that a page shows is a command that exists, with options that it takes."""

import functools
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from model_lineup.cli import app

ROOT = Path(__file__).parents[2]
_SHOWN = re.compile(r"^(?:\$ )?(lineup [^|#>\n]+)|`(lineup [^`\n]+)`", re.MULTILINE)


def _shown() -> list[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        (name, found[1] or found[2])
        for name in listed.splitlines()
        if not name.startswith("docs/reference/") and (ROOT / name).is_file()
        for found in _SHOWN.finditer((ROOT / name).read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "command"), sorted(set(_shown())))
def test_a_command_that_is_shown_exists(page: str, command: str) -> None:
    here = _lineup()
    options = {"--help", *_options(here)}
    for word in shlex.split(command.rstrip("\\ "))[1:]:
        if word in getattr(here, "commands", {}):
            here = here.commands[word]
            options = {*options, *_options(here)}
        elif word.startswith("--"):
            assert word.partition("=")[0] in options
        else:
            assert not hasattr(here, "commands"), f"{word} is no command"


@functools.cache  # it takes 80 ms to build
def _lineup() -> Any:
    return typer.main.get_command(app)


def _options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
