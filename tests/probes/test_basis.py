"""What a verdict rests on: another way of asking is noticed by itself, another way of judging by the test here."""

import ast
import hashlib
import io
import tokenize
from pathlib import Path

import model_lineup.probes as room
from model_lineup.probes import basis
from model_lineup.probes.registry import probes

ROOM = Path(room.__path__[0])
JUDGED_BY = (*sorted(ROOM.glob("each/*.py")), *(ROOM / name for name in ("heard.py", "judging.py", "drawing.py")))
OF_READING = (1, "9dd4d8b6dff803d0")
"""`basis.READING`, and what judging looked like then. If this fails you have changed how answers are judged: raise
`READING` if a verdict of before may be another one now, and write down the new digest either way."""


def test_judging_has_not_changed_unnoticed() -> None:
    assert (basis.READING, _judging()) == OF_READING


def test_each_probe_has_a_way_of_asking_of_its_own_that_luck_does_not_change() -> None:
    asked = {name: basis.asked(probe) for name, probe in probes().items()}
    assert len(set(asked.values())) == len(asked)
    assert asked == {name: basis.asked(probe) for name, probe in probes().items()}


def test_what_is_told_to_people_is_no_way_of_judging() -> None:
    text = 'X = 1  # why\n\ndef f():\n    """Says."""\n    return "# no comment"\n'
    assert _plain(text) == 'X = 1\ndef f():\nreturn "# no comment"'


def _judging() -> str:
    text = "\n".join(_plain(path.read_text()) for path in JUDGED_BY)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(source: str) -> str:
    """Without comments, docstrings, blank lines and indentation; the same under each Python."""
    lines: list[str | None] = list(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (line := lines[token.start[0] - 1]) is not None:
            lines[token.start[0] - 1] = line[: token.start[1]]
    return "\n".join(line.strip() for line in lines if line is not None and line.strip())
