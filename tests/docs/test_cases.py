"""The page of known cases names the tests that hold them; they exist, and every case is there once."""

import re
from pathlib import Path

PAGE = Path("docs/explanation/cases.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", PAGE)
CASES = re.findall(r"^\| ([A-Z]-\d\d) P([012]) \|", PAGE, re.MULTILINE)
URGENT = {
    "S": (1, 2, 3, 4, 5, 7, 8, 9, 10, 11),
    "Z": (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15),
    "K": (1, 2, 4, 5, 6, 7, 9),
    "X": (2, 3),
    "U": (1, 2, 3, 4, 6, 7, 8, 9, 10, 13, 14, 17, 18, 19, 20, 21, 23, 24, 25, 26),
    "D": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13),
    "L": (1, 2, 3, 4, 5, 7, 8, 10, 12),
    "C": (1, 2, 3),
}
"""Numbers of the cases with P0 and P1, by letter, without those of the panel."""


def test_every_test_that_it_names_is_there() -> None:
    assert len(NAMED) > 100
    for path, function in NAMED:
        assert Path(path).exists(), path
        if function:
            assert re.search(rf"def {function}\(", Path(path).read_text("utf-8")), f"{path}::{function}"


def test_every_urgent_case_is_there_once() -> None:
    listed = [case for case, _ in CASES]
    assert len(set(listed)) == len(listed)
    urgent = {case for case, urgency in CASES if urgency != "2"}
    assert urgent == {f"{letter}-{number:02}" for letter, numbers in URGENT.items() for number in numbers}


def test_every_row_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "Held by" not in line]
    assert [row for row in rows if "`tests/" not in row] == []
