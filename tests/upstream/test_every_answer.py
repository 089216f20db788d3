"""What must hold for every kind's plain answers, embeddings and refusals, and for where the key goes."""

from urllib.parse import quote

import pytest

from model_lineup.upstream.contract import Ask, Target, Usage
from model_lineup.upstream.exchange import converse
from tests.fakes.kind_server import KEY, KindServer, essence
from tests.fakes.kind_wire import golden
from tests.fakes.provider import reply
from tests.fakes.running import with_client


def test_the_key_is_in_its_header_and_nowhere_else(kind_server: KindServer) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a")]))
    kind_server.listing()
    kind_server.streamed(*golden(kind_server.wire))
    name, value = kind_server.wire.key_header
    for got in kind_server.provider.requests:
        others = {header: text for header, text in got.headers.items() if header != name}
        assert got.header(name) == value.format(key=KEY)
        assert KEY not in got.target + got.body.decode() + repr(others)


def test_without_a_key_none_is_sent(kind_server: KindServer) -> None:
    kind_server.pages(kind_server.wire.page([kind_server.wire.entry("a")]))
    kind_server.listing(api_key=None)
    assert all(kind_server.wire.key_header[0] not in got.headers for got in kind_server.provider.requests)


def test_a_plain_answer(kind_server: KindServer) -> None:
    wire = kind_server.wire
    with_usage, without = kind_server.exchanges(
        reply(wire.plain("Hi")), reply(wire.plain("Hi", usage=False)), streamed=False
    )
    assert essence(with_usage) == ("Hi", wire.finish_reason, wire.usage, wire.answered, 0, None)
    assert essence(without) == ("Hi", wire.finish_reason, None, wire.answered, 0, None)


@pytest.mark.parametrize("model_id", ["m", "a/b:c#d%e+f ?g", "模型"])
def test_the_model_is_asked_for_byte_for_byte(kind_server: KindServer, model_id: str) -> None:
    kind_server.answer(kind_server.wire.chat_path(quote(model_id, safe=""), stream=True), reply("{}"))
    with_client(lambda client: converse(client, Target(kind_server.endpoint(), model_id), Ask.of("hi")))
    [got] = kind_server.provider.requests
    assert got.json.get("model") == model_id or f"/{quote(model_id, safe='')}" in got.target


def test_an_embedding(kind_server: KindServer) -> None:
    if kind_server.wire.embedding_path is None:
        pytest.skip("this kind's format has no embeddings")
    good, none = kind_server.exchanges(
        reply(kind_server.wire.embedding([0.5])), reply(kind_server.wire.embedding([])), task="embedding"
    )
    assert good.succeeded
    assert good.usage in (None, Usage(9, None, None))
    assert none.failure is not None
    assert none.failure.stage == "empty"


def test_an_embedding_where_there_is_none_is_not_even_asked_for(kind_server: KindServer) -> None:
    if kind_server.wire.embedding_path is not None:
        pytest.skip("this kind's format has embeddings")
    [exchange] = kind_server.exchanges(reply({}), task="embedding")
    assert exchange.failure is not None
    assert (exchange.failure.stage, exchange.failure.code) == ("model", "unsupported")
    assert kind_server.provider.requests == []


STATUSES = {401: "auth", 402: "quota", 403: "auth", 408: "timeout", 429: "quota", 500: "protocol", 503: "protocol"}
STATUSES |= {301: "protocol", 400: "protocol", 504: "timeout", 529: "quota"}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_has_its_stage(kind_server: KindServer, status: int) -> None:
    answer = reply({"error": {"message": f"no {KEY}"}}, status=status)
    kind_server.answer(kind_server.wire.list_path, answer)
    assert kind_server.refusal().facts["stage"] == STATUSES[status]
    [exchange] = kind_server.exchanges(answer)
    assert exchange.failure is not None
    assert (exchange.failure.stage, exchange.failure.http_status) == (STATUSES[status], status)


def test_a_missing_model_is_the_models_failure(kind_server: KindServer) -> None:
    [exchange] = kind_server.exchanges(reply({"error": {"message": "not found"}}, status=404))
    assert exchange.failure is not None
    assert exchange.failure.stage == "model"


@pytest.mark.parametrize("body", ["", "{nope", "[]", "7", "null", "{}", '{"x": {}}'])
def test_what_is_no_answer_is_a_failure(kind_server: KindServer, body: str) -> None:
    [exchange] = kind_server.exchanges(reply(body), streamed=False)
    assert exchange.failure is not None
    assert exchange.failure.stage == "protocol"
