"""How long a provider asks to be left alone. Pure.

`Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). It is clamped, so that nobody waits for a year
because of a broken header; what is neither number nor date says nothing.
"""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,9})?")
_DIGITS = re.compile(r"[0-9]+")


def seconds_to_wait(value: str | None, date: str | None, now: datetime) -> float | None:
    """0 to 3 600 seconds, `None` for no header or one that says nothing.

    `date`: the same answer's `Date`, which a date is compared with, so that clocks that differ do no harm; `now` stands
    in where there is none.
    """
    text = (value or "").strip()
    if _NUMBER.fullmatch(text):
        return _clamped(float(text))
    if _DIGITS.fullmatch(text):
        return LONGEST_S
    until = _moment(text)
    return None if until is None else _clamped((until - (_moment(date or "") or now)).total_seconds())


def _clamped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_S) if math.isfinite(seconds) else LONGEST_S


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
