"""Talks HTTP to a server over a kept connection, as one caller with one credential."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

IDLE_S = 30.0
_NOTHING: Any = object()


@dataclass(frozen=True)
class Answer:
    """An answer as it came. `headers` with names in lower case; several of one name are joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes

    @cached_property
    def _decoded(self) -> Any:
        return json.loads(self.body)

    @property
    def json(self) -> Any:
        return self._decoded

    @property
    def code(self) -> str | None:
        """The stable code of a problem; None for what is none."""
        kind = self.headers.get("content-type", "")
        return str(self.json["code"]) if kind == "application/problem+json" else None

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:600]!r}>"


class Client:
    """One kept connection with one credential. Not for several threads at once."""

    def __init__(self, port: int, token: str | None = None, *, timeout_s: float = 60) -> None:
        self.token = token
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self._used_at = time.monotonic()

    def call(
        self,
        method: str,
        path: str,
        body: Any = _NOTHING,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send and read. `body` goes as JSON, `raw` as it is (with the content type of JSON unless `headers` say)."""
        if time.monotonic() - self._used_at > IDLE_S:
            self.connection.close()  # the server may have closed it already; the next request opens a new one
        sent = raw if raw is not None else None if body is _NOTHING else json.dumps(body).encode()
        all_headers = {"content-type": "application/json"} if sent is not None else {}
        if self.token is not None:
            all_headers["authorization"] = f"Bearer {self.token}"
        self.connection.request(method, path, sent, {**all_headers, **(headers or {})})
        response = self.connection.getresponse()
        content = response.read()
        self._used_at = time.monotonic()
        merged: dict[str, str] = {}
        for name, value in response.getheaders():
            merged[name.lower()] = f"{merged[name.lower()]}, {value}" if name.lower() in merged else value
        return Answer(response.status, merged, content)

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = _NOTHING, **more: Any) -> Answer:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any = _NOTHING, **more: Any) -> Answer:
        return self.call("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        return self.call("DELETE", path, **more)

    def must(self, method: str, path: str, body: Any = _NOTHING, **more: Any) -> Any:
        """The JSON of an answer that has to be a success."""
        answer = self.call(method, path, body, **more)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer!r}"
        return answer.json if answer.body else None

    def close(self) -> None:
        self.connection.close()
