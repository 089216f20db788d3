"""The list in pages, as Anthropic's SDK asks for it; whole for everybody else."""

from typing import Any

import pytest

from model_lineup.shell import Shell
from tests.fakes.v1 import V1, Line, Reply

NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture
def shelf(v1: V1) -> V1:
    row = v1.provider("Acme", "http://127.0.0.1:9/v1")
    for name in NAMES:
        v1.desk.model(row, name, visible=True)
    return v1


def ask(v1: V1, query: str) -> Reply:
    async def on(shell: Shell) -> Reply:
        return await v1.on(Line(shell, query.encode()), "/v1/models")

    return v1.run(on)


def ids(got: Reply) -> list[Any]:
    return [one["id"] for one in got.json["data"]]


@pytest.mark.parametrize(
    ("query", "wanted", "more"),
    [
        ("", NAMES, False),
        ("utm_source=x&beta=true", NAMES, False),
        ("limit=5", NAMES, False),
        ("limit=2", ["a", "b"], True),
        ("limit=2&after_id=b", ["c", "d"], True),
        ("limit=2&after_id=d", ["e"], False),
        ("limit=2&after_id=bb", ["c", "d"], True),
        ("limit=2&after_id=e", [], False),
        ("limit=2&before_id=e", ["c", "d"], True),
        ("limit=2&before_id=c", ["a", "b"], False),
        ("before_id=a", [], False),
    ],
)
def test_a_page_has_what_comes_next(shelf: V1, query: str, wanted: list[str], more: bool) -> None:
    got = ask(shelf, query)
    assert (ids(got), got.json["has_more"]) == (wanted, more)
    assert got.json["first_id"] == (wanted[0] if wanted else None)
    assert got.json["last_id"] == (wanted[-1] if wanted else None)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=", "limit=²", "after_id=a&before_id=b"])
def test_a_page_that_cannot_be_is_refused(shelf: V1, query: str) -> None:
    got = ask(shelf, query)
    assert (got.status, got.code) == (400, "invalid_field")
