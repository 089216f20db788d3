"""Lines about requests: kept for a moment, then written together, each as any other line is."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from model_lineup import telemetry


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    telemetry.configure("warning", "text")


async def answer(number: int) -> None:
    for one in range(number):
        telemetry.requests.add(f"r-{one}", "GET", "/api/x/{id}", 200, 0.0123456)


def test_a_line_is_what_structlog_would_have_written(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("info", "json")
    asyncio.run(answer(1))
    telemetry.requests.write()
    fields = {"request_id": "r-0", "method": "GET", "route": "/api/x/{id}", "status": 200, "duration_ms": 12.35}
    telemetry.log().info("request", **fields)
    ours, theirs = capsys.readouterr().err.splitlines()
    assert list(json.loads(ours)) == list(json.loads(theirs))
    assert len(json.loads(ours)["timestamp"]) == len(json.loads(theirs)["timestamp"])
    assert {**json.loads(ours), "timestamp": ""} == {**json.loads(theirs), "timestamp": ""}


def test_lines_come_soon_and_together(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> str:
        await answer(3)
        before = capsys.readouterr().err
        await asyncio.sleep(telemetry.RequestLines.WRITTEN_AFTER_S * 1.5)
        return before

    telemetry.configure("info", "json")
    assert asyncio.run(main()) == ""
    assert capsys.readouterr().err.count("\n") == 3


def test_many_lines_do_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("info", "json")
    asyncio.run(answer(telemetry.RequestLines.MOST + 5))
    assert capsys.readouterr().err.count("\n") == telemetry.RequestLines.MOST
    telemetry.requests.write()
    assert capsys.readouterr().err.count("\n") == 5


def test_as_text_they_look_like_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("info", "text")
    asyncio.run(answer(1))
    telemetry.requests.write()
    assert "request_id=r-0" in capsys.readouterr().err


def test_who_wants_to_hear_of_trouble_only_hears_of_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("warning", "json")
    asyncio.run(answer(1))
    telemetry.requests.write()
    assert capsys.readouterr().err == ""
