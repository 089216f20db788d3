"""The threat model names the tests that hold what it says; they exist."""

import re
from pathlib import Path

PAGE = Path("docs/explanation/threat-model.md")
NAMED = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", PAGE.read_text("utf-8"))


def test_every_test_that_it_names_is_there() -> None:
    assert len(NAMED) > 40
    for path, function in NAMED:
        assert Path(path).exists(), path
        if function:
            assert f"def {function}(" in Path(path).read_text("utf-8"), function


def test_every_line_of_its_tables_names_one() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.count("|") == 4 and "---" not in line]
    threats = [line for line in lines if "Held by" not in line]
    assert len(threats) > 25
    assert [line for line in threats if "`tests/" not in line] == []
