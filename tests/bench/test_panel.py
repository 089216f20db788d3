"""What the panel's benchmark makes of its figures; the measuring itself is tried by running it."""

import json
from pathlib import Path

import pytest

from bench import _panel_figures
from bench._panel_figures import BEGIN, END, Figure, late, table, write

QUICK = Figure("first page", "ms", 31.256, 60.0, 28.0, 45.0, 27.5)
LATE = Figure("rows", "kB", 12.4, 12.0)
UNTOLD = Figure("page", "kB", 900.0)


def test_what_is_over_its_target_is_late_and_what_has_none_is_not() -> None:
    assert [late(one) for one in (QUICK, LATE, UNTOLD)] == [False, True, False]


def test_the_table_marks_what_is_late() -> None:
    assert table([QUICK, LATE, UNTOLD]).splitlines()[2:] == [
        "| first page | 60 | 31 ms | 28 | 45 | 28 |",
        "| rows | 12.0 | **12.4 kB** |  |  |  |",
        "| page |  | 900 kB |  |  |  |",
    ]


def test_figures_are_kept_as_json_and_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "panel-speed.md"
    page.write_text(f"Before.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    monkeypatch.setattr(_panel_figures, "DOCS", tmp_path)
    monkeypatch.setattr(_panel_figures, "PAGE", page)
    write([QUICK, LATE], 10_000, 5)
    assert page.read_text() == f"Before.\n\n{BEGIN}\n\n{table([QUICK, LATE])}\n\n{END}\n\nAfter.\n"
    kept = json.loads((tmp_path / "panel-speed.json").read_text())
    assert (kept["models"], kept["rounds"], kept["over_target"]) == (10_000, 5, ["rows"])
    assert kept["figures"][0]["value"] == 31.26
