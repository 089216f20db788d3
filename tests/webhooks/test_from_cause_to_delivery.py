"""What a webhook gets of each thing that it is for, from its cause to the bytes that arrive, in both formats."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from model_lineup.catalog.shapes import ModelChanges, Provider
from model_lineup.errors import UpstreamFailed
from model_lineup.rooms import Rooms
from model_lineup.webhooks.shapes import NewWebhook
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.provider import FakeProvider, fake_provider, reply

KEY = "sk-canary-0123456789-wxyz"


class Scene:
    """A provider that really answers, with a visible model, and two receivers."""

    def __init__(self, rooms: Rooms, clock: ManualClock, upstream: FakeProvider) -> None:
        self.rooms, self.clock, self.upstream = rooms, clock, upstream
        self.desk = Desk(rooms)
        self.lists("gone", "stays")
        self.provider: Provider = self.desk.provider(
            "Acme", base_url=upstream.base_url, network_scope="loopback", api_key=KEY
        )
        self.carried(rooms.discovery.fetch(self.provider.id, BY))
        self.row = rooms.models.find("gone").id
        rooms.models.change(self.row, ModelChanges(visible=True), BY)
        for path in ("json", "slack"):
            upstream.answer(f"/{path}", reply({"ok": True}))
            url = upstream.base_url.removesuffix("/v1") + f"/{path}"
            rooms.webhooks.create(
                NewWebhook(name=path, url=url, format=path, network_scope="loopback"),
                BY,
            )

    def lists(self, *models: str, **facts: Any) -> None:
        self.upstream.answer("/models", reply({"data": [{"id": name, **facts} for name in models]}))

    def carried(self, doing: Any) -> Any:
        async def carried() -> Any:
            try:
                return await doing
            finally:
                await self.rooms.upstream.close()

        return asyncio.run(carried())

    def fetch(self) -> None:
        self.carried(self.rooms.discovery.fetch(self.provider.id, BY))

    def delivered(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The one JSON and the one Slack message that arrive once the clock's chores have come round."""
        before = len(self.upstream.requests)
        self.rooms.watch.look()
        assert self.carried(self.rooms.courier.look()) == 2
        sent = {got.path: json.loads(got.body) for got in self.upstream.requests[before:]}
        assert KEY not in repr(sent)
        return sent["/json"], sent["/slack"]


def vanished(scene: Scene) -> None:
    scene.lists("stays")
    scene.fetch()


def retiring(scene: Scene) -> None:
    scene.lists("gone", "stays", shutdown_date=_day_of(scene, 10))
    scene.fetch()


def failing(scene: Scene) -> None:
    scene.upstream.answer("/chat/completions", reply({"error": {"message": "out of memory"}}, status=500))
    assert not scene.carried(scene.rooms.tests.connection(scene.row, "tester")).passed


def expired(scene: Scene) -> None:
    scene.upstream.answer("/models", reply({"error": {"message": f"Key {KEY} has expired."}}, status=401))
    with pytest.raises(UpstreamFailed):
        scene.fetch()


def _day_of(scene: Scene, days: int) -> str:
    return (scene.clock.now() + timedelta(days=days)).date().isoformat()


@pytest.fixture
def scene(rooms: Rooms, clock: ManualClock) -> Iterator[Scene]:
    with fake_provider() as upstream:
        yield Scene(rooms, clock, upstream)


@pytest.mark.parametrize(
    ("cause", "event", "about", "text"),
    [
        (vanished, "model_vanished", "model", "gone is not in the list of Acme any more; it is visible."),
        (retiring, "model_retiring", "model", "gone of Acme ends on {day}."),
        (failing, "model_failing", "model", "gone of Acme fails its test at protocol; it is visible."),
        (expired, "credential_failing", "provider", "Acme refuses its API key: it is wrong, revoked or expired."),
    ],
)
def test_each_cause_arrives_once_in_both_formats(
    scene: Scene, cause: Callable[[Scene], None], event: str, about: str, text: str
) -> None:
    cause(scene)
    told, line = scene.delivered()
    said = text.format(day=_day_of(scene, 10))
    row = {"model": scene.row, "provider": scene.provider.id}[about]
    assert told["id"].startswith("notice-")
    assert (told["event"], told["subject"], told["text"]) == (event, f"{about} {row}", said)
    assert told["details"]["provider"] == {"id": scene.provider.id, "name": "Acme", "slug": "acme"}
    assert (told["details"].get("model") == {"id": scene.row, "model_id": "gone"}) is (about == "model")
    assert line == {"text": f"Lineup: {said}"}
    scene.rooms.watch.look()
    assert scene.carried(scene.rooms.courier.look()) == 0  # told once
