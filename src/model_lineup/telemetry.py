"""Structured logs. Fields are an allow-list: what is not named here is not logged.

No header, no body, no query and no credential is ever a field; a message is a constant text.
"""

import asyncio
import atexit
import contextlib
import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO, cast

import structlog

from model_lineup.clock import wall_ns

FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "request_id",
        "method",
        "route",
        "status",
        "duration_ms",
        "error",
        "code",
        "address",
        "version",
        "database",
        "revision",
        "change_id",
        "digest",
        "run_id",
        "model_row",
        "provider_id",
        "state",
        "moved",
        "traceback",
        "worker",
        "pid",
        "exit_code",
        "security_event",
        "actor",
        "client_address",
    }
)


def configure(level: str, style: str) -> None:
    """Set up logging once per process; `style` is auto, json or text."""
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    requests.configure(wanted=level.lower() in ("debug", "info"), as_text=as_text)
    renderer = structlog.dev.ConsoleRenderer(colors=False) if as_text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_fields,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )


class _Unfailing:
    """A stream on which writing never raises: on a full disk requests are answered, and their log lines are lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def only_known_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in FIELDS}


def log() -> Any:
    """The logger: `log().info("request", method=…, route=…)`."""
    return structlog.get_logger()


Answered = tuple[str, str, str, int, float, int]
"""A line about one request: its id, method and route, the status, how long it took, s, and when it ended, ns since
1970. A plain tuple, because there are many."""


class RequestLines:
    """Lines about requests, which are many: kept for a moment, and written together.

    One at a time, a line costs as much as half of what else Lineup does for a small request. A process that is killed
    takes those of its last moment with it.
    """

    WRITTEN_AFTER_S = 0.1
    MOST = 1000

    def __init__(self) -> None:
        self._kept: list[Answered] = []
        self._wanted = False
        self._as_text = False
        self._loop: asyncio.AbstractEventLoop | None = None  # that will write what is kept

    def configure(self, *, wanted: bool, as_text: bool) -> None:
        self.write()
        self._wanted, self._as_text = wanted, as_text

    def add(self, request_id: str, method: str, route: str, status: int, duration_s: float) -> None:
        """Called on the event loop."""
        if not self._wanted:
            return
        self._kept.append((request_id, method, route, status, duration_s, wall_ns()))
        if len(self._kept) >= self.MOST:
            self.write()
        elif self._loop is not (loop := asyncio.get_running_loop()):
            self._loop = loop
            loop.call_later(self.WRITTEN_AFTER_S, self.write)

    def write(self) -> None:
        """What is kept, now."""
        self._loop = None
        kept, self._kept = self._kept, []
        if kept and self._as_text:
            for request_id, method, route, status, duration_s, _ in kept:
                took = {"method": method, "route": route, "status": status, "duration_ms": round(duration_s * 1000, 2)}
                log().info("request", request_id=request_id, **took)
        elif kept:
            stream = _Unfailing(sys.stderr)
            stream.write("".join(map(_as_json, kept)))
            stream.flush()


def _as_json(line: Answered) -> str:
    """As `JSONRenderer` writes it; id and method are known to need no quoting."""
    request_id, method, route, status, duration_s, at = line
    seconds, rest = divmod(at, 1_000_000_000)
    return (
        f'{{"request_id": "{request_id}", "method": "{method}", "route": {_quoted(route)}, '
        f'"status": {status}, "duration_ms": {round(duration_s * 1000, 2)}, "event": "request", "level": "info", '
        f'"timestamp": "{_second(seconds)}.{rest // 1000:06d}Z"}}\n'
    )


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return json.dumps(text)


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


requests = RequestLines()
atexit.register(requests.write)
configure("warning", "text")  # until a server says otherwise: who imports us as a library wants to hear of trouble only
