"""Webhooks: sealed addresses, signed deliveries, bounded retries, once for everybody, within the egress policy."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.errors import EgressRefused, InvalidInput, NotFound, PreconditionFailed
from model_lineup.notices.shapes import Notice, StoredNotice
from model_lineup.operations import sealed
from model_lineup.rooms import Rooms
from model_lineup.webhooks.courier import AGAIN_IN
from model_lineup.webhooks.messages import body_of
from model_lineup.webhooks.shapes import Delivery, NewWebhook, Webhook, WebhookChanges
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.provider import FakeProvider, fake_provider, reply

SECRET = "whsec_" + base64.b64encode(b"canary-secret-of-a-webhook").decode()
FAILING = Notice(kind="model_failing", subject="model 1", state="timeout", text="m <fails> & more", details={"n": 1})


@pytest.fixture
def receiver() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        provider.answer("/hook", reply({"ok": True}))
        yield provider


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


def hook(rooms: Rooms, receiver: FakeProvider, **more: Any) -> Webhook:
    new = NewWebhook(**{"name": "team", "url": f"{receiver.base_url}/hook", "network_scope": "loopback", **more})
    return rooms.webhooks.create(new, BY)[0]


def carried(rooms: Rooms, times: int = 1) -> int:
    async def together() -> int:
        try:
            return sum(await asyncio.gather(*(rooms.courier.look() for _ in range(times))))
        finally:
            await rooms.upstream.close()

    return asyncio.run(together())


def deliveries(rooms: Rooms, webhook: Webhook) -> list[Delivery]:
    return rooms.webhooks.deliveries(webhook.id, limit=100, offset=0).deliveries


def test_a_notice_is_sent_once_and_signed(rooms: Rooms, receiver: FakeProvider, clock: ManualClock) -> None:
    made = hook(rooms, receiver, secret=SECRET)
    rooms.notices.tell(FAILING)
    rooms.notices.tell(FAILING)
    assert carried(rooms, times=3) == 1
    assert carried(rooms) == 0
    [request] = receiver.requests
    sent = request.headers
    body = json.loads(request.body)
    assert (body["event"], body["subject"], body["state"], body["details"]) == (
        "model_failing",
        "model 1",
        "timeout",
        {"n": 1},
    )
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + request.body
    expected = hmac.new(b"canary-secret-of-a-webhook", signed, hashlib.sha256).digest()
    assert sent["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert sent["webhook-id"] == body["id"]
    assert int(sent["webhook-timestamp"]) == int(clock.now().timestamp())
    [kept] = deliveries(rooms, made)
    assert (kept.status, kept.attempts, kept.http_status, kept.kind) == ("delivered", 1, 200, "model_failing")


def test_slack_gets_text_without_markup(clock: ManualClock) -> None:
    notice = StoredNotice(id=1, at=clock.now(), kind="x", subject="s", state="t", text="a <b> & c", details={})
    assert json.loads(body_of(notice, "slack")) == {"text": "Lineup: a &lt;b&gt; &amp; c"}


def test_what_does_not_arrive_is_tried_again_a_few_times(
    rooms: Rooms, receiver: FakeProvider, clock: ManualClock
) -> None:
    made = hook(rooms, receiver)
    receiver.answer("/hook", reply({"no": True}, status=500))
    rooms.notices.tell(FAILING)
    for wait in AGAIN_IN:
        assert carried(rooms) == 1
        assert carried(rooms) == 0
        assert deliveries(rooms, made)[0].status == "waiting"
        clock.advance(wait.total_seconds())
    assert carried(rooms) == 1
    [kept] = deliveries(rooms, made)
    assert (kept.status, kept.attempts, kept.http_status, kept.message) == ("failed", 5, 500, "It answered 500.")
    clock.advance(24 * 3600)
    assert carried(rooms) == 0
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


@pytest.mark.parametrize(("status", "word"), [(410, "410"), (302, "redirect")])
def test_a_receiver_that_is_gone_or_elsewhere_is_not_followed(
    rooms: Rooms, receiver: FakeProvider, status: int, word: str
) -> None:
    made = hook(rooms, receiver)
    receiver.answer("/hook", reply({}, status=status, headers=[f"location: {receiver.base_url}/elsewhere"]))
    rooms.notices.tell(FAILING)
    carried(rooms)
    [kept] = deliveries(rooms, made)
    assert word in str(kept.message)
    assert kept.status == ("failed" if status == 410 else "waiting")
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_only_the_events_that_are_wanted_and_only_those_that_are_on(rooms: Rooms, receiver: FakeProvider) -> None:
    made = hook(rooms, receiver, events=("credential_failing",))
    off = hook(rooms, receiver, name="off", enabled=False)
    rooms.notices.tell(FAILING)
    assert carried(rooms) == 0
    assert deliveries(rooms, made) == deliveries(rooms, off) == []
    tested = asyncio.run(_test(rooms, off))
    assert (tested.delivered, tested.http_status) == (True, 200)
    assert json.loads(receiver.requests[0].body)["event"] == "test"


async def _test(rooms: Rooms, made: Webhook) -> Any:
    try:
        return await rooms.courier.test(made.id)
    finally:
        await rooms.upstream.close()


def test_addresses_and_secrets_are_sealed_and_shown_nowhere(rooms: Rooms, desk: Desk, receiver: FakeProvider) -> None:
    made = hook(rooms, receiver, url=f"{receiver.base_url}/hook/canary-path-of-a-webhook", secret=SECRET)
    changed = rooms.webhooks.change(made.id, WebhookChanges(secret="another-canary", name="renamed"), BY)[0]
    assert (changed.name, changed.secret_set, changed.version) == ("renamed", True, 2)
    everything = repr(desk.tables()) + repr(desk.changes()) + repr(changed)
    assert "canary" not in everything
    assert {one.table.name for one in sealed.COLUMNS} >= {"webhooks"}
    with pytest.raises(PreconditionFailed):
        rooms.webhooks.change(made.id, WebhookChanges(name="late"), BY, if_match=1)
    assert rooms.webhooks.change(made.id, WebhookChanges(name="renamed"), BY)[1].change_id is None
    assert rooms.webhooks.change(made.id, WebhookChanges(secret=None), BY)[0].secret_set is False
    rooms.webhooks.delete(made.id, BY)
    with pytest.raises(NotFound):
        rooms.webhooks.get(made.id)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:9/hook", EgressRefused),
        ("http://169.254.169.254/latest", EgressRefused),
        ("https://user:pass@example.com/", InvalidInput),
        ("ftp://example.com/", InvalidInput),
    ],
)
def test_the_egress_policy_holds_for_webhooks_too(rooms: Rooms, url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        rooms.webhooks.create(NewWebhook(name="x", url=url), BY)


def test_what_waits_for_a_webhook_that_was_deleted_is_given_up(rooms: Rooms, receiver: FakeProvider) -> None:
    made = hook(rooms, receiver)
    receiver.answer("/hook", reply({}, status=503))
    rooms.notices.tell(FAILING)
    carried(rooms)
    rooms.webhooks.delete(made.id, BY)
    rooms.clock.advance(60)  # type: ignore[attr-defined]
    assert carried(rooms) == 1
    assert len(receiver.requests) == 1


def test_one_that_is_deleted_while_it_is_called_keeps_nobody_else_waiting(
    rooms: Rooms, receiver: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed, other = hook(rooms, receiver), hook(rooms, receiver, name="other")
    load = rooms.courier._load

    def loaded(due: Any) -> Any:
        found = load(due)
        if due.webhook_id == doomed.id:
            rooms.webhooks.delete(doomed.id, BY)
        return found

    monkeypatch.setattr(rooms.courier, "_load", loaded)
    rooms.notices.tell(FAILING)
    assert carried(rooms) == 2
    assert [one.status for one in deliveries(rooms, other)] == ["delivered"]
    assert len(receiver.requests) == 1


def test_what_goes_wrong_with_one_sends_no_other_twice(
    rooms: Rooms, receiver: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, other = hook(rooms, receiver), hook(rooms, receiver, name="other")
    load = rooms.courier._load

    def loaded(due: Any) -> Any:
        if due.webhook_id == odd.id:
            raise ValueError("an odd row")
        return load(due)

    monkeypatch.setattr(rooms.courier, "_load", loaded)
    rooms.notices.tell(FAILING)
    with pytest.raises(ValueError, match="an odd row"):
        carried(rooms)
    assert [one.status for one in deliveries(rooms, other)] == ["delivered"]
    monkeypatch.undo()
    assert carried(rooms) == 1
    assert [one.status for one in deliveries(rooms, odd)] == ["delivered"]
    assert len(receiver.requests) == 2
