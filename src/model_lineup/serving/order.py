"""What the supervisor tells a worker at its start, in one line, and what the worker answers."""

from typing import Any

import msgspec

READY = b"ready\n"
HARD_STOP_S = 3.0
"""After the time that running requests get, whatever still holds on is cut off."""
REFUSED = 78
"""The exit code of a worker that must not start like this (`EX_CONFIG`)."""


class Order(msgspec.Struct, frozen=True):
    """`settings` with their secrets in the open: it goes through a pipe, never into arguments or the environment.

    `listener` is the number of an inherited descriptor, `worker` counts from 0.
    """

    settings: dict[str, Any]
    listener: int
    worker: int
    metrics_folder: str
