"""Verdicts: true ones for a server that can, and none in favour of a server that only seems to."""

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from model_lineup.demo.model_server import LocalModel
from model_lineup.probes.asking import Asked, Asking, carry_out
from model_lineup.probes.each.streaming import is_burst
from model_lineup.probes.records import CapabilityFinding
from model_lineup.probes.registry import probes
from model_lineup.upstream.asking import Manners
from model_lineup.upstream.contract import Endpoint, Target, Timeouts
from model_lineup.upstream.wire import Client
from tests.fakes.counts import HARD, SEED, count
from tests.fakes.honest import capability_of, counts_aloud, honest, says
from tests.fakes.kind_server import KindServer
from tests.fakes.kind_wire import MODEL, wire_of
from tests.fakes.liars import LIES
from tests.fakes.provider import FakeProvider, Got, delta, event_bytes, reply, stream
from tests.fakes.running import with_client

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = "canary-key-5678"


def target_at(provider: FakeProvider, **changes: Any) -> Target:
    facts = {"base_url": provider.base_url, "network_scope": "loopback", "api_key": KEY, **changes}
    return Target(Endpoint("openai", **facts), "m")


async def found_by(
    client: Client,
    provider: FakeProvider,
    capability: str,
    chance: Random,
    told: list[Asked] | None = None,
    within_s: float = 30.0,
) -> CapabilityFinding:
    books: list[Asked] = [] if told is None else told
    target = target_at(provider, timeouts=Timeouts(test_s=within_s))
    asking = Asking(client, target, None, Manners(), chance, lambda: NOW, books.append)
    return await carry_out(probes()[capability], asking)


def found(provider: FakeProvider, capability: str, seed: int = SEED) -> CapabilityFinding:
    return with_client(lambda client: found_by(client, provider, capability, Random(seed)))


def all_found(provider: FakeProvider, seed: int = SEED) -> dict[str, CapabilityFinding]:
    async def each(client: Client) -> dict[str, CapabilityFinding]:
        return {name: await found_by(client, provider, name, Random(seed)) for name in probes()}

    return with_client(each)


def test_a_server_that_can_do_it_all(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    findings = all_found(provider)
    assert {name: one.verdict for name, one in findings.items()} == dict.fromkeys(LIES, "yes")
    assert findings["streaming"].details["usage_event"] is True
    assert {name: one.requests for name, one in findings.items() if one.requests != 1} == {"vision": 2, "stop": 2}


def test_no_request_asks_for_much(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    del provider.requests[:]
    all_found(provider)
    assert max(got.json["max_tokens"] for got in provider.requests) <= 192
    assert min(got.json["max_tokens"] for got in provider.requests) >= 16


@pytest.mark.parametrize("capability", sorted(LIES))
def test_every_lie_gets_its_verdict(provider: FakeProvider, capability: str) -> None:
    async def all_of_them(client: Client) -> dict[str, tuple[str, str]]:
        wrong: dict[str, tuple[str, str]] = {}
        for name, (answer, verdict) in LIES[capability].items():

            def server(got: Got, answer: Any = answer) -> Any:
                return answer(got.json, Random(0))

            provider.answer("/chat/completions", server)
            within_s = 0.1 if name == "silence" else 30.0
            one = await found_by(client, provider, capability, Random(SEED), within_s=within_s)
            if one.verdict not in verdict.split(" or "):
                wrong[name] = (one.verdict, one.reason)
        return wrong

    assert with_client(all_of_them) == {}


@pytest.mark.hard
def test_no_lie_is_ever_taken_for_a_yes(provider: FakeProvider, did: Any) -> None:
    """Servers that lie in one way each, drawn at random, also in what they answer; the rest of them is honest."""
    chance = Random(SEED)
    ways = [(capability, name) for capability in LIES for name in LIES[capability] if name != "silence"]
    tries = count(100, 1_000)

    async def all_of_them(client: Client) -> list[str]:
        wrong = []
        for number in range(tries):
            capability, name = chance.choice(ways)
            answer, verdict = LIES[capability][name]
            noise = Random(chance.random())

            def server(got: Got, capability: str = capability, answer: Any = answer, noise: Random = noise) -> Any:
                return answer(got.json, noise) if capability_of(got.json) == capability else honest(got.json, noise)

            provider.answer("/chat/completions", server)
            one = await found_by(client, provider, capability, Random(chance.random()))
            if one.verdict not in verdict.split(" or "):
                wrong.append(f"{number}: {capability}, {name}: {one.verdict} ({one.reason})")
        return wrong

    assert with_client(all_of_them) == []
    did(f"{tries} servers that lie, 0 false yes")


def test_a_stream_that_is_held_back_is_told_from_one_that_is_not(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: [0.05, *counts_aloud(got.json, gap_s=0)])
    one = found(provider, "streaming")
    assert (one.verdict, one.details["delivery"]) == ("yes", "buffered")
    assert "all at once" in one.reason


@pytest.mark.parametrize(
    ("content_at", "held_back"),
    [
        ((0.2, 0.2, 0.2), True),  # one piece of bytes
        ((2.0, 2.002, 2.004), True),  # a proxy that lets go of everything
        ((10.0, 10.05, 10.1), True),  # a long wait, then all of it
        ((0.2, 0.21, 0.22), False),  # a quick model
        ((0.001, 0.004, 0.008), False),  # a quick model nearby
        ((1.0, 1.5, 3.0), False),
    ],
)
def test_a_burst_is_judged_by_the_wait_before_it(content_at: tuple[float, ...], held_back: bool) -> None:
    assert is_burst(0.0, content_at) is held_back


def test_a_stream_without_usage_is_a_stream_and_says_so(provider: FakeProvider) -> None:
    words = [step for number in range(9) for step in (0.004, event_bytes(delta(f"{number} ")))]
    provider.answer("/chat/completions", stream([*words, event_bytes(delta(finish="stop")), event_bytes("[DONE]")]))
    one = found(provider, "streaming")
    assert (one.verdict, one.details["usage_event"], one.prompt_tokens) == ("yes", False, None)


def test_a_server_that_does_not_know_stream_options_is_asked_again_without(provider: FakeProvider) -> None:
    def older(got: Got) -> Any:
        if "stream_options" in got.json:
            return reply({"error": {"message": "Unrecognized request argument: stream_options"}}, status=400)
        return honest(got.json, Random(0))

    provider.answer("/chat/completions", older)
    one = found(provider, "streaming")
    assert (one.verdict, one.requests) == ("yes", 2)


def test_a_model_that_wants_the_newer_bound_gets_it(provider: FakeProvider) -> None:
    def newer(got: Got) -> Any:
        if "max_tokens" in got.json:
            message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return reply({"error": {"message": message}}, status=400)
        return honest({**got.json, "max_tokens": got.json["max_completion_tokens"]}, Random(0))

    provider.answer("/chat/completions", newer)
    findings = all_found(provider)
    assert {one.verdict for one in findings.values()} == {"yes"}


def test_a_model_that_thinks_first_is_given_more_room_once(provider: FakeProvider) -> None:
    def thinker(got: Got) -> Any:
        if got.json["max_tokens"] < 512:
            return says("", finish="length", tokens=got.json["max_tokens"], reasoning_content="Let me see …")
        return honest(got.json, Random(0))

    provider.answer("/chat/completions", thinker)
    one = found(provider, "tools")
    assert (one.verdict, one.requests, len(one.evidence)) == ("yes", 2, 2)
    one = found(provider, "max_tokens")
    assert (one.verdict, one.requests) == ("yes", 1)


def test_evidence_is_short_and_holds_no_key(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: says(f"{KEY} " * 500))
    one = found(provider, "tools")
    [evidence] = one.evidence
    assert KEY not in repr(one)
    assert len(evidence.came_back) <= 200
    assert len(evidence.sent) <= 200


def test_what_is_drawn_is_drawn_anew(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    del provider.requests[:]
    for seed in (1, 2):
        assert found(provider, "vision", seed).verdict == "yes"
    pictures = [got.json["messages"][0]["content"][1]["image_url"]["url"] for got in provider.requests]
    assert len(set(pictures)) == 4
    words = [str(got.json["messages"][0]["content"][0]["text"]) for got in provider.requests]
    assert not any(character.isdigit() for text in words for character in text)


def test_every_request_is_told_to_who_keeps_the_books(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: honest(got.json, Random(0)))
    books: list[Asked] = []
    with_client(lambda client: found_by(client, provider, "stop", Random(1), books))
    assert [one.heard.usage.completion_tokens for one in books if one.heard.usage] == [8, 8]


def test_a_failure_says_what_failed(provider: FakeProvider) -> None:
    provider.answer("/chat/completions", lambda got: reply({"error": {"message": "Slow down."}}, status=429))
    one = found(provider, "tools")
    assert (one.verdict, one.evidence[0].http_status) == ("undecided", 429)
    assert "Slow down." in one.reason


def test_a_model_whose_name_holds_the_word_is_not_refused_by_it(provider: FakeProvider) -> None:
    message = "The model 'vision-tools' is overloaded with other things."
    provider.answer("/chat/completions", lambda got: reply({"error": {"message": message}}, status=400))
    target = Target(Endpoint("openai", provider.base_url, network_scope="loopback"), "vision-tools")

    async def verdict(client: Client) -> str:
        asking = Asking(client, target, None, Manners(), Random(1), lambda: NOW, lambda one: None)
        return (await carry_out(probes()["tools"], asking)).verdict

    assert with_client(verdict) == "undecided"
    assert asyncio.iscoroutinefunction(carry_out)


def test_an_explanation_of_the_tool_is_no_call(provider: FakeProvider) -> None:
    text = "To use record_choice(), set {options} to the list of arguments."
    provider.answer("/chat/completions", lambda got: says(text))
    assert found(provider, "tools").verdict == "undecided"


@pytest.mark.hard
@pytest.mark.skipif(not HARD, reason="a real model takes 20 s to answer it all; make hard asks it")
def test_a_real_model_server_is_judged_without_a_false_word(local_model: LocalModel, did: Any) -> None:
    """SmolLM2-135M behind llama.cpp: what its server does for it is proven, what it is too small for is undecided."""
    target = Target(Endpoint("openai", local_model.base_url, network_scope="loopback"), local_model.model_id)

    async def each(client: Client) -> dict[str, str]:
        asking = Asking(client, target, None, Manners(), Random(SEED), lambda: NOW, lambda one: None)
        return {name: (await carry_out(probes()[name], asking)).verdict for name in probes()}

    verdicts = with_client(each)
    assert verdicts["strict_schema"] == "yes"
    assert verdicts["vision"] == "undecided"
    assert "no" not in (verdicts["streaming"], verdicts["max_tokens"], verdicts["stop"], verdicts["system_prompt"])
    did(f"verdicts about llama.cpp: {verdicts}")


@pytest.mark.parametrize("kind", ["anthropic", "google", "ollama", "azure"])
def test_every_kind_is_asked_in_its_own_words(provider: FakeProvider, kind: str) -> None:
    """The plain answers of each kind's format reach the judge; what a format has no words for is not asked."""
    server = KindServer(kind, provider)
    spoken = wire_of("openai") if kind == "ollama" else server.wire  # Ollama's callers speak to its OpenAI surface
    for stream_too in (False, True):
        server.answer(spoken.chat_path(MODEL, stream=stream_too), reply(spoken.plain("one two three four ")))
    target = Target(server.endpoint(), MODEL)

    async def verdicts(client: Client) -> dict[str, CapabilityFinding]:
        asking = Asking(client, target, None, Manners(), Random(3), lambda: NOW, lambda one: None)
        return {name: await carry_out(probes()[name], asking) for name in probes()}

    findings = with_client(verdicts)
    json_mode = findings.pop("json_mode")
    assert json_mode.verdict == ("not_applicable" if kind == "anthropic" else "no")
    assert (json_mode.requests == 0) is (kind == "anthropic")
    assert {one.verdict for one in findings.values()} <= {"no", "undecided"}
    assert "one two three" in findings["system_prompt"].evidence[0].came_back
