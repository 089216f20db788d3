"""A bound on how much is done at a time, so that what is done gets done. Who comes beyond it is told so at once."""

import contextlib
from collections.abc import Iterator

from starlette.types import Message, Send

from model_lineup.errors import Overloaded


class Lane:
    """Of one worker. Nobody queues in it: a caller that is told to come again knows more than one that waits."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._taken = 0

    @contextlib.contextmanager
    def place(self) -> "Iterator[Place]":
        """Raises Overloaded."""
        if self._taken >= self._at_once:
            raise Overloaded(
                f"{self._taken} requests are being answered already (LINEUP_ADMIN_AT_ONCE). Try again in a second.",
                retry_after=1,
            )
        self._taken += 1
        place = Place(self)
        try:
            yield place
        finally:
            place.free()

    def leave(self) -> None:
        self._taken -= 1


class Place:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._is_held = True

    def free(self) -> None:
        if self._is_held:
            self._is_held = False
            self._lane.leave()

    def freed_by_events(self, send: Send) -> Send:
        """`send`, but followers of events leave the lane: they stay for long, and hardly do anything."""

        async def watched(message: Message) -> None:
            if (b"content-type", b"text/event-stream; charset=utf-8") in message.get("headers", ()):
                self.free()
            await send(message)

        return watched
