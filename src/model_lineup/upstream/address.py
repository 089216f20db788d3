"""From an endpoint to what the HTTP client wants: URL, headers, path, deadlines. Pure.

A base URL is used as given: `/chat/completions` and `/models` are appended to it, nothing is guessed, so that what is
tested is what users get. When it lacks a `/v1` that the server wants, the failure's hint says so.
"""

from urllib.parse import urlencode

from model_lineup.upstream.contract import Endpoint, Kind
from model_lineup.upstream.wire import Deadlines, Path, Request, Scope


def request_to(
    kind: Kind,
    endpoint: Endpoint,
    path: str,
    *,
    body: bytes | None = None,
    query: tuple[tuple[str, str], ...] = (),
    hops: str = "",
) -> Request:
    """GET without a body, POST of JSON with one. The credential is in the headers only, never in the URL.

    `hops`: the `Via` of the Lineups that the request came through before this one.
    """
    extra = {name.lower(): value for name, value in endpoint.headers}
    headers = {"accept": "application/json, text/event-stream", "user-agent": "lineup", **extra, **kind.auth(endpoint)}
    if endpoint.bounds.pseudonym:
        headers["via"] = f"{hops}{', ' if hops else ''}1.1 {endpoint.bounds.pseudonym}"
    if body is not None:
        headers["content-type"] = "application/json"
    method = "GET" if body is None else "POST"
    return Request(method, url_of(endpoint.base_url, path, query), tuple(headers.items()), body or b"")


def url_of(base_url: str, path: str, query: tuple[tuple[str, str], ...] = ()) -> str:
    """`path` goes between the base URL's path and its query."""
    base, _, own_query = base_url.partition("?")
    parts = [part for part in (own_query, urlencode(query)) if part]
    return base.rstrip("/") + path + ("?" + "&".join(parts) if parts else "")


def path_to(endpoint: Endpoint) -> Path:
    return Path(Scope(endpoint.network_scope), endpoint.ca_bundle, endpoint.proxy)


def deadlines_for(endpoint: Endpoint, *, stream: bool, total_s: float | None = None) -> Deadlines:
    """A plain answer may take its whole time before the first byte; a stream must begin to speak."""
    timeouts = endpoint.timeouts
    allowed = timeouts.stream_total_s if stream else timeouts.plain_total_s
    total = allowed if total_s is None else min(allowed, total_s)
    return Deadlines(
        connect_s=min(timeouts.connect_s, total),
        first_byte_s=min(timeouts.first_byte_s, total) if stream else total,
        idle_s=min(timeouts.idle_s, total),
        total_s=total,
    )
