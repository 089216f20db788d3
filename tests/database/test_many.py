"""Inserting many rows at once, with ids that are known before."""

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, select

from model_lineup.catalog.tables import aliases
from model_lineup.database import many
from model_lineup.database.many import insert_many, insert_tuples, next_ids
from model_lineup.database.metadata import Flag, Number, Words
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk

scratch = Table("scratch", MetaData(), Column("order", Number), Column("words", Words), Column("flag", Flag))


def stored(connection: Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(select(scratch).order_by(scratch.c.order))]


def test_rows_arrive_as_they_are_whatever_the_order_of_their_columns(rooms: Rooms) -> None:
    odd = ("'; --", "é\u0301 🦙", "", None, "{a,b}", "%s ? :x")
    rows = [{"words": words, "flag": n % 2 or None, "order": 2**53 + n} for n, words in enumerate(odd)]
    with rooms.database.write() as connection:
        scratch.create(connection)
        insert_many(connection, scratch, [])
        insert_many(connection, scratch, rows)
        assert stored(connection) == [(row["order"], row["words"], row["flag"]) for row in rows]
        insert_many(connection, scratch, [{"words": "alone"}])
        assert (None, "alone", None) in stored(connection)
        scratch.drop(connection)


def test_many_rows_are_inserted_piece_by_piece(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 3)
    with rooms.database.write() as connection:
        scratch.create(connection)
        insert_many(connection, scratch, [{"order": n, "words": str(n)} for n in range(7)])
        assert stored(connection) == [(n, str(n), None) for n in range(7)]
        scratch.drop(connection)


@pytest.mark.parametrize("number", [0, 3, 50, 123])
def test_tuples_arrive_as_they_are_however_many_go_into_one_statement(rooms: Rooms, number: int) -> None:
    odd = ("'; --", "é 🦙", "", None, "VALUES (?)", "%s ? :x")
    rows = [(2**53 + n, odd[n % len(odd)], n % 2 or None) for n in range(number)]
    with rooms.database.write() as connection:
        scratch.create(connection)
        insert_tuples(connection, scratch, ("order", "words", "flag"), rows)
        assert stored(connection) == rows
        scratch.drop(connection)


def test_ids_are_new_ascending_and_never_given_twice(rooms: Rooms) -> None:
    with rooms.database.write() as connection:
        first = list(next_ids(connection, aliases, 3))
        assert first == sorted(set(first))
    desk = Desk(rooms)
    model = desk.model(desk.provider(), "m")
    made = [desk.alias(model, name).id for name in ("a", "b")]
    rooms.aliases.delete(model.id, "b", BY)
    with rooms.database.write() as connection:
        assert min(next_ids(connection, aliases, 2)) > max(made)
        assert list(next_ids(connection, aliases, 0)) == []
