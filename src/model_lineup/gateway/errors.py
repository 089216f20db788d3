"""Stands before what reads bodies: errors from there are told as those of `/v1` are."""

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_lineup.errors import LineupError, RequestTimeout, TooLarge
from model_lineup.gateway.face import refuse
from model_lineup.gateway.failures import Refused


class ToldAsErrors:
    """`app` may raise a LineupError before it answers. `linger` reads on, for a while, what a caller still sends."""

    def __init__(self, app: ASGIApp, *, linger: Callable[[Receive, LineupError], Awaitable[None]]) -> None:
        self._app = app
        self._linger = linger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (TooLarge, RequestTimeout) as error:
            await self._refuse_unread(error, scope, receive, send)
        except LineupError as error:
            await refuse(Refused.of(error), scope, send)

    async def _refuse_unread(self, error: LineupError, scope: Scope, receive: Receive, send: Send) -> None:
        """The caller may still be sending. Closing on bytes that nobody read resets the connection, which destroys the
        answer on its way: so it goes out whole, and what still comes is thrown away."""

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.body":
                await send({**message, "more_body": True})
            else:
                await send({**message, "headers": [*message["headers"], (b"connection", b"close")]})

        await refuse(Refused.of(error), scope, hold)
        await self._linger(receive, error)
        await send({"type": "http.response.body", "body": b""})
