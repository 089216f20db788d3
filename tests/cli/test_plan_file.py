"""A plan in a file: what is wrong is told with its line and field."""

from pathlib import Path

import pytest

from model_lineup.cli.client import Refused
from model_lineup.cli.misused import Misused
from model_lineup.cli.plan_file import PlanFile

TOML = "requests = 40\n\n[slo]\nttft_ms = 200\n\n[sweep]\nconcurrency = [\n  1,\n  2,\n]\n"
JSON = '{\n  "requests": 40,\n  "slo": {\n    "ttft_ms": 200\n  },\n  "sweep": {"concurrency": [1, 2]}\n}\n'


def written(folder: Path, text: str, name: str = "plan.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "name"), [(TOML, "plan.toml"), (JSON, "plan.json")])
def test_both_forms_say_the_same(tmp_path: Path, text: str, name: str) -> None:
    file = PlanFile(written(tmp_path, text, name))
    assert file.fields == {"requests": 40, "slo": {"ttft_ms": 200}, "sweep": {"concurrency": [1, 2]}}


@pytest.mark.parametrize(
    ("text", "name", "pointer", "line"),
    [
        (TOML, "plan.toml", "/requests", 1),
        (TOML, "plan.toml", "/slo/ttft_ms", 4),
        (TOML, "plan.toml", "/sweep/concurrency", 7),
        (TOML, "plan.toml", "/sweep/concurrency/1", 7),
        (JSON, "plan.json", "/slo/ttft_ms", 4),
        (JSON, "plan.json", "/sweep/concurrency", 6),
    ],
)
def test_what_the_api_refuses_has_its_line(tmp_path: Path, text: str, name: str, pointer: str, line: int) -> None:
    path = written(tmp_path, text, name)
    told = PlanFile(path).explained(Refused({"errors": [{"pointer": pointer, "message": "must be less"}]}))
    assert str(told) == f"{path}:{line}: {pointer[1:].replace('/', '.')}: must be less"


def test_what_is_not_in_the_file_is_left_to_the_usual_words(tmp_path: Path) -> None:
    file = PlanFile(written(tmp_path, TOML))
    assert file.explained(Refused({"errors": [{"pointer": "/rate", "message": "no"}]})) is None
    assert file.explained(Refused({"detail": "no such model"})) is None


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("requests = \n", "plan.toml", ":1: this is no TOML"),
        ("requests = 4\n[slo\n", "plan.toml", ":2: this is no TOML"),
        ('{"requests": 4,\n}', "plan.json", ":2: this is no JSON"),
        ("[1]", "plan.json", ":1: a plan is an object"),
        ("a = 1\nrate = inf\n", "plan.toml", ":2: rate: must be text or a finite number"),
        ("rate = 2026-11-23\n", "plan.toml", ":1: rate: must be text or a finite number"),
        ("[" * 100_000, "plan.json", ": is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, name: str, said: str) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(Misused) as refused:
        PlanFile(path)
    assert str(refused.value).startswith(f"{path}{said}")


def test_no_file_and_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misused, match="cannot be read"):
        PlanFile(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(Misused, match="not UTF-8"):
        PlanFile(tmp_path / "bytes.toml")
