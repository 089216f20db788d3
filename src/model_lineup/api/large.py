"""Large bodies, kept away from the event loop: nobody waits for what somebody else has sent.

Reading and validating a body of 1 MiB takes up to a second of Python. So beyond 32 KiB a body is looked at only after
its sender is known, and by a thread with an event loop of its own, in which the whole endpoint runs; endpoints that
belong to the one loop (they are `async`) take no bodies of that size.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.dependencies.models import Dependant
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api import dependencies
from model_lineup.errors import TooLarge

SMALL = 32 * 1024

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


def apart(handle: Handle, dependant: Dependant) -> Handle:
    """`handle`, but in a thread for a request whose body is large. Raises NotSignedIn, TooLarge."""
    is_open = dependencies.policy_of(dependant) is dependencies.open_to_all
    stays_here = is_open or inspect.iscoroutinefunction(dependant.call)

    async def wherever(request: Request) -> Response:
        if request.method in ("GET", "HEAD") or len(await request.body()) <= SMALL:
            return await handle(request)
        if not is_open:
            await asyncio.to_thread(_know, request)
        if stays_here:
            raise TooLarge(f"This address takes bodies up to {SMALL // 1024} KiB.", limit_bytes=SMALL)
        return await asyncio.to_thread(lambda: asyncio.run(handle(request)))

    return wherever


def _know(request: Request) -> None:
    """Raises NotSignedIn."""
    there = dependencies.rooms(request)
    dependencies.current_actor(request, there, dependencies.visit(request, there))
