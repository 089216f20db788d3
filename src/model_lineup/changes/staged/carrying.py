"""Sees to it that staged changes are carried out at their moment, by whichever worker comes first.

What was due while nobody was there is carried out at the first look, which says how late that was.
"""

import asyncio
from collections.abc import Callable

from model_lineup.errors import Unavailable
from model_lineup.routing.follow import Follower
from model_lineup.telemetry import log

LOOK_EVERY_S = 1.0


async def carry_out_on_time(follower: Follower, carry_out: Callable[[int], object]) -> None:
    """For ever. `carry_out` gets the id of one that is due, in a thread; others may have done it already."""
    while True:
        for staged_id in follower.staged_due():
            try:
                await asyncio.to_thread(carry_out, staged_id)
            except Unavailable:  # the database is away, or busy: the next look tries again
                break
            except Exception:  # whatever it is, the others have their moment too
                log().exception("staged change failed", staged_change=staged_id)
        left_s = follower.until_staged_s()
        await asyncio.sleep(LOOK_EVERY_S if left_s is None else min(LOOK_EVERY_S, left_s))
