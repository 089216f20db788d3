"""What `make hard` keeps: one entry per part, the older ones too, until the part itself is gone."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from tools import hard, hard_record
from tools.hard_record import Entry

TESTS = Path(__file__).parents[1]
OLD = Entry("a/one", "Says what.", "passed", 2, 61.0, 7, "2026-01-02 03:04 UTC", "abc1234", "a machine", ["x: 3 turns"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_part_that_was_not_run_keeps_its_older_entry(folder: Path) -> None:
    hard_record.keep(OLD, ["a/one", "b/two"])
    new = dataclasses.replace(OLD, part="b/two", outcome="failed", commit="def5678", failed=["it broke"])
    hard_record.keep(new, ["a/one", "b/two"])
    page = hard_record.PAGE.read_text()
    assert "1 of 2 parts passed" in page
    assert "commit abc1234, seed 7" in page
    assert "    - x: 3 turns" in page
    assert "    FAILED it broke" in page
    assert hard_record.durations() == {"a/one": 61.0, "b/two": 61.0}


def test_an_entry_is_replaced_by_the_next_run_and_goes_with_its_part(folder: Path) -> None:
    hard_record.keep(OLD, ["a/one"])
    hard_record.keep(dataclasses.replace(OLD, commit="def5678"), ["a/one"])
    assert [entry["commit"] for entry in json.loads(hard_record.KEPT.read_text())] == ["def5678"]
    hard_record.keep(dataclasses.replace(OLD, part="b/two"), ["b/two"])
    assert list(hard_record.durations()) == ["b/two"]


def test_the_report_of_a_part_says_what_its_tests_did_and_which_failed(folder: Path) -> None:
    report = folder / "report.xml"
    told = '<properties><property name="did" value="3 turns"/></properties>'
    report.write_text(
        f'<testsuites><testsuite><testcase name="test_it_holds[a]">{told}</testcase>'
        '<testcase name="test_it_breaks"><failure/></testcase><testcase name="test_no_set_up"><error/></testcase>'
        "</testsuite></testsuites>"
    )
    found = hard.read_report(report)
    assert (found.tests, found.did, found.failed) == (3, ["it holds[a]: 3 turns"], ["it breaks", "no set up"])
    assert hard.read_report(folder / "missing.xml").tests == 0


def test_what_is_kept_names_no_path_of_this_machine(folder: Path) -> None:
    assert hard.without_machine_paths(f"{folder}/docs/x and {Path.home()}/y") == "docs/x and ~/y"


def test_whatever_has_a_full_count_is_a_part() -> None:
    counting = re.compile(r"(?<![.\w])count\(")
    forgotten = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("test_*.py")
        for text in [path.read_text("utf-8")]
        if "counts import" in text and counting.search(text) and "mark.hard" not in text
    ]
    assert forgotten == []
