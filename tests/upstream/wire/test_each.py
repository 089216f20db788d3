"""Pieces of a body handed over in the very call in which they come."""

import asyncio

import pytest

from model_lineup.upstream.wire.faults import Truncated
from model_lineup.upstream.wire.inbox import UNREAD_HIGH, Inbox
from model_lineup.upstream.wire.shapes import Piece


class Source:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def hold(self) -> None:
        self.told.append("hold")

    def go_on(self) -> None:
        self.told.append("go on")

    def drop(self) -> None:
        self.told.append("drop")


async def begun(inbox: Inbox, seen: list[bytes], most: int = 99) -> "asyncio.Task[bool]":
    def take(piece: Piece) -> bool:
        if piece.data == b"bad":
            raise ValueError("bad")
        seen.append(piece.data)
        return len(seen) < most

    task = asyncio.create_task(inbox.each(take))
    await asyncio.sleep(0)
    return task


def test_each_piece_is_taken_before_anything_else_happens() -> None:
    async def main() -> None:
        inbox, seen = Inbox(Source()), list[bytes]()
        inbox.put(b"zero", 0.0)
        task = await begun(inbox, seen)
        for text in (b"one", b"two"):
            inbox.put(text, 0.0)
            inbox.wake()
            assert seen[-1] == text
        inbox.end()
        assert await task is False

    asyncio.run(main())


def test_who_says_no_gets_the_rest_later_and_what_waits_is_bounded() -> None:
    async def main() -> None:
        source, seen = Source(), list[bytes]()
        inbox = Inbox(source)
        task = await begun(inbox, seen, most=1)
        inbox.put(b"one", 0.0)
        inbox.wake()
        inbox.put(b"x" * (UNREAD_HIGH + 1), 0.0)
        inbox.wake()
        assert (await task, len(seen), source.told) == (True, 1, ["hold"])
        task = await begun(inbox, seen)
        assert (len(seen), source.told) == (2, ["hold", "go on"])
        inbox.end()
        assert await task is False

    asyncio.run(main())


def test_what_goes_wrong_is_raised_where_it_is_awaited() -> None:
    async def main() -> None:
        inbox, seen = Inbox(Source()), list[bytes]()
        task = await begun(inbox, seen)
        inbox.put(b"bad", 0.0)
        inbox.wake()
        with pytest.raises(ValueError, match="bad"):
            await task
        task = await begun(inbox, seen)
        inbox.end(Truncated("cut"))
        with pytest.raises(Truncated):
            await task

    asyncio.run(main())


def test_a_cancelled_wait_closes_the_exchange() -> None:
    async def main() -> None:
        source = Source()
        inbox = Inbox(source)
        task = await begun(inbox, [])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert source.told == ["drop"]
        assert inbox.on_news is None

    asyncio.run(main())


def test_who_takes_pieces_as_they_come_may_say_no_or_fail_in_the_middle() -> None:
    async def main() -> None:
        inbox, seen = Inbox(Source()), list[bytes]()
        task = await begun(inbox, seen, most=1)
        inbox.put(b"one", 0.0)
        inbox.put(b"two", 0.0)  # in the same step, after the no
        inbox.wake()
        inbox.end()
        assert await task is True
        assert seen == [b"one"]
        rest = await inbox.take()
        assert rest is not None
        assert rest.data == b"two"

        inbox, seen = Inbox(Source()), list[bytes]()
        task = await begun(inbox, seen)
        inbox.put(b"bad", 0.0)
        inbox.put(b"more", 0.0)
        inbox.end()
        with pytest.raises(ValueError, match="bad"):
            await task
        assert seen == []

    asyncio.run(main())
