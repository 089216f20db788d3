"""A model's end: what an administrator or a provider's list says of it, as one notice. Pure.

An administrator says `message`, `deprecated_at`, `sunset_at`, `successor_id`; lists say `deprecated_at`, `retires_at`,
`replacement` (an id at the same provider) in whatever form their providers like. What cannot be read counts as not
said. `state: retired` is added when the end has come.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

RETIRED = "retired"
_LATEST = 253_402_300_799
"""The last second of the year 9999."""


class Notice(msgspec.Struct, frozen=True, gc=False):
    """Moments in seconds since 1970. `successor`: a model's row; `replacement`: an id at the same provider.

    `retired`: its end has come.
    """

    deprecated_at: int | None = None
    sunset_at: int | None = None
    message: str | None = None
    successor: int | None = None
    replacement: str | None = None
    retired: bool = False


def notice_of(lifecycle: Mapping[str, Any], at: datetime) -> Notice | None:
    """None where nothing is said. `at`: since when this is said, which counts as its deprecation by default."""
    sunset = _moment(lifecycle.get("sunset_at"))
    if sunset is None:
        sunset = _moment(lifecycle.get("retires_at"))
    deprecated = _moment(lifecycle.get("deprecated_at"))
    message, replacement = lifecycle.get("message"), lifecycle.get("replacement")
    successor = lifecycle.get("successor_id")
    retired = lifecycle.get("state") == RETIRED
    said = (deprecated, sunset, message, replacement, successor)
    if not retired and lifecycle.get("state") != "deprecated" and all(one is None for one in said):
        return None
    first_said = int(at.timestamp())
    return Notice(
        deprecated_at=min(first_said, sunset or first_said) if deprecated is None else deprecated,
        sunset_at=sunset,
        message=message if isinstance(message, str) else None,
        successor=successor if type(successor) is int else None,
        replacement=replacement if isinstance(replacement, str) else None,
        retired=retired,
    )


def _moment(said: Any) -> int | None:
    """A date, a date with time, or seconds since 1970. A date alone is its first moment in UTC."""
    if type(said) is int:
        return said if 0 < said <= _LATEST else None
    if not isinstance(said, str):
        return None
    try:
        if len(said) == 10:
            moment = datetime.combine(date.fromisoformat(said), time(), UTC)
        else:
            moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp())
