"""The provider that misbehaves: its cases explain themselves, and it can be reached from this machine alone."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest

from model_lineup.demo.faults.case import PASSES, Case, cases
from model_lineup.demo.faults.server import FaultServer
from model_lineup.demo.faults.wires import WIRES
from tests.fakes.faults import Faults

STAGES = ("dns", "connect", "tls", "auth", "quota", "model", "timeout", "protocol", "empty")
OUTCOME = re.compile(rf"{PASSES}|({'|'.join(STAGES)})/[a-z_]+")


@pytest.fixture(params=cases().values(), ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_there_are_more_cases_than_were_asked_for() -> None:
    assert len(cases()) >= 200


def test_a_case_explains_itself(case: Case) -> None:
    assert re.fullmatch(r"[a-z0-9-]{3,40}", case.name)
    assert case.story.endswith(".")
    assert case.story != " ".join((Case.__doc__ or "").split())
    assert case.wires
    assert case.wires <= WIRES.keys()
    for outcomes in (case.expected("list"), case.expected("test"), case.expected("plain")):
        assert all(OUTCOME.fullmatch(one) for one in outcomes.split(" or ")), outcomes


def test_all_of_it_is_on_this_machine(faults: Faults) -> None:
    hosts = {urlsplit(url).hostname for fault in faults.cases for url in fault.base_urls.values()}
    assert hosts == {"127.0.0.1", "drill.localhost.invalid"}
    assert urlsplit(faults.read("/")["bait"]).hostname in ("127.0.0.1", "127.0.0.2")


def test_what_was_asked_is_counted_until_it_is_forgotten(faults: Faults) -> None:
    faults.forget()
    faults.read("/fault/body-by-close/v1/models")
    assert faults.stats()["asked"] == {"body-by-close": 1}
    faults.forget()
    assert faults.stats()["asked"] == {}


def test_who_takes_the_bait_is_told() -> None:
    async def fall_for_it() -> list[str]:
        async with FaultServer() as server:
            bait = urlsplit(server.index()["bait"])
            _, writer = await asyncio.open_connection(bait.hostname, bait.port)
            writer.write(b"GET /v1/models HTTP/1.1\r\nauthorization: Bearer k\r\n\r\n")
            await asyncio.sleep(0.05)
            writer.close()
            return [*server.baited]

    assert asyncio.run(fall_for_it()) == ["GET /v1/models HTTP/1.1"]
