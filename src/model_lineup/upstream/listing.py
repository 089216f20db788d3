"""Reading a provider's list of models: whole or not at all.

A list that is cut, malformed, endless or empty is a failure, never a shorter list: whoever stores it would otherwise
take the rest for vanished.
"""

import asyncio

from model_lineup.clock import tick
from model_lineup.errors import UpstreamFailed
from model_lineup.upstream import address, failures, registry
from model_lineup.upstream.contract import Endpoint, ListedModel, Listing, MalformedError, Page, ProviderError, Stage
from model_lineup.upstream.sending import FailedError, error_body, send
from model_lineup.upstream.wire import Client, WireError

MAX_LIST_BYTES = 10 * 1024 * 1024
MAX_LISTED_MODELS = 20_000
MAX_LIST_PAGES = 1_000
_PARSE_OFF_THE_LOOP_BYTES = 256 * 1024


async def list_models(client: Client, endpoint: Endpoint) -> Listing:
    """Every model of the provider's list, read to its last page within `timeouts.test_s`.

    At most 20 000 models in 10 MiB; nothing partial is ever returned.
    Raises UpstreamFailed with the facts `stage`, `reason`, `http_status` and `hint`.
    """
    try:
        return await _Lister(client, endpoint).read()
    except FailedError as stop:
        failure = stop.failure
        raise UpstreamFailed(
            failure.message,
            stage=failure.stage,
            reason=failure.code,
            http_status=failure.http_status,
            hint=failure.hint,
        ) from None


class _Lister:
    """Reads a list page by page; holds what all pages share: the deadline, the caps, what was seen."""

    def __init__(self, client: Client, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._kind = registry.kind_named(endpoint.kind)
        self._ends_at = tick() + endpoint.timeouts.test_s
        self._bytes_left = MAX_LIST_BYTES
        self._status: int | None = None
        self._models: dict[str, ListedModel] = {}

    async def read(self) -> Listing:
        query: tuple[tuple[str, str], ...] | None = ()
        pages = 0
        while query is not None:
            page = await self._page(query)
            pages += 1
            self._take(page, pages)
            query = page.following
        if not self._models:
            raise self._failed("empty", "empty", "The provider's list holds no models.")
        return Listing(tuple(self._models.values()), pages)

    async def _page(self, query: tuple[tuple[str, str], ...]) -> Page:
        body = await self._fetch(query)
        self._bytes_left -= len(body)
        try:
            if len(body) > _PARSE_OFF_THE_LOOP_BYTES:
                return await asyncio.to_thread(self._kind.page, body)
            return self._kind.page(body)
        except MalformedError as error:
            raise FailedError(failures.of_malformed(str(error), self._endpoint, self._status)) from None
        except ProviderError as error:
            raise FailedError(failures.of_provider_error(error, self._endpoint, None)) from None

    async def _fetch(self, query: tuple[tuple[str, str], ...]) -> bytes:
        """The body of a successful answer that is no web page."""
        endpoint = self._endpoint
        request = address.request_to(self._kind, endpoint, self._kind.list_path(endpoint), query=query)
        left = max(self._ends_at - tick(), 0.001)
        deadlines = address.deadlines_for(endpoint, stream=False, total_s=left)
        async with await send(self._client, request, endpoint, deadlines) as response:
            content_type, self._status = response.header("content-type") or "", response.status
            if not 200 <= response.status < 300:
                body = await error_body(response)
                raise FailedError(failures.of_status(response.status, content_type, body, endpoint, None))
            try:
                body = await response.read(self._bytes_left)
            except WireError as error:
                raise FailedError(failures.of_wire(error, endpoint, response.status)) from None
            if failures.looks_like_html(content_type, body):
                raise FailedError(failures.of_html(endpoint, response.status))
            return body

    def _take(self, page: Page, pages: int) -> None:
        """Adds a page's models; entries of one id are one model, the first counts."""
        known = len(self._models)
        for model in page.models:
            self._models.setdefault(model.model_id, model)
        if len(self._models) > MAX_LISTED_MODELS or pages > MAX_LIST_PAGES:
            message = f"The provider lists more than {MAX_LISTED_MODELS} models or {MAX_LIST_PAGES} pages."
            raise self._failed("protocol", "too_large", message)
        if page.following is not None and len(self._models) == known:
            raise self._failed("protocol", "malformed", "The pages of the model list repeat themselves.")

    def _failed(self, stage: Stage, code: str, message: str) -> FailedError:
        return FailedError(failures.simple(stage, code, message, self._endpoint, self._status))
