"""A command line over a folder of its own: `lineup("models", "list")` runs in this process and tells what it said."""

import functools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from model_lineup.cli import app
from tests.fakes.paced import Paced, paced

PASSWORD = "correct horse battery"


class Lineup:
    """`folder` holds its data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, input: str | None = None, env: dict[str, str] | None = None) -> Result:
        surroundings: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LINEUP_")}
        surroundings |= {"LINEUP_DATA_DIR": str(self.folder), **(env or {})}
        return CliRunner().invoke(app, list(arguments), input=input, env=surroundings, catch_exceptions=False)

    def ok(self, *arguments: str, **more: Any) -> str:
        """What it says on standard output; it has to succeed."""
        result = self(*arguments, **more)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, **more: Any) -> Any:
        return json.loads(self.ok(*arguments, "--json", **more))

    def provider(self, base_url: str = "http://127.0.0.1:9/v1", name: str = "Local") -> None:
        self.ok("providers", "add", name, base_url, "--network-scope", "loopback")


@pytest.fixture(scope="session", autouse=True)
def commands_built_once() -> Iterator[None]:
    """Typer builds all commands anew for each call of its runner, which takes longer than most of them run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an administrator, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "data"
    Lineup(folder).ok("create-admin", "ann@example.com", "--password-stdin", input=f"{PASSWORD}\n")
    return folder


@pytest.fixture
def lineup(made_once: Path, tmp_path: Path) -> Lineup:
    return copied(made_once, tmp_path)


def copied(made: Path, tmp_path: Path) -> Lineup:
    """A command line over a copy of this folder."""
    return Lineup(Path(shutil.copytree(made, tmp_path / "data")))


@pytest.fixture
def nowhere(tmp_path: Path) -> Lineup:
    """A command line whose folder does not exist yet."""
    return Lineup(tmp_path / "none")


@pytest.fixture(scope="session")
def echo() -> Iterator[Paced]:
    """A provider with one model, `paced-echo`."""
    with paced("--ttft-ms", "5", "--gap-ms", "1") as running:
        yield running
