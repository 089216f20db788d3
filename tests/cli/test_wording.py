"""Remedies are told in verbs, and the verbs exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

import model_lineup
from model_lineup.cli import app
from model_lineup.cli.wording import in_verbs
from tests.cli.conftest import Lineup

ROOMS = ("access", "catalog", "benchmarks", "journal", "repeats")
SENTENCE = re.compile(r'"([^"\n]*(?:(?:GET|PUT|POST|DELETE) /api/|\?(?:force|confirm)=)[^"\n]*)"')


def remedies() -> list[str]:
    """Every line of a message in the rooms that names a request."""
    source = Path(model_lineup.__file__).parent
    files = [file for room in ROOMS for file in sorted((source / room).rglob("*.py"))]
    return [found for file in files for found in SENTENCE.findall(file.read_text("utf-8"))]


def verbs() -> set[str]:
    """`noun verb` of the whole command line."""
    root: Any = typer.main.get_command(app)
    return {f"{noun} {verb}" for noun, group in root.commands.items() for verb in getattr(group, "commands", {})}


def test_there_are_remedies_to_be_told() -> None:
    assert len(remedies()) >= 10


@pytest.mark.parametrize("message", remedies())
def test_no_remedy_names_a_request(message: str) -> None:
    told = in_verbs(message)
    assert not re.search(r"/api/|\b(GET|PUT|POST|DELETE)\b|\?\w+=", told)
    for noun, verb in re.findall(r"`lineup ([a-z]+) ([a-z-]+)", told):
        assert f"{noun} {verb}" in verbs()


def test_a_refusal_tells_the_verb(lineup: Lineup) -> None:
    refused = lineup("models", "show", "99")
    assert "`lineup models list --q TEXT`" in refused.stderr
    assert "/api/" not in refused.stderr
    assert lineup.json("providers", "list")["total"] == 0
