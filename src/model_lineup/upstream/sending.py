"""One request out, its head back, and whatever goes wrong there as one exception with a finished explanation."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

import msgspec

from model_lineup.clock import SystemClock, tick
from model_lineup.upstream import address, failures, registry
from model_lineup.upstream.contract import Endpoint, Failure
from model_lineup.upstream.retry_after import seconds_to_wait
from model_lineup.upstream.wire import (
    BadHeader,
    BadUrl,
    Client,
    Deadlines,
    Pending,
    Prepared,
    Request,
    Response,
    WireError,
    prepare,
    within,
)

_MAX_ERROR_BYTES = 64 * 1024
_ERROR_BODY_S = 5.0


class FailedError(Exception):
    """Carries a failure out of nested calls. `cause`: what the client said, where it was that."""

    def __init__(self, failure: Failure, cause: WireError | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.cause = cause


class Refusal(NamedTuple):
    """A status that is no success. `said`: the provider's own words, whole; not to be shown or kept."""

    failure: Failure
    said: str


class Ready(NamedTuple):
    """What is the same in every request of a body to one path of an endpoint, made and checked once."""

    endpoint: Endpoint
    prepared: Prepared
    deadlines: Deadlines


def ready(endpoint: Endpoint, path: str, query: tuple[tuple[str, str], ...], *, stream: bool, hops: str = "") -> Ready:
    """`hops`: as in `address.request_to`. Raises FailedError."""
    kind = registry.kind_named(endpoint.kind)
    request = address.request_to(kind, endpoint, path, body=b"", query=query, hops=hops)
    return Ready(endpoint, _prepared(request, endpoint), address.deadlines_for(endpoint, stream=stream))


async def send_ready(client: Client, ready: Ready, body: bytes) -> Response:
    """The response's head. Raises FailedError."""
    try:
        return await client.send_prepared(ready.prepared, body, deadlines=ready.deadlines)
    except WireError as error:
        raise FailedError(failures.of_wire(error, ready.endpoint), error) from None


def begin_ready(client: Client, ready: Ready, body: bytes) -> Pending | None:
    """The request is on its way over a pooled connection, and `finish_ready` gives the response's head; None where none
    is free, and nothing was sent. Raises ClientClosed."""
    return client.begin(ready.prepared, body, started=tick(), deadlines=ready.deadlines)


async def finish_ready(client: Client, ready: Ready, pending: Pending) -> Response:
    """Raises FailedError."""
    try:
        return await client.finish(pending)
    except WireError as error:
        raise FailedError(failures.of_wire(error, ready.endpoint), error) from None


async def send(client: Client, request: Request, endpoint: Endpoint, deadlines: Deadlines) -> Response:
    """The response's head. Raises FailedError."""
    return await send_ready(client, Ready(endpoint, _prepared(request, endpoint), deadlines), request.body)


def _prepared(request: Request, endpoint: Endpoint) -> Prepared:
    """Raises FailedError."""
    _refuse_beyond(endpoint)
    try:
        return prepare(request, address.path_to(endpoint))
    except BadUrl as error:
        raise FailedError(failures.simple("connect", "connect", str(error), endpoint)) from None
    except BadHeader:
        message = "The API key or a header holds characters that cannot be sent."
        raise FailedError(failures.simple("auth", "auth", message, endpoint)) from None


async def open_ahead(client: Client, endpoint: Endpoint, count: int) -> None:
    """Makes `count` connections before they are needed. What fails here, the request will tell."""
    request = address.request_to(registry.kind_named(endpoint.kind), endpoint, "/")
    within_s = endpoint.timeouts.connect_s
    with suppress(WireError, BadUrl, BadHeader, FailedError):
        _refuse_beyond(endpoint)
        await client.open_ahead(request, path=address.path_to(endpoint), count=count, within_s=within_s)


async def refusal_of(response: Response, endpoint: Endpoint, model_id: str | None) -> Refusal:
    """What a status that is no success means. `model_id` is None when no model was asked for."""
    body = await _error_body(response)
    content_type = (response.header("content-type") or "").lower()
    failure = failures.of_status(response.status, content_type, body, endpoint, model_id)
    wait_s = seconds_to_wait(response.header("retry-after"), response.header("date"), SystemClock().now())
    if wait_s is not None:
        hint = f"{failure.hint} The provider asks to wait {wait_s:g} s.".strip()
        failure = msgspec.structs.replace(failure, hint=hint, retry_after_s=wait_s)
    return Refusal(failure, failures.error_message(body))


def _refuse_beyond(endpoint: Endpoint) -> None:
    """What the operator allows may have become less since the provider was entered. Raises FailedError."""
    if endpoint.kind not in registry.offered(drills=endpoint.bounds.drills):
        hint = "Delete this provider, or have the operator set LINEUP_DRILLS for the time of a drill."
        raise FailedError(Failure("connect", "refused", "Drills are off: this provider is not called.", hint))
    scope, widest = endpoint.network_scope, endpoint.bounds.widest_scope
    if not within(scope, widest):
        message = f"The provider's network scope is {scope!r}; this instance allows {widest!r} at most."
        hint = "Change the provider's scope, or have the operator raise LINEUP_EGRESS_MAX_SCOPE."
        raise FailedError(Failure("connect", "refused", message, hint))


async def _error_body(response: Response) -> bytes:
    """As much of an error's body as came in time; an error without one is still that error."""
    body = bytearray()
    with suppress(WireError, TimeoutError):
        async with asyncio.timeout(_ERROR_BODY_S):
            async for piece in response.pieces():
                body += piece.data
                if len(body) > _MAX_ERROR_BYTES:
                    break
    return bytes(body)
