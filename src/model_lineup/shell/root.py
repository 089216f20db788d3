"""Serving below a path of a proxy's: whether the proxy strips that path or leaves it, everything inside is the same.

Addresses that a face names in its headers get the path in front, so that callers can follow them.
"""

from starlette.types import Message, Scope, Send


class Root:
    """`path`: as the setting has it, `/` for none."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/")
        self._raw = self.path.encode()

    def without(self, scope: Scope) -> Scope:
        """The request as it would have come without the path; one that a proxy has stripped already stays."""
        path: str = scope["path"]
        if not self.path or not (path == self.path or path.startswith(f"{self.path}/")):
            return scope
        raw: bytes = scope.get("raw_path") or path.encode()
        inner = raw.removeprefix(self._raw)
        return {**scope, "path": path.removeprefix(self.path) or "/", "raw_path": inner or b"/"}

    def named(self, send: Send) -> Send:
        """Sends on, with the path in front of what `Location` and `Link` name on this server."""
        if not self.path:
            return send

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, self._placed(name, value)) for name, value in message.get("headers", ())]
                message = {**message, "headers": headers}
            await send(message)

        return sent

    def _placed(self, name: bytes, value: bytes) -> bytes:
        if name == b"location" and value.startswith((b"/api/", b"/v1/")):
            return self._raw + value
        if name == b"link":
            return value.replace(b"</api/", b"<" + self._raw + b"/api/").replace(b"</v1/", b"<" + self._raw + b"/v1/")
        return value
