"""Looking for work again and again, for as long as the process lives."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from model_lineup.errors import Unavailable
from model_lineup.telemetry import log


async def rounds(look: Callable[[], Awaitable[object]], *, every_s: float, what: str) -> None:
    """For ever. `what` names the work in the log.

    A round that fails ends no later one: else one odd row would silence notices and schedules until a restart.
    """
    while True:
        await asyncio.sleep(every_s * random.uniform(0.8, 1.2))  # noqa: S311  # nosec B311
        try:
            await look()
        except Unavailable:  # the database is away; whoever asks it meets that, too
            continue
        except Exception:  # whatever it is, the next round may do better
            log().exception("background round failed", what=what)
