"""Receiving a request, without a server: least rates, and no more at a time than there is room for."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest

from model_lineup.errors import Overloaded, RequestTimeout
from model_lineup.shell.receipt import Limits, WholeBody
from tests.fakes import skipping

LIMITS = Limits(body=100_000, import_body=100_000, body_receipt_s=0.6, grace_s=0.2, least_rate=1_000, at_once=2)


def scope() -> dict[str, Any]:
    return {"type": "http", "path": "/api/x", "headers": [(b"content-type", b"application/json")]}


async def receive_pieces(pieces: Sequence[tuple[float, int]], kept: list[bytes]) -> float:
    """Send pieces of (pause, bytes); the seconds until the face has the body, or the refusal."""

    async def face(_: Any, receive: Any, __: Any) -> None:
        kept.append((await receive())["body"])

    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        pause_s, number = waiting.pop(0)
        await asyncio.sleep(pause_s)
        return {"type": "http.request", "body": b"x" * number, "more_body": bool(waiting)}

    async def send(_: Any) -> None:
        pass

    began = asyncio.get_running_loop().time()
    with contextlib.suppress(RequestTimeout):
        await WholeBody(face, LIMITS)(scope(), receive, send)
    return asyncio.get_running_loop().time() - began


@pytest.mark.parametrize(
    ("pieces", "arrives", "after_s"),
    [
        ([(0.1, 1), (0.05, 1)], True, 0.15),  # slow, but within the grace
        ([(0.1, 400), (0.2, 1)], True, 0.3),  # beyond it, at the rate
        ([(0.0, 1), *[(0.05, 1)] * 50], False, 0.2),  # dripped
        ([(0.0, 300), (5, 1)], False, 0.3),  # it begins well, and stops
        ([(0.05, 1_000)] * 50, False, 0.6),  # at the rate, and endless
    ],
)
def test_a_body_must_keep_its_rate(pieces: list[tuple[float, int]], arrives: bool, after_s: float) -> None:
    kept: list[bytes] = []
    took_s = skipping.run(receive_pieces(pieces, kept))
    assert bool(kept) == arrives
    assert after_s - 0.01 < took_s <= after_s + 0.1


def test_beyond_its_room_a_lane_refuses_at_once_and_followers_of_events_take_none() -> None:
    async def main() -> None:
        go_on = asyncio.Event()

        async def face(asked: Any, _: Any, send: Any) -> None:
            if asked["path"] == "/api/events":
                await send({"headers": [(b"content-type", b"text/event-stream; charset=utf-8")]})
            await go_on.wait()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(_: Any) -> None:
            pass

        lane = WholeBody(face, LIMITS)
        held = [asyncio.create_task(lane({**scope(), "path": "/api/events"}, receive, send)) for _ in range(5)]
        await asyncio.sleep(0)
        held += [asyncio.create_task(lane(scope(), receive, send)) for _ in range(2)]
        await asyncio.sleep(0.01)
        with pytest.raises(Overloaded) as refused:
            await lane(scope(), receive, send)
        assert (refused.value.status, refused.value.facts["retry_after"]) == (503, 1)
        go_on.set()
        await asyncio.gather(*held)
        await lane(scope(), receive, send)  # there is room again

    asyncio.run(main())
