"""`/api/admin/usage`: what it takes, and what it refuses by name."""

from datetime import timedelta

import pytest

from model_lineup.access.actor import Role
from model_lineup.rooms import Rooms
from tests.access.office import Office
from tests.fakes.asgi import InProcess
from tests.fakes.clock import START
from tests.fakes.instances import Kind
from tests.fakes.usage import entry

USAGE, REQUESTS = "/api/admin/usage", "/api/admin/usage/requests"


@pytest.fixture
def kind() -> Kind:
    """What is added up is shown on both databases where the ledger is tested."""
    return "sqlite"


def test_the_last_thirty_days_by_model_are_what_is_shown_first(admin: InProcess, rooms: Rooms) -> None:
    rooms.ledger.note(entry())
    found = admin.call("GET", USAGE).json
    today = START.date()
    assert (found["first"], found["last"]) == (str(today - timedelta(days=29)), str(today))
    assert (found["group_by"], found["total"], found["limit"]) == (["model"], 1, 100)
    assert found["groups"][0]["requests"] == found["totals"]["requests"] == 1
    assert "day" not in found["groups"][0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("group_by=colour", "group_by"),
        ("group_by=", "group_by"),
        ("group_by=day,day", "group_by"),
        ("group_by=day,model,key,name", "group_by"),
        ("from=yesterday", "from"),
        ("from=2026-02-30", "from"),
        ("from=2026-W01-1", "from"),
        ("from=1700000000", "from"),
        ("to=2026-1-1", "to"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("from=1990-01-01", "from"),
        ("to=%F0%9F%98%80", "to"),
        ("provider_id=0", "provider_id"),
        ("key_id=x", "key_id"),
        ("person_id=9007199254740992", "person_id"),
        ("outcome=fine", "outcome"),
        ("model_id=", "model_id"),
        ("name=a%00b", "name"),
        ("on_behalf_of=" + "x" * 301, "on_behalf_of"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("colour=red", "colour"),
        ("name=a&name=b", "name"),
    ],
)
def test_a_query_that_is_wrong_is_refused_by_name(admin: InProcess, query: str, field: str) -> None:
    refused = admin.call("GET", f"{USAGE}?{query}")
    assert refused.status == 422, refused.json
    assert field in str(refused.json["errors"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("before=1", "before"),
        ("before=1-x", "before"),
        ("before=" + "9" * 17 + "-1", "before"),
        ("request_id=" + "x" * 65, "request_id"),
        ("code=%0A", "code"),
        ("offset=1", "offset"),
        ("from=never", "from"),
    ],
)
def test_a_query_for_requests_that_is_wrong_is_refused_by_name(admin: InProcess, query: str, field: str) -> None:
    refused = admin.call("GET", f"{REQUESTS}?{query}")
    assert refused.status == 422, refused.json
    assert field in str(refused.json["errors"])


@pytest.mark.parametrize("query", ["from=0001-01-01&to=0001-01-02", "from=9999-12-30&to=9999-12-31", "name=%25_"])
def test_odd_but_right_queries_are_answered(admin: InProcess, query: str) -> None:
    for path in (USAGE, REQUESTS):
        assert admin.call("GET", f"{path}?{query}").status == 200


def test_requests_are_turned_over_with_what_a_page_says_is_next(admin: InProcess, rooms: Rooms) -> None:
    for number in range(3):
        rooms.ledger.note(entry(f"r{number}"))
    first = admin.call("GET", f"{REQUESTS}?limit=2").json
    second = admin.call("GET", f"{REQUESTS}?limit=2&before={first['next']}").json
    seen = [request["request_id"] for page in (first, second) for request in page["requests"]]
    assert sorted(seen) == ["r0", "r1", "r2"]
    assert second["next"] is None


def test_people_see_their_own_usage_alone(office: Office, rooms: Rooms) -> None:
    ann, bob = (office.person(f"{name}@example.com", Role.USER) for name in ("ann", "bob"))
    rooms.ledger.note(entry(person_id=ann.id))
    rooms.ledger.note(entry(person_id=bob.id, key_id=2))
    rooms.ledger.note(entry(person_id=bob.id, key_id=2))
    mine = InProcess(rooms, office.sign_in("bob@example.com").access_token)
    assert mine.call("GET", "/api/me/usage").json["totals"]["requests"] == 2
    assert mine.call("GET", "/api/me/usage?group_by=key").json["total"] == 1
    assert mine.call("GET", "/api/me/usage?group_by=person").status == 422
    assert mine.call("GET", USAGE).status == 403
