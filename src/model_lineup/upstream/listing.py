"""Reading a provider's list of models: whole or not at all.

A list that is cut, malformed, endless or empty is a failure, never a shorter list: whoever stores it would otherwise
take the rest for vanished. The same holds for details that had to be asked for: their facts would seem to be gone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from model_lineup.clock import tick
from model_lineup.errors import UpstreamFailed
from model_lineup.upstream import address, entries, failures, registry
from model_lineup.upstream.contract import (
    Call,
    DetailedKind,
    Endpoint,
    ListedModel,
    Listing,
    MalformedError,
    Page,
    ProviderError,
    Stage,
)
from model_lineup.upstream.scrub import scrub
from model_lineup.upstream.sending import FailedError, refusal_of, send
from model_lineup.upstream.wire import Client, WireError

MAX_LIST_PAGES = 1_000
MAX_DETAIL_BYTES = 4 * 1024 * 1024
_PARSE_OFF_THE_LOOP_BYTES = 256 * 1024
_DETAILS_AT_ONCE = 4
_REPEATED = 2
"""A page may hold this many times the models that are taken: some lists name one twice."""
_NO_DETAILS = (404, 405, 501)
"""A server that does not know this request, or a model that was deleted since it was listed: its entry stands alone."""


async def list_models(client: Client, endpoint: Endpoint) -> Listing:
    """Every model of the provider's list, read to its last page within `timeouts.test_s`.

    At most as many models and bytes as `bounds` says; nothing partial is ever returned.
    Raises UpstreamFailed with the facts `stage`, `reason`, `http_status`, `hint`; `retry_after_s` where told, and
    `allowed_by_network_scope` where an address was refused that another scope would allow.
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
            **({} if failure.retry_after_s is None else {"retry_after_s": failure.retry_after_s}),
            **({} if failure.needed_scope is None else {"allowed_by_network_scope": failure.needed_scope}),
        ) from None


class _Lister:
    """Reads a list page by page; holds what all pages share: the deadline, the caps, what was seen."""

    def __init__(self, client: Client, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._kind = registry.kind_named(endpoint.kind)
        self._ends_at = tick() + endpoint.timeouts.test_s
        self._bytes_left = endpoint.bounds.list_bytes
        self._status: int | None = None
        self._cursors: set[str] = set()
        self._models: dict[str, ListedModel] = {}

    async def read(self) -> Listing:
        page = await self._page(None)
        self._take(page)
        while page.following is not None:
            self._cursors.add(page.following)
            page = await self._page(page.following)
            self._take(page)
        if not self._models:
            raise self._failed("empty", "empty", "The provider's list holds no models.")
        if isinstance(self._kind, DetailedKind):
            await self._ask_details(self._kind)
        models, pages = tuple(self._models.values()), len(self._cursors) + 1
        reading = self._kind.list_reading
        return Listing((), pages, models, reading) if page.candidates else Listing(models, pages, reading=reading)

    async def _page(self, after: str | None) -> Page:
        body = await self._fetch(self._kind.list_call(self._endpoint, after), self._bytes_left)
        self._bytes_left -= len(body)
        with self._judging(), entries.at_most(self._endpoint.bounds.list_models * _REPEATED):
            if len(body) > _PARSE_OFF_THE_LOOP_BYTES:
                return await asyncio.to_thread(self._kind.page, body)
            return self._kind.page(body)

    def _take(self, page: Page) -> None:
        """Adds a page's models; entries of one id are one model, the first counts."""
        known = len(self._models)
        for model in page.models:
            self._models.setdefault(model.model_id, model)
        most = self._endpoint.bounds.list_models
        if len(self._models) > most or len(self._cursors) >= MAX_LIST_PAGES:
            raise self._too_long()
        nothing_new = bool(page.models) and len(self._models) == known
        if page.following in self._cursors or (page.following is not None and nothing_new):
            raise self._failed("protocol", "malformed", "The pages of the model list repeat themselves.")

    async def _ask_details(self, kind: DetailedKind) -> None:
        """A few at a time, because the provider of a kind like this is mostly one machine."""
        waiting = iter(tuple(self._models.values()))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_DETAILS_AT_ONCE):
                    group.create_task(self._details_of(kind, waiting))
        except ExceptionGroup as stops:
            raise stops.exceptions[0] from None

    async def _details_of(self, kind: DetailedKind, waiting: Iterator[ListedModel]) -> None:
        for model in waiting:
            try:
                body = await self._fetch(kind.detail_call(model), MAX_DETAIL_BYTES)
                with self._judging():
                    self._models[model.model_id] = kind.detailed(model, body)
            except FailedError as stop:
                if stop.failure.http_status not in _NO_DETAILS:
                    message = scrub(f"Asked about {model.model_id!r}: {stop.failure.message}", self._endpoint)
                    raise FailedError(msgspec.structs.replace(stop.failure, message=message)) from None

    async def _fetch(self, call: Call, cap: int) -> bytes:
        """One request's body. Once something has come, time that runs out is the list's, wherever a request is then."""
        under_way = self._status is not None
        try:
            return await self._answer(call, cap)
        except FailedError:
            if under_way and tick() >= self._ends_at:
                limit_s = self._endpoint.timeouts.test_s
                raise self._failed("timeout", "timeout", f"The list was not complete within {limit_s:g} s.") from None
            raise

    async def _answer(self, call: Call, cap: int) -> bytes:
        """The body of a successful answer that is no web page."""
        endpoint = self._endpoint
        request = address.request_to(self._kind, endpoint, call.path, body=call.body, query=call.query)
        left = max(self._ends_at - tick(), 0.001)
        deadlines = address.deadlines_for(endpoint, stream=False, total_s=left)
        async with await send(self._client, request, endpoint, deadlines) as response:
            content_type, self._status = response.header("content-type") or "", response.status
            if not 200 <= response.status < 300:
                raise FailedError((await refusal_of(response, endpoint, None)).failure)
            try:
                body = await response.read(cap)
            except WireError as error:
                raise FailedError(failures.of_wire(error, endpoint, response.status)) from None
            if failures.looks_like_html(content_type, body):
                raise FailedError(failures.of_html(endpoint, response.status))
            return body

    @contextmanager
    def _judging(self) -> Iterator[None]:
        """Turns what a kind says of a body into the failure that it is."""
        try:
            yield
        except MalformedError as error:
            raise FailedError(failures.of_malformed(str(error), self._endpoint, self._status)) from None
        except entries.TooManyError:
            raise self._too_long() from None
        except ProviderError as error:
            raise FailedError(failures.of_provider_error(error, self._endpoint, None)) from None

    def _too_long(self) -> FailedError:
        most = self._endpoint.bounds.list_models
        message = f"The provider lists more than {most} models (LINEUP_FETCH_MODELS) or {MAX_LIST_PAGES} pages."
        return self._failed("protocol", "too_large", message)

    def _failed(self, stage: Stage, code: str, message: str) -> FailedError:
        return FailedError(failures.simple(stage, code, message, self._endpoint, self._status))
