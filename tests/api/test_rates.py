"""How often models may be tested and benchmarked."""

from collections.abc import AsyncIterator, Mapping
from unittest.mock import patch

import pytest

from model_lineup.cli.client import Admin, Answer, Asked, Reply
from model_lineup.errors import ModelNotFound
from model_lineup.upstream.contract import Target
from tests.access.office import Office
from tests.fakes.asgi import InProcess
from tests.fakes.clock import ManualClock
from tests.fakes.desk import Desk

TEST = "/api/admin/models/by-id/test/connection?model_id="


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_model_is_tested_sixty_times_a_minute_by_one_person(
    office: Office, admin: InProcess, clock: ManualClock
) -> None:
    desk = Desk(office.rooms)
    provider = desk.provider()
    for name in ("a", "b"):
        desk.model(provider, name)
    with patch.object(office.rooms.tests, "_target_of", side_effect=_stopped):
        answers = [admin.call("POST", TEST + "a") for _ in range(61)]
        assert [answer.status for answer in answers] == [404] * 60 + [429]
        assert answers[60].code == "rate_exceeded"
        assert 1 <= int(answers[60].headers["retry-after"]) <= 61
        assert admin.call("POST", TEST + "b").status == 404, "another model"
        office.person("eve@example.com")
        eve = InProcess(office.rooms, office.sign_in("eve@example.com").access_token)
        assert eve.call("POST", TEST + "a").status == 404, "another person"
        clock.advance(int(answers[60].headers["retry-after"]))
        assert admin.call("POST", TEST + "a").status == 404


def test_benchmarks_have_a_rate_of_their_own(office: Office, admin: InProcess) -> None:
    desk = Desk(office.rooms)
    desk.model(desk.provider(), "a")
    path = "/api/admin/models/by-id/benchmark?model_id=a"
    with patch.object(office.rooms.runs, "_target_of", side_effect=_stopped):
        answers = [admin.call("POST", path) for _ in range(31)]
    assert [answer.status for answer in answers] == [404] * 30 + [429]
    assert "LINEUP_BENCHMARKS_PER_MINUTE" in answers[30].json["detail"]


def _stopped(model_row: int) -> Target:
    """As far as the rate lets through, and no further."""
    raise ModelNotFound(f"{model_row} is not asked in this test.")


class _Hurried:
    """A server that wants its caller to wait a second, twice."""

    status: int
    headers: Mapping[str, str]

    def __init__(self) -> None:
        self.asked = 0

    async def send(self, asked: Asked) -> Reply:
        self.asked += 1
        limited = self.asked < 3
        self.status = 429 if limited else 200
        self.headers = {"retry-after": "0" if self.asked > 3 else "1"}
        self.body = b'{"code": "rate_exceeded", "detail": "too quick"}' if limited else b"{}"
        return self

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self.body

    async def close(self) -> None:
        return None


def test_the_command_line_waits_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    told: list[str] = []
    server = _Hurried()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("model_lineup.cli.client.asyncio.sleep", sleep)
    admin = Admin(server, on_wait=told.append)
    answer: Answer = admin.call("POST", "models/by-id/test/connection")
    admin.close()
    assert (answer.status, slept, len(told)) == (200, [1, 1], 2)
