"""Verdicts about servers of Anthropic's and Google's own formats: true ones for who can, none for who only seems to."""

from datetime import UTC, datetime
from random import Random

import pytest

from model_lineup.probes.asking import Asking, carry_out
from model_lineup.probes.records import CapabilityFinding
from model_lineup.probes.registry import probes
from model_lineup.upstream.asking import Manners
from model_lineup.upstream.contract import Target
from model_lineup.upstream.wire import Client
from tests.fakes.kind_server import KindServer
from tests.fakes.kind_wire import MODEL
from tests.fakes.native import LIES, NATIVE, Answering, able
from tests.fakes.provider import FakeProvider
from tests.fakes.running import with_client

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KINDS = sorted(NATIVE)


class Server(KindServer):
    """Of one kind, speaking its own format."""

    def acts(self, answering: Answering) -> None:
        native = NATIVE[self.kind]
        for stream in (False, True):
            self.answer(self.wire.chat_path(MODEL, stream=stream), lambda got: answering(native, native.read(got)))

    async def found(self, client: Client, capability: str, seed: int = 7) -> CapabilityFinding:
        target = Target(self.endpoint(), MODEL)
        asking = Asking(client, target, None, Manners(), Random(seed), lambda: NOW, lambda one: None)
        return await carry_out(probes()[capability], asking)


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, provider: FakeProvider) -> Server:
    return Server(request.param, provider)


def test_a_server_that_can_do_it_all_in_its_own_words(server: Server) -> None:
    server.acts(able)

    async def each(client: Client) -> dict[str, CapabilityFinding]:
        return {name: await server.found(client, name) for name in probes()}

    found = with_client(each)
    not_there = {"json_mode"} if server.kind == "anthropic" else set()
    verdicts = {name: one.verdict for name, one in found.items()}
    assert verdicts == {name: "not_applicable" if name in not_there else "yes" for name in probes()}
    assert (found["streaming"].details["delivery"], found["streaming"].details["usage_event"]) == ("spread", True)
    assert found["tools"].details["as_told"] is True
    assert (found["vision"].requests, found["vision"].prompt_tokens) == (2, 40)


@pytest.mark.parametrize("capability", sorted(LIES))
def test_every_lie_in_its_own_words_gets_its_verdict(server: Server, capability: str) -> None:
    async def all_of_them(client: Client) -> dict[str, tuple[str, str]]:
        wrong: dict[str, tuple[str, str]] = {}
        for name, (answering, verdict) in LIES[capability].items():
            server.acts(answering)
            one = await server.found(client, capability)
            if one.verdict != verdict:
                wrong[name] = (one.verdict, one.reason)
        return wrong

    assert with_client(all_of_them) == {}


@pytest.mark.parametrize("pieces", [["{"], ['{"choice": '], ["", ""]], ids=["begun", "half", "nothing"])
def test_a_call_of_which_pieces_are_lost_is_none(provider: FakeProvider, pieces: list[str]) -> None:
    server = Server("anthropic", provider)
    server.acts(lambda native, asked: native.streams_call("record_choice", pieces))
    assert with_client(lambda client: server.found(client, "streamed_tools")).verdict == "no"
