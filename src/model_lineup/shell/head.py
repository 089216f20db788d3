"""HEAD, which a face need not know: what GET would answer, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """A face that answers HEAD wherever it answers GET."""

    def __init__(self, face: ASGIApp) -> None:
        self._face = face

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "HEAD":
            return await self._face(scope, receive, send)
        # A copy: the server compares the length of what is sent with the method that it saw. The old version of the
        # protocol makes Starlette listen for callers that leave, so that an endless answer ends.
        asked = {**scope, "method": "GET", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        way = _WithoutBody(receive, send)
        try:
            await self._face(asked, way.receive, way.send)
        finally:
            scope.update({name: asked[name] for name in ("route",) if name in asked})
        return None


class _WithoutBody:
    """Lets the head of an answer through; once it is out, whoever would go on sending hears that the caller left."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._over = False

    async def receive(self) -> Message:
        return {"type": "http.disconnect"} if self._over else await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
            self._over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
