"""The configuration as a file: what stands in it and what does not, and that equal instances give equal bytes."""

import asyncio
import json
import tomllib

from model_lineup.catalog.check_schedule import CheckSchedule
from model_lineup.catalog.fetch_rules import FetchRules
from model_lineup.catalog.fetch_schedule import FetchSchedule
from model_lineup.catalog.shapes import Selection
from model_lineup.rooms import Rooms
from tests.fakes.desk import BY, PROVIDER_KEY, Desk, ScriptedProvider


def test_what_administrators_decided_stands_in_it_and_nothing_secret(rooms: Rooms) -> None:
    desk = Desk(rooms)
    acme = desk.provider(
        api_key=PROVIDER_KEY,
        headers={"X-Title": "lineup"},
        timeouts={"connect_s": 2.0},
        fetch_rules=FetchRules(ignore=("*-old",)),
        fetch_schedule=FetchSchedule(60, ("added",)),
        check_schedule=CheckSchedule(30, 1_000),
    )
    box = desk.provider("Box", base_url="https://box.example.com/v1", enabled=False)
    rooms.providers.reorder([box.id, acme.id], BY)
    small = desk.model(acme, "small", agents_enabled=True)
    large = desk.model(
        box,
        "org/large",
        visible=True,
        pins={"context_length": 8192, "lifecycle": {"successor_id": small.id, "sunset_at": "2031-01-31T12:00:00Z"}},
    )
    desk.alias(large, "Team", fallbacks=[small.id], description="for drafts")
    text = rooms.export.export().text
    assert PROVIDER_KEY not in text
    assert PROVIDER_KEY[-4:] not in text
    assert tomllib.loads(text)["providers"]["acme"] == {
        "name": "Acme",
        "type": "openai",
        "base_url": "https://api.example.com/v1",
        "api_key": "env:LINEUP_ACME_API_KEY",
        "headers": {"x-title": "lineup"},
        "timeouts": {"connect_s": 2},
        "fetch_rules": {"ignore": ["*-old"]},
        "fetch_schedule": {"every_minutes": 60, "apply": ["added"]},
        "check_schedule": {"every_minutes": 30, "tokens_per_day": 1_000},
    }
    found = json.loads(rooms.export.export("json").text)
    assert found["provider_order"] == ["box", "acme"]
    assert found["providers"]["box"]["enabled"] is False
    assert found["models"] == {
        "acme": {"small": {"agents_enabled": True}},
        "box": {
            "org/large": {
                "visible": True,
                "context_length": 8192,
                "lifecycle": {"sunset_at": "2031-01-31T12:00:00Z", "successor": "acme/small"},
            }
        },
    }
    assert found["aliases"] == {
        "Team": {"model": "box/org/large", "fallbacks": ["acme/small"], "description": "for drafts"}
    }


def test_what_a_list_brought_and_nobody_touched_is_not_its_business(rooms: Rooms) -> None:
    desk = Desk(rooms)
    acme = desk.provider()
    asyncio.run(desk.discovery(ScriptedProvider("left", "shown", "pointed at")).fetch(acme.id, BY))
    by_id = {name: rooms.models.find(name) for name in ("shown", "pointed at")}
    desk.rooms.bulk.set_flag(Selection(model_ids=[by_id["shown"].id]), "visible", True, BY)
    desk.alias(by_id["pointed at"], "a")
    found = tomllib.loads(rooms.export.export().text)
    assert found["models"] == {"acme": {"shown": {"visible": True}, "pointed at": {}}}


def test_reading_it_twice_gives_the_same_bytes_and_changes_nothing(rooms: Rooms) -> None:
    desk = Desk(rooms)
    desk.model(desk.provider(api_key=PROVIDER_KEY), "m", visible=True)
    before = desk.tables()
    first = rooms.export.export()
    assert rooms.export.export() == first
    assert (first.by_hand, first.revision) == (["acme"], desk.revision())
    assert desk.tables() == before


def test_an_empty_instance_has_a_file_too(rooms: Rooms) -> None:
    assert tomllib.loads(rooms.export.export().text) == {"format": 1, "provider_order": []}
