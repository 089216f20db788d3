"""Structured logs. Fields are an allow-list: what is not named here is not logged.

No header, no body, no query and no credential is ever a field; a message is a constant text.
"""

import contextlib
import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog

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


configure("warning", "text")  # until a server says otherwise: who imports us as a library wants to hear of trouble only
