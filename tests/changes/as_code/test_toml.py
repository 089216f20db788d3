"""TOML as it is written: what it says is what went in, whatever that was, and it stays readable."""

import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_lineup.changes.as_code import toml
from tests.fakes.counts import count

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.datetimes(timezones=st.just(UTC))
SCALARS = (
    TEXTS | st.integers(-(2**53), 2**53) | st.booleans() | MOMENTS | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=4))


@pytest.mark.hard
@given(st.lists(TEXTS, min_size=1, max_size=3), st.dictionaries(TEXTS, VALUES, max_size=5))
@settings(max_examples=count(60, 2_000), deadline=None)
def test_what_is_written_is_read_as_it_was(path: list[str], values: dict[str, Any]) -> None:
    found: Any = tomllib.loads(toml.written("head", {}, [toml.Table(path, values)]))
    for part in path:
        found = found[part]
    assert found == values


def test_it_reads_as_a_person_would_write_it() -> None:
    table = toml.Table(
        ("models", "acme", "gpt-4o/mini"),
        {
            "visible": True,
            "description": "two\nlines",
            "pricing": {"input_per_million": 2.5, "output_per_million": 10.0},
            "at": datetime(2030, 1, 31, 12, tzinfo=UTC),
            "ids": ["a" * 60, "b" * 60],
            "more": {"long": "c" * 120},
        },
        {"visible": "Shown."},
    )
    assert toml.written("One\n\nTwo", {"format": 1}, [table]) == (
        "# One\n#\n# Two\n\nformat = 1\n\n"
        '[models.acme."gpt-4o/mini"]\n# Shown.\nvisible = true\n'
        "description = '''\ntwo\nlines'''\n"
        "pricing = { input_per_million = 2.5, output_per_million = 10 }\n"
        "at = 2030-01-31T12:00:00Z\n"
        f'ids = [\n    "{"a" * 60}",\n    "{"b" * 60}",\n]\n\n'
        f'[models.acme."gpt-4o/mini".more]\nlong = "{"c" * 120}"\n'
    )


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert toml.value("a\u202eb\x07\U000e0001") == '"a\\u202Eb\\u0007\\U000E0001"'
    assert toml.value("two\nlines\u200b") == '"two\\nlines\\u200B"'
