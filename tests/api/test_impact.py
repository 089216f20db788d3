"""Impact and dry runs over HTTP."""

import pytest

from model_lineup.rooms import Rooms
from tests.fakes.asgi import InProcess
from tests.fakes.desk import Desk
from tests.fakes.instances import Kind
from tests.fakes.usage import entry

MODEL, BY_ID = "/api/admin/models/1", "/api/admin/models/by-id"


@pytest.fixture
def kind() -> Kind:
    """What is counted is shown on both databases where it is counted."""
    return "sqlite"


@pytest.fixture
def stocked(admin: InProcess, rooms: Rooms) -> InProcess:
    desk = Desk(rooms)
    desk.alias(desk.model(desk.provider(), "m/1", visible=True), "best")
    desk.model(1, "other", visible=True)
    rooms.ledger.note(entry(name="best"))
    rooms.ledger.flush()
    return admin


def test_impact_is_read_by_row_and_by_id(stocked: InProcess) -> None:
    by_row, by_id = (stocked.call("GET", path) for path in (f"{MODEL}/impact", f"{BY_ID}/impact?model_id=m%2F1"))
    assert by_row.status == by_id.status == 200
    told = by_row.json
    assert (told["requests"], [alias["alias"] for alias in told["aliases"]]) == (1, ["best"])
    assert told["when_unavailable"]["status"] == 404
    assert told["when_unavailable"]["body"]["error"]["code"] == "model_not_found"
    assert told["when_not_for_agents"]["body"]["error"]["code"] == "model_not_enabled_for_agents"
    assert stocked.call("GET", "/api/admin/models/99/impact").status == 404


IMPACT = {"models": 1, "aliases": 1, "keys": 1, "requests_30d": 1, "agent_keys": 0}


@pytest.mark.parametrize(
    ("method", "path", "body", "impact"),
    [
        ("PUT", MODEL, {"visible": False}, IMPACT),
        ("PUT", f"{BY_ID}?model_id=m%2F1", {"agents_enabled": True}, IMPACT),
        ("DELETE", MODEL, None, IMPACT),
        ("DELETE", f"{BY_ID}?model_id=m%2F1", None, IMPACT),
        ("PUT", f"{BY_ID}/aliases?model_id=m%2F1&alias=best", {"model_id": "other"}, {**IMPACT, "models": 0}),
        ("DELETE", f"{BY_ID}/aliases?model_id=m%2F1&alias=best", None, {**IMPACT, "models": 0}),
        ("PUT", "/api/admin/providers/1/toggle", {"enabled": False}, {**IMPACT, "models": 2}),
        ("PUT", "/api/admin/providers/1", {"enabled": False}, {**IMPACT, "models": 2}),
        ("DELETE", "/api/admin/providers/1?force=true", None, {**IMPACT, "models": 2}),
        ("PUT", "/api/admin/models/bulk/visibility", {"model_ids": [1], "visible": False}, IMPACT),
        ("POST", "/api/admin/models/bulk/delete", {"model_ids": [1]}, IMPACT),
    ],
)
def test_a_dry_run_tells_its_impact_and_changes_nothing(
    stocked: InProcess, rooms: Rooms, method: str, path: str, body: object, impact: object
) -> None:
    before = Desk(rooms).revision()
    address = f"{path}{'&' if '?' in path else '?'}dry_run=true"
    told = stocked.call(method, address) if body is None else stocked.call(method, address, body)
    assert told.status == 200, told.json
    assert (told.json["impact"], told.json["dry_run"], told.json["change_id"]) == (impact, True, None)
    assert Desk(rooms).revision() == before


def test_what_is_carried_out_says_nothing_of_a_dry_run(stocked: InProcess) -> None:
    changed = stocked.call("PUT", MODEL, {"visible": False}).json
    assert "impact" not in changed
    assert "dry_run" not in changed
    assert stocked.call("DELETE", MODEL).status == 204
