"""Values and tables as people read them."""

from typing import Any

import pytest

from model_lineup.cli import show


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, "–"),
        ([], "–"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (0.0, "0.00"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (1234.5, "1234"),
        (["a", "b"], "a, b"),
        ({"n": 1}, "n: 1"),
        ("2026-11-23T01:45:54.123456Z", "2026-11-23 01:45:54"),
        ("2026-11-23T01:45:54+02:00", "2026-11-22 23:45:54"),
        ("2026-11-23Tnonsense-12345", "2026-11-23Tnonsense-12345"),
    ],
)
def test_a_value_is_short_and_readable(value: Any, cell: str) -> None:
    assert show.cell(value) == cell


def test_a_table_has_no_space_at_its_line_ends_and_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    show.table([["x" * 300, 1], ["y", 20]], ["name", "n"])
    head, _, first, second, *_ = capsys.readouterr().out.split("\n")
    assert head.split() == ["name", "n"]
    assert first.startswith("x" * 300)
    assert second.endswith("20")
    assert not any(line.endswith(" ") for line in (head, first, second))


def test_brackets_are_text_and_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show.line("[red]a[/red] :smile:")
    assert capsys.readouterr().out == "[red]a[/red] :smile:\n"
