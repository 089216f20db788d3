"""Queries whose text is made once: the same answers as the query itself would give, whatever the values."""

from sqlalchemy import bindparam, select

from model_lineup.catalog.tables import models, providers
from model_lineup.database.prepared import Prepared, numbers
from model_lineup.rooms import Rooms
from tests.fakes.desk import Desk

BY_NAME = Prepared(
    lambda among: (
        select(models.c.id, models.c.model_id)
        .where(models.c.model_id == bindparam("name"), among(models.c.provider_id, "places"), models.c.visible == 0)
        .order_by(models.c.id)
    )
)


def test_each_call_gives_its_own_values(rooms: Rooms) -> None:
    desk = Desk(rooms)
    one, two = desk.provider("One"), desk.provider("Two")
    a, b, odd = desk.model(one, "a"), desk.model(two, "a"), desk.model(one, "'; -- % ?")
    with rooms.database.read() as connection:

        def found(name: str, *places: int) -> list[int]:
            return [row.id for row in BY_NAME.rows(connection, name=name, places=numbers(connection, places))]

        assert found("a", one.id, two.id) == [a.id, b.id]
        assert found("a", two.id) == [b.id]
        assert found("'; -- % ?", one.id) == [odd.id]
        assert found("a") == found("b", one.id) == []


def test_one_row_or_none(rooms: Rooms) -> None:
    query = Prepared(lambda _: select(providers.c.name).where(providers.c.slug == bindparam("slug")))
    made = Desk(rooms).provider("One")
    with rooms.database.read() as connection:
        row = query.one_or_none(connection, slug=made.slug)
        assert row is not None
        assert row.name == "One"
        assert query.one_or_none(connection, slug="nobody") is None
