"""Rounds go on, whatever one of them meets."""

import asyncio

from model_lineup.errors import Unavailable
from model_lineup.jobs.rounds import rounds


def test_a_round_that_fails_ends_no_later_one() -> None:
    met: list[Exception | None] = [Unavailable("away"), ValueError("odd row"), None]

    async def look() -> None:
        wrong = met.pop(0)
        if wrong is not None:
            raise wrong
        raise asyncio.CancelledError

    async def until_it_is_cancelled() -> bool:
        try:
            await rounds(look, every_s=0.0, what="a test")
        except asyncio.CancelledError:
            return True
        return False

    assert asyncio.run(until_it_is_cancelled())
    assert met == []
