"""What requests have used is settled a few times a second, not a few requests at a time."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, cast

from model_lineup.gateway.limits import Desk
from model_lineup.limits.keys import Booking, KeyLimits, Settlement, Wanted
from model_lineup.limits.spending import Grant, Left

USED = Settlement(Grant(1, 0, 0, 1, 10, 0, Left(None, 0.0, None, 0.0)), 1, 4, 0)


class Books:
    """Stands for the database; it is asked in a thread."""

    def __init__(self) -> None:
        self.settled: list[Sequence[Settlement]] = []
        self.may_end = threading.Event()
        self.begun = threading.Event()

    def now(self) -> int:
        return 0

    def book(self, wanted: Sequence[Wanted], settled: Sequence[Settlement] = ()) -> list[Booking]:
        self.begun.set()
        assert self.may_end.wait(60)
        self.settled.append(settled)
        return []


async def booked(desk: Any) -> None:
    while desk._booking is not None:
        await asyncio.sleep(0.001)


def test_what_is_used_while_one_transaction_runs_waits_for_the_timer_and_for_the_end() -> None:
    async def main() -> Books:
        books = Books()
        desk = cast(Any, Desk(cast(KeyLimits, books), unsaid=1))
        desk._settlements.add(USED)
        desk._kick()
        await asyncio.to_thread(books.begun.wait, 60)
        desk._settlements.add(USED)
        books.may_end.set()
        await booked(desk)
        assert len(books.settled) == 1
        assert desk._timer is not None, "else nobody would settle it"
        desk._timer.cancel()
        desk._tidy()
        await booked(desk)
        assert len(books.settled) == 2
        desk._settlements.add(USED)
        await desk.close()
        return books

    books = asyncio.run(main())
    assert [[one.tokens for one in some] for some in books.settled] == [[4], [4], [4]]
