"""How many models there are with each value of each filter; and what happened to one of them."""

import msgspec
import pytest

from model_lineup.catalog.shapes import ModelFilter, Selection
from model_lineup.journal import store as journal_store
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, Desk

FILTERS = [
    ModelFilter(),
    ModelFilter(visible=True),
    ModelFilter(q="3"),
    ModelFilter(supports_tools="unknown", visible=False),
    ModelFilter(status="untested"),
    ModelFilter(has_alias=True),
    ModelFilter(provider_id=1, task="chat"),
]
VALUES = {
    **dict.fromkeys(("visible", "agents_enabled", "has_alias"), (True, False)),
    **dict.fromkeys(("supports_tools", "supports_vision", "supports_streaming"), (True, False, "unknown")),
    "task": ("chat", "embedding", "other", "unknown"),
    "source": ("manual", "discovered", "file"),
    "status": ("ok", "failing", "untested", "vanished", "retired"),
    "provider_id": (1, 2),
}


def test_each_number_is_that_of_the_list_which_the_filter_would_show(rooms: Rooms) -> None:
    desk = Desk(rooms)
    providers = [desk.provider(name) for name in ("One", "Two")]
    for n in range(8):
        pins = {"supports_tools": n % 2 == 0} if n % 3 else {"task": "chat"}
        model = desk.model(providers[n % 2], f"model-{n}", visible=n < 3, agents_enabled=n < 5, pins=pins)
        if n in (1, 2):
            desk.alias(model, f"name-{n}")
    for wanted in FILTERS:
        facets = rooms.models.facets(wanted)
        assert list(facets.providers.values()) == ["One", "Two"]
        for field, values in VALUES.items():
            for value in values:
                narrowed = msgspec.structs.replace(wanted, **{field: value})
                total = rooms.models.page(narrowed, sort="id", limit=1, offset=0).total
                said = str(value).lower() if isinstance(value, bool) else str(value)
                assert facets.number(field, said) == total, (wanted, field, value)


@pytest.mark.parametrize("most", [1, 10])
def test_what_happened_to_one_model_is_found_newest_first(rooms: Rooms, most: int) -> None:
    desk = Desk(rooms)
    first, second = (desk.model(desk.provider(name), name) for name in ("one", "two"))
    for model in (second, first):
        rooms.bulk.set_flag(Selection(model_ids=[model.id]), "visible", True, BY)
    with rooms.database.read() as connection:
        found = journal_store.of_row(connection, "model", first.id, most=most)
    assert [change.operation for change in found] == ["models.bulk.visible", "models.create"][:most]
    assert {entry.entity_id for change in found for entry in change.entries or ()} == {first.id}
