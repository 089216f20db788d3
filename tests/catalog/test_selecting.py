"""Lists of models: every filter and every sort, in SQL, alike on both databases."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, update

from model_lineup.catalog.shapes import ModelFilter
from model_lineup.catalog.store import health, paging, selecting
from model_lineup.catalog.tables import models
from model_lineup.errors import InvalidInput
from tests.fakes.desk import BY, Desk


def test_q_finds_parts_of_ids_names_and_aliases_without_regard_to_ascii_case(desk: Desk) -> None:
    provider = desk.provider()
    by_id = desk.model(provider, "vendor/Alpha-7b")
    desk.model(provider, "beta", pins={"display_name": "The ALPHA one"})
    by_alias = desk.model(provider, "gamma")
    desk.alias(by_alias, "my-Alpha")
    desk.model(provider, "delta")
    assert desk.ids(q="aLpHa") == ["vendor/Alpha-7b", "beta", "gamma"]
    assert desk.ids(q="vendor/") == [by_id.model_id]
    desk.rooms.aliases.delete(by_alias.id, "my-Alpha", BY)
    assert desk.ids(q="my-a") == []


def test_q_takes_wildcards_for_what_they_are(desk: Desk) -> None:
    provider = desk.provider()
    for model_id in ("a%b", "a_b", "axb", "a\\b", "a/b", "a'b"):
        desk.model(provider, model_id)
    assert [desk.ids(q=q) for q in ("%", "_", "\\", "/", "'")] == [["a%b"], ["a_b"], ["a\\b"], ["a/b"], ["a'b"]]


def test_q_keeps_letters_beyond_ascii_as_they_are(desk: Desk) -> None:
    provider = desk.provider()
    for model_id in ("ÉCOLE", "école", "İstanbul", "straße", "ΣΑΣ"):
        desk.model(provider, model_id)
    assert desk.ids(q="ÉC") == ["ÉCOLE"]
    assert desk.ids(q="éCoLe") == ["école"]
    assert desk.ids(q="İSTANBUL") == ["İstanbul"]
    assert desk.ids(q="STRAßE") == ["straße"]
    assert desk.ids(q="ΣΑΣ") == ["ΣΑΣ"]


def test_q_that_nothing_can_hold_finds_nothing(desk: Desk) -> None:
    desk.model(desk.provider(), "m")
    for q in ("\x00", "m\x00", "\ud800", "x" * 5000):
        assert desk.ids(q=q) == []


def test_each_filter_narrows(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    chat = {"task": "chat", "supports_tools": True, "supports_vision": False}
    group = desk.group()
    a = desk.model(one, "a", visible=True, pins=chat, groups=[group.id])
    desk.model(one, "b", agents_enabled=True, pins={"task": "embedding", "supports_streaming": None})
    desk.model(two, "c", pins={"supports_tools": False, "supports_streaming": False})
    desk.alias(a, "alias")
    expected: dict[tuple[str, Any], str] = {
        ("provider_id", one.id): "ab",
        ("provider_id", 99): "",
        ("visible", True): "a",
        ("visible", False): "bc",
        ("agents_enabled", True): "b",
        ("agents_enabled", False): "ac",
        ("supports_tools", True): "a",
        ("supports_tools", False): "c",
        ("supports_tools", "unknown"): "b",
        ("supports_vision", False): "a",
        ("supports_vision", "unknown"): "bc",
        ("supports_vision", True): "",
        ("supports_streaming", True): "a",
        ("supports_streaming", False): "c",
        ("supports_streaming", "unknown"): "b",
        ("task", "chat"): "a",
        ("task", "embedding"): "b",
        ("task", "unknown"): "c",
        ("task", "other"): "",
        ("source", "manual"): "abc",
        ("source", "discovered"): "",
        ("has_alias", True): "a",
        ("has_alias", False): "bc",
        ("limited", True): "a",
        ("limited", False): "bc",
        ("group_id", group.id): "a",
        ("group_id", 99): "",
    }
    for (name, value), ids in expected.items():
        assert "".join(desk.ids(**{name: value})) == ids, (name, value)
    assert desk.ids(provider_id=one.id, visible=False, task="embedding") == ["b"]
    assert set(ModelFilter.__struct_fields__) == {name for name, _ in expected} | {"q", "status"}


def test_status_tells_the_most_important_thing(desk: Desk) -> None:
    provider = desk.provider()
    made = {
        name: desk.model(provider, name).id for name in ("untested", "ok", "failing", "vanished", "retired", "both")
    }
    with desk.rooms.database.write_activity() as connection:
        for name in ("ok", "failing", "both"):
            health.record_test(connection, made[name], passed=name != "failing", last_test="{}")
        health.record_benchmark(connection, made["untested"], last_benchmark="{}", ttft_ms=1, tokens_per_s=None)
    with desk.rooms.database.write() as connection:
        gone = update(models).where(models.c.id.in_([made["vanished"], made["both"]]))
        connection.execute(gone.values(missing_since=1))
        retired = update(models).where(models.c.id.in_([made["retired"], made["both"]]))
        connection.execute(retired.values(lifecycle='{"retires_at":"2025-01-01","state":"retired"}'))
    for status, ids in {
        "untested": ["untested"],
        "ok": ["ok"],
        "failing": ["failing"],
        "vanished": ["vanished"],
        "retired": ["retired", "both"],
    }.items():
        assert desk.ids(status=status) == ids
        assert {desk.rooms.models.get(made[name]).status for name in ids} == {status}


def test_every_sort_goes_both_ways_with_unknown_last(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    small, large, none = desk.model(two, "b"), desk.model(one, "B"), desk.model(two, "a")
    values = {
        "model_id": ("b", "B", "a"),
        "display_name": ("alpha", "Beta", "gamma"),
        "context_length": (1, 2, None),
        "max_output_tokens": (1, 2, None),
        "task": ("chat", "embedding", "unknown"),
        "visible": (0, 1, 1),
        "agents_enabled": (0, 1, 1),
        "source": ("discovered", "manual", "manual"),
        "created_at": (1, 2, 3),
        "updated_at": (1, 2, 3),
    }
    with desk.rooms.database.write() as connection:
        for at, model in enumerate((small, large, none)):
            row = {name: options[at] for name, options in values.items() if name != "model_id"}
            connection.execute(update(models).where(models.c.id == model.id).values(**row))
    with desk.rooms.database.write_activity() as connection:
        for model, ttft in ((small, 1.4), (large, 2.6)):
            health.record_benchmark(
                connection, model.id, last_benchmark="{}", ttft_ms=ttft, tokens_per_s=ttft if model is small else None
            )
    expected = {
        "id": "bBa",
        "model_id": "Bab",
        "display_name": "bBa",
        "provider": "Bba",
        "context_length": "bBa",
        "max_output_tokens": "bBa",
        "task": "bBa",
        "status": "bBa",
        "visible": "bBa",
        "agents_enabled": "bBa",
        "source": "bBa",
        "ttft_ms": "bBa",
        "output_tokens_per_s": "bBa",
        "created_at": "bBa",
        "updated_at": "bBa",
    }
    backwards = {
        "id": "aBb",
        "model_id": "baB",
        "display_name": "aBb",
        "provider": "baB",
        "context_length": "Bba",
        "max_output_tokens": "Bba",
        "task": "aBb",
        "status": "bBa",
        "visible": "Bab",
        "agents_enabled": "Bab",
        "source": "Bab",
        "ttft_ms": "Bba",
        "output_tokens_per_s": "bBa",
        "created_at": "aBb",
        "updated_at": "aBb",
    }
    assert expected.keys() == backwards.keys() == selecting.SORTABLE.keys()
    assert {field: "".join(desk.ids(sort=field)) for field in expected} == expected
    assert {field: "".join(desk.ids(sort=f"-{field}")) for field in backwards} == backwards
    assert "".join(desk.ids(sort="-visible,model_id")) == "Bab"
    assert "".join(desk.ids(sort="")) == "bBa"


def test_an_unknown_field_to_sort_by_is_refused_naming_the_fields(desk: Desk) -> None:
    for sort in ("nonsense", "id,nonsense", "-", "--id", "id desc", "facts"):
        with pytest.raises(InvalidInput, match="display_name"):
            desk.ids(sort=sort)


def test_pages_follow_each_other_without_gap_or_overlap(desk: Desk) -> None:
    provider = desk.provider()
    for n in range(7):
        desk.model(provider, f"m{n}")
    found = []
    for offset in (0, 3, 6, 9):
        page = desk.rooms.models.page(ModelFilter(), sort="task", limit=3, offset=offset)
        assert (page.total, page.limit, page.offset, page.revision) == (7, 3, offset, desk.revision())
        found += [model.model_id for model in page.models]
    assert found == [f"m{n}" for n in range(7)]


def test_a_search_is_counted_to_10001_and_a_list_to_its_end(desk: Desk) -> None:
    provider = desk.provider()
    template = desk.model(provider, "m")
    with desk.rooms.database.write() as connection:
        row = connection.execute(models.select().where(models.c.id == template.id)).one()._asdict()
        rows = [{**row, "id": template.id + n, "model_id": f"m{n}"} for n in range(1, 10_050)]
        connection.execute(insert(models), rows)
    page = desk.rooms.models.page(ModelFilter(q="m"), sort="id", limit=1, offset=0)
    assert page.total == 10_001
    assert desk.rooms.models.page(ModelFilter(), sort="id", limit=1, offset=0).total == 10_050
    assert desk.rooms.models.page(ModelFilter(q="m10049"), sort="id", limit=1, offset=0).total == 1
    streamed = [model.id for model in desk.rooms.models.stream(ModelFilter())]
    assert streamed == list(range(template.id, template.id + 10_050))


def test_a_page_can_be_sent(desk: Desk) -> None:
    desk.model(desk.provider(), "m", pins={"pricing": {"input": "0.1"}})
    page = desk.rooms.models.page(ModelFilter(), sort="id", limit=10, offset=0)
    assert msgspec.json.decode(msgspec.json.encode(page))["models"][0]["pricing"] == {"input": "0.1"}


def test_the_order_of_providers_is_the_admins(desk: Desk) -> None:
    one, two = desk.provider("One"), desk.provider("Two")
    desk.model(one, "a")
    desk.model(two, "b")
    desk.rooms.providers.reorder([two.id, one.id], BY)
    assert desk.ids(sort="provider") == ["b", "a"]


def test_a_list_read_in_parts_or_from_its_end_is_the_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long lists are; here all are, page by page, beside the list that was read as one."""
    providers = [desk.provider("One"), desk.provider("Two")]
    made = [desk.model(providers[n % 2], f"m{n}", visible=n % 2 == 0) for n in range(9)]
    with desk.rooms.database.write_activity() as connection:
        for n, ttft, speed in ((1, 5, None), (2, 5, 9), (4, 2, 1), (7, None, 3)):
            health.record_benchmark(connection, made[n].id, last_benchmark="{}", ttft_ms=ttft, tokens_per_s=speed)
        for n in (0, 1, 2, 5):
            health.record_test(connection, made[n].id, passed=n != 1, last_test="{}")
    with desk.rooms.database.write() as connection:
        connection.execute(update(models).where(models.c.id == made[3].id).values(missing_since=1))
        retired = update(models).where(models.c.id.in_([made[2].id, made[6].id]))
        connection.execute(retired.values(lifecycle='{"state":"retired"}'))
    sorts = [
        *(sign + name for name in selecting.SORTABLE for sign in ("", "-")),
        *("status,-model_id", "-status,provider,-id", "ttft_ms,-output_tokens_per_s", "-output_tokens_per_s,status"),
        *("ttft_ms,provider,-id", "-ttft_ms,-visible,-id"),
    ]
    filters: list[dict[str, Any]] = [{}, {"visible": True}, {"q": "M"}, {"status": "untested"}, {"status": "retired"}]
    whole = {(sort, n): desk.ids(sort=sort, **wanted) for sort in sorts for n, wanted in enumerate(filters)}
    monkeypatch.setattr(paging, "MANY", 0)
    for (sort, n), expected in whole.items():
        limit = 4 if filters[n] else 2  # a page ends at every other place of the whole list, and at some of the others
        pages = [
            desk.rooms.models.page(ModelFilter(**filters[n]), sort=sort, limit=limit, offset=offset).models
            for offset in range(0, 10 + limit, limit)
        ]
        assert [model.model_id for page in pages for model in page] == expected, (sort, filters[n])
        assert not pages[-1]


def test_every_filter_goes_with_every_sort(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is told which index to read, and refuses a query that the index does not serve."""
    provider = desk.provider()
    made = [desk.model(provider, name, visible=name < "c", pins={"task": "chat"}) for name in "abcd"]
    desk.alias(made[0], "alias")
    with desk.rooms.database.write_activity() as connection:
        health.record_test(connection, made[1].id, passed=True, last_test="{}")
    filters: list[dict[str, Any]] = [
        {},
        {"q": "a"},
        {"q": "\x00"},
        {"provider_id": provider.id, "visible": True, "agents_enabled": False},
        {"supports_tools": "unknown", "supports_streaming": True, "task": "chat", "source": "manual"},
        {"has_alias": True},
        {"has_alias": False, "status": "ok"},
        *({"status": status} for status in ("untested", "ok", "failing", "vanished", "retired")),
    ]
    for wanted in filters:
        expected = sorted(desk.ids(**wanted))
        for many in (0, 10_000):  # sorted as a whole, and in parts
            monkeypatch.setattr(paging, "MANY", many)
            assert [sorted(desk.ids(sort=f"-{name},id", **wanted)) for name in selecting.SORTABLE] == (
                [expected] * len(selecting.SORTABLE)
            )
        assert desk.rooms.models.page(ModelFilter(**wanted), sort="id", limit=1, offset=0).total == len(expected)


def test_a_total_is_that_of_the_page_beside_it_whatever_changed_since_the_last(desk: Desk) -> None:
    provider = desk.provider()

    def total(**wanted: Any) -> int:
        return desk.rooms.models.page(ModelFilter(**wanted), sort="id", limit=1, offset=0).total

    model = desk.model(provider, "a")
    assert (total(), total(visible=True), total(status="ok"), total(q="al")) == (1, 0, 0, 0)
    desk.model(provider, "b", visible=True)
    desk.alias(model, "alias")
    with desk.rooms.database.write_activity() as connection:
        health.record_test(connection, model.id, passed=True, last_test="{}")
    assert (total(), total(visible=True), total(status="ok"), total(q="al")) == (2, 1, 1, 1)
    desk.rooms.models.delete(model.id, BY)
    assert (total(), total(visible=True), total(status="ok"), total(q="al")) == (1, 1, 0, 0)
