"""The admin API of a server elsewhere, over our own HTTP client, with an admin key."""

from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address

from model_lineup.cli.client import Asked, Refused, Reply
from model_lineup.upstream.wire import (
    BadHeader,
    BadUrl,
    Client,
    Deadlines,
    Origin,
    Path,
    Request,
    Response,
    Scope,
    WireError,
)

DEADLINES = Deadlines(connect_s=10, first_byte_s=180, idle_s=60, total_s=2 * 3600)
"""Followed runs last long, but their events never pause for a minute: the server says every 15 s that it is there."""


class Remote:
    """A transport."""

    def __init__(self, url: str, key: str) -> None:
        """Raises Refused for what is no address."""
        try:
            self._origin = Origin.of(url)
        except BadUrl as error:
            raise _unreachable(url, str(error), "bad_url") from None
        self._url = url.rstrip("/").removesuffix("/api/admin").removesuffix("/api")
        self._key = key
        self._client: Client | None = None

    @property
    def sends_in_the_clear(self) -> bool:
        """The key can be read on the way."""
        return self._origin.scheme == "http" and not _is_here(self._origin.host)

    async def send(self, asked: Asked) -> Reply:
        self._client = self._client or Client()
        headers = (("authorization", f"Bearer {self._key}"), *asked.headers.items())
        request = Request(asked.method, self._url + asked.target, headers, asked.body)
        path = Path(scope=Scope.LOOPBACK if _is_here(self._origin.host) else Scope.PRIVATE)
        try:
            return _Reply(await self._client.send(request, path=path, deadlines=DEADLINES), self._url)
        except WireError as error:
            raise _unreachable(self._url, error.message, error.stage) from None
        except (BadHeader, BadUrl) as error:
            raise _unreachable(self._url, str(error), "bad_request") from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


class _Reply:
    def __init__(self, response: Response, url: str) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = dict(response.headers)
        self._response = response
        self._url = url

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.pieces():
                yield piece.data
        except WireError as error:
            raise _unreachable(self._url, error.message, error.stage) from None

    async def close(self) -> None:
        self._response.close()


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _unreachable(url: str, why: str, stage: str) -> Refused:
    return Refused({"code": "unreachable", "detail": f"{url}: {why}", "stage": stage})
