"""Lists of values as one bound parameter."""

import pytest
from sqlalchemy import insert, select

from model_lineup.catalog.tables import model_health, provider_fetches
from model_lineup.database.values import can_be_stored, in_numbers, in_words
from model_lineup.rooms import Rooms

HOSTILE = (
    "",
    "'",
    '"',
    "\\",
    "' OR 1=1 --",
    "{a,b}",
    '{"a"}',
    "NULL",
    "null",
    "a,b",
    "%",
    "$1",
    ":name",
    "%(x)s",
    "é",
    "e\u0301",
    "🦙",
    "\u2028",
    "\n",
    "\x01",
    "x" * 5_000,
)


def test_ten_thousand_numbers(rooms: Rooms) -> None:
    rows = [{"model_row": number} for number in range(1, 10_001)]
    with rooms.database.write_activity() as connection:
        connection.execute(insert(model_health), rows)
    column = model_health.c.model_row
    with rooms.database.read() as connection:
        for wanted in (range(1, 10_001), range(5_000, 30_000), [], [7], [2**62, -1, 0]):
            found = connection.execute(select(column).where(in_numbers(connection, column, wanted))).scalars().all()
            assert sorted(found) == sorted(set(wanted) & set(range(1, 10_001)))


def test_ten_thousand_words_and_hostile_ones_byte_for_byte(rooms: Rooms) -> None:
    words = [*HOSTILE, *(f"word {number}" for number in range(10_000))]
    with rooms.database.write_activity() as connection:
        connection.execute(
            insert(provider_fetches),
            [{"provider_id": number, "at": 0, "outcome": word} for number, word in enumerate(words)],
        )
    column = provider_fetches.c.outcome
    with rooms.database.read() as connection:

        def found(*wanted: str) -> set[str]:
            return set(connection.execute(select(column).where(in_words(connection, column, wanted))).scalars())

        assert found(*words) == set(words)
        assert found() == set()
        for word in HOSTILE:
            assert found(word) == {word}
        assert found("WORD 1", "É", "nUll", "word 1 ") == set()
        for unstorable in ("\x00", "word 1\x00", "\ud800", "word 1\udfff"):
            assert found(unstorable, "word 2") == {"word 2"}


@pytest.mark.parametrize("text", [*HOSTILE, "\ufffd", "\U0010ffff"])
def test_what_can_be_stored(text: str) -> None:
    assert can_be_stored(text)
