"""Sees to it that models whose end has come are retired in the database too, by whichever worker comes first."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from model_lineup.errors import Unavailable
from model_lineup.routing.follow import Follower

LOOK_EVERY_S = 1.0


async def retire_on_time(follower: Follower, carry_out: Callable[[Sequence[int]], object]) -> None:
    """For ever. `carry_out` gets the rows of models that are due, in a thread; others may have done it already."""
    while True:
        rows = follower.due()
        if rows:
            with contextlib.suppress(Unavailable):  # the next look tries again
                await asyncio.to_thread(carry_out, rows)
        await asyncio.sleep(LOOK_EVERY_S)
