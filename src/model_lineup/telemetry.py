"""Structured logs and metrics. Fields are an allow-list: what is not named here is not logged.

No header, no body, no query and no credential is ever a field; a message is a constant text.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
    }
)


class Metrics:
    """What `/metrics` shows. Labels are few and bounded: routes by template, never paths."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("lineup_http_requests", "Requests answered.", names, registry=self.registry)
        self.duration = Histogram(
            "lineup_http_request_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            registry=self.registry,
        )
        self.revision = Gauge("lineup_revision", "Number of the newest configuration.", registry=self.registry)

    def exposition(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)


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
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def only_known_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in FIELDS}


def log() -> Any:
    """The logger: `log().info("request", method=…, route=…)`."""
    return structlog.get_logger()


configure("warning", "text")  # until a server says otherwise: who imports us as a library wants to hear of trouble only
