"""The reference says all that the code says, and it is noticed when it does not."""

from pathlib import Path

import pytest

from model_lineup.errors import OperationRefused, StartRefused, error_classes
from model_lineup.settings import Settings
from model_lineup.upstream import registry
from tools import docs
from tools.docs_markdown import prose, table
from tools.docs_schemas import Schemas


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return docs.pages()


def test_the_same_code_gives_the_same_pages(pages: dict[str, str]) -> None:
    assert docs.pages() == pages


def test_every_setting_is_there_with_its_variable(pages: dict[str, str]) -> None:
    for name in Settings.model_fields:
        assert f"| `{name}` | `LINEUP_{name.upper()}` |" in pages["settings.md"]


def test_every_error_that_callers_can_get_is_there(pages: dict[str, str]) -> None:
    for error in error_classes():
        over_http = error not in (StartRefused, OperationRefused)
        assert (f"`{error.code}` | {error.status} |" in pages["errors.md"]) == over_http


def test_every_kind_is_there(pages: dict[str, str]) -> None:
    for kind in registry.offered().values():
        assert f"## `{kind.name}`: {kind.label}" in pages["provider-kinds.md"]


@pytest.mark.parametrize(
    ("operation", "who"),
    [
        ("POST /api/auth/login", "anybody"),
        ("GET /api/admin/me", "`admin`, `viewer` or `user`"),
        ("GET /api/admin/models", "`admin` or `viewer`"),
        ("PUT /api/admin/models/by-id", "`admin`"),
    ],
)
def test_an_operation_tells_who_may_call_it(pages: dict[str, str], operation: str, who: str) -> None:
    section = pages["api.md"].partition(f"### {operation}\n")[2].partition("\n### ")[0]

    assert f"Who: {who}. Answers: " in section


def test_every_verb_is_there_with_its_usage(pages: dict[str, str]) -> None:
    assert "### lineup benchmark\n" in pages["cli.md"]
    assert "```text\nlineup models show MODEL\n```" in pages["cli.md"]


def test_every_shape_that_is_mentioned_has_a_section(pages: dict[str, str]) -> None:
    links = {link.partition(")")[0] for link in pages["api.md"].split("](#")[1:]}
    headings = [line.lstrip("# ") for line in pages["api.md"].splitlines() if line.startswith("#")]

    assert links <= {heading.lower().replace(" ", "-") for heading in headings}


def test_a_missing_a_changed_and_a_left_over_page_are_stale(tmp_path: Path) -> None:
    (tmp_path / "changed.md").write_text("old")
    (tmp_path / "gone.md").write_text("old")

    found = docs.stale(tmp_path, {"changed.md": "new", "missing.md": "new"})

    assert [Path(problem.split()[0]).name for problem in found] == ["changed.md", "missing.md", "gone.md"]


def test_what_was_written_is_not_stale(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("old")

    docs.write(tmp_path, {"a.md": "new"})

    assert docs.stale(tmp_path, {"a.md": "new"}) == []
    assert docs.write(tmp_path, {"a.md": "new"}) == []


def test_checking_names_the_remedy(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "MAKERS", {"nowhere.md": lambda: "text"})
    monkeypatch.setattr(docs, "FOLDER", Path("docs/no-such-folder"))

    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "docs/no-such-folder/nowhere.md is missing",
        "The reference is generated: run `make docs`, look at what changed, and commit it with your change.",
    ]


def test_a_cell_cannot_break_its_table_and_an_empty_column_is_left_out() -> None:
    assert table(("a", "b"), [("x|y", "")]) == "| a |\n| --- |\n| x\\|y |"


def test_prose_keeps_paragraphs_and_examples() -> None:
    assert prose("One\n    two.\n\n        {1}\n") == "One two.\n\n```\n{1}\n```"


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "whole number, 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, "number, more than 0, at most 0.5"),
        ({"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, "whole number, 1 or more"),
        ({"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}, "text, at most 5 characters or null"),
        ({"enum": ["a", "b"]}, "`a` · `b`"),
        ({"type": "array", "items": {"type": "boolean"}}, "list of true or false"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_put_into_words(schema: dict[str, object], words: str) -> None:
    assert Schemas({"components": {"schemas": {}}}).kind(schema) == words
