"""What must not be committed is found, and what only looks like it is left alone."""

from pathlib import Path

import pytest

from tools.tidy import MOST_SCRIPT_LINES, complaints, problems, too_much_script

SLASH = "/"


@pytest.mark.parametrize("path", ["root/x", "work/main", "home/ada/lineup", "Users/ada", "tmp/scratch", "opt/wheels"])
def test_a_path_of_one_machine_is_found(path: str) -> None:
    assert list(complaints(Path("a.md"), f"see {SLASH}{path} there"))


@pytest.mark.parametrize(
    "text", ["GET /workers", "docs/root/a.md", "./work", "https://example.com/home/page", "</root>"]
)
def test_an_address_or_a_relative_path_is_not(text: str) -> None:
    assert not list(complaints(Path("a.md"), text))


def test_a_registry_host_is_found() -> None:
    assert list(complaints(Path("a.md"), "from https://files.pythonhosted" + ".org/packages/x"))


def test_the_index_of_this_machine_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.com/simple")

    assert list(complaints(Path("a.md"), "from packages.example.com"))


def test_a_lock_holds_no_address() -> None:
    assert list(complaints(Path("x.lock"), "--index-url https://example.com"))
    assert list(complaints(Path("package-lock.json"), '"resolved": "https://example.com/x.tgz"'))
    assert not list(complaints(Path("x.md"), "https://example.com"))


def test_a_line_may_say_that_it_is_meant() -> None:
    assert not list(complaints(Path("a.py"), f"{SLASH}root/x  # tidy: allow"))


def test_bundled_and_minified_scripts_are_found(tmp_path: Path) -> None:
    bundled = tmp_path / "htmx.min.js"
    bundled.write_text("a")
    minified = tmp_path / "own.js"
    minified.write_text("x" * 2000)

    assert list(problems(bundled))
    assert list(problems(minified))


@pytest.mark.parametrize("mark", ["<" * 7 + " HEAD", ">" * 7 + " 34eacbc (x)", "|" * 7 + " base"])
def test_the_mark_of_a_conflict_is_found(mark: str) -> None:
    assert list(complaints(Path("a.md"), mark)) == ["has the mark of a conflict"]
    assert not list(complaints(Path("a.md"), f"{mark[:6]} a heading"))


def test_the_scripts_of_the_panel_stay_small(tmp_path: Path) -> None:
    one, two = tmp_path / "one.js", tmp_path / "two.js"
    one.write_text("a;\n" * (MOST_SCRIPT_LINES - 1))
    two.write_text("b;\n")
    assert not list(too_much_script([one, two]))
    two.write_text("b;\nc;\n")
    assert list(too_much_script([one, two])) == ["The panel's own scripts have 601 lines together, more than 600"]
