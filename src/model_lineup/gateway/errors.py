"""Stands before what reads bodies: errors from there are told as those of `/v1` are."""

from starlette.types import ASGIApp, Receive, Scope, Send

from model_lineup.errors import LineupError
from model_lineup.gateway.face import refuse
from model_lineup.gateway.failures import Refused


class ToldAsErrors:
    """`app` may raise a LineupError before it answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except LineupError as error:
            await refuse(Refused.of(error), scope, send)
