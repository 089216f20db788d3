"""One request out, its head back, and whatever goes wrong there as one exception with a finished explanation."""

import asyncio
from contextlib import suppress

from model_lineup.upstream import address, failures, registry
from model_lineup.upstream.contract import Endpoint, Failure
from model_lineup.upstream.wire import BadHeader, BadUrl, Client, Deadlines, Request, Response, WireError

_MAX_ERROR_BYTES = 64 * 1024
_ERROR_BODY_S = 5.0


class FailedError(Exception):
    """Carries a failure out of nested calls; never leaves this room."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def send(client: Client, request: Request, endpoint: Endpoint, deadlines: Deadlines) -> Response:
    """The response's head. Raises FailedError."""
    try:
        return await client.send(request, path=address.path_to(endpoint), deadlines=deadlines)
    except WireError as error:
        raise FailedError(failures.of_wire(error, endpoint)) from None
    except BadUrl as error:
        raise FailedError(failures.simple("connect", "connect", str(error), endpoint)) from None
    except BadHeader:
        message = "The API key or a header holds characters that cannot be sent."
        raise FailedError(failures.simple("auth", "auth", message, endpoint)) from None


async def open_ahead(client: Client, endpoint: Endpoint, count: int) -> None:
    """Makes `count` connections before they are needed. What fails here, the request will tell."""
    request = address.request_to(registry.kind_named(endpoint.kind), endpoint, "/")
    within_s = endpoint.timeouts.connect_s
    with suppress(WireError, BadUrl, BadHeader):
        await client.open_ahead(request, path=address.path_to(endpoint), count=count, within_s=within_s)


async def error_body(response: Response) -> bytes:
    """As much of an error's body as came in time; an error without one is still that error."""
    body = bytearray()
    with suppress(WireError, TimeoutError):
        async with asyncio.timeout(_ERROR_BODY_S):
            async for piece in response.pieces():
                body += piece.data
                if len(body) > _MAX_ERROR_BYTES:
                    break
    return bytes(body)
