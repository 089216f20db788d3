"""A fake provider of one kind, and what comes of asking it."""

import json
from typing import Any

import pytest

from model_lineup.errors import UpstreamFailed
from model_lineup.upstream.contract import Ask, Endpoint, Exchange, Listing, Target, Task
from model_lineup.upstream.exchange import converse, list_models
from tests.fakes.kind_wire import MODEL, KindWire, wire_of
from tests.fakes.provider import Answer, Answerer, FakeProvider, reply, stream
from tests.fakes.running import with_client

KEY = "canary-key-1234"


class KindServer:
    """A fake provider of one kind."""

    def __init__(self, kind: str, provider: FakeProvider) -> None:
        self.kind = kind
        self.wire: KindWire = wire_of(kind)
        self.provider = provider
        for path, answerer in self.wire.more().items():
            self.answer(path, answerer)

    def endpoint(self, **changes: Any) -> Endpoint:
        base_url = f"http://127.0.0.1:{self.provider.port}{self.wire.base_path}"
        return Endpoint(self.kind, **{"base_url": base_url, "api_key": KEY, "network_scope": "loopback", **changes})

    def answer(self, path: str, *answers: Answerer) -> None:
        self.provider.answer(path.removeprefix("/v1"), *answers)  # as `Got.path` has it

    def pages(self, *pages: Any) -> None:
        self.answer(self.wire.list_path, *(reply(page) for page in pages))

    def listing(self, **changes: Any) -> Listing:
        return with_client(lambda client: list_models(client, self.endpoint(**changes)))

    def refusal(self, **changes: Any) -> UpstreamFailed:
        with pytest.raises(UpstreamFailed) as caught:
            self.listing(**changes)
        assert KEY not in json.dumps([caught.value.detail, caught.value.facts])
        return caught.value

    def ids(self) -> list[str]:
        found = self.listing()
        return [model.model_id for model in (found.candidates if self.wire.candidates else found.models)]

    def exchanges(self, *answers: Answer, streamed: bool = True, task: Task = "chat") -> list[Exchange]:
        """One for each answer, one after the other."""
        path = self.wire.chat_path(MODEL, stream=streamed)
        if task == "embedding":
            path = self.wire.embedding_path or path
        waiting = iter(answers)
        self.answer(path, lambda _: next(waiting))
        target, ask = Target(self.endpoint(), MODEL, task), Ask.of("hi", max_tokens=16, stream=streamed)

        async def all_of_them(client: Any) -> list[Exchange]:
            return [await converse(client, target, ask) for _ in answers]

        found = with_client(all_of_them)
        assert KEY not in repr(found)
        return found

    def streamed(self, *events: bytes) -> Exchange:
        [exchange] = self.exchanges(stream(events, content_type=self.wire.stream_type))
        return exchange


def essence(exchange: Exchange) -> tuple[Any, ...]:
    """What an exchange says, without its times."""
    said = (exchange.text, exchange.finish_reason, exchange.usage, exchange.answered_model)
    return (*said, len(exchange.content_at), exchange.failure)
