"""How values are written for people: numbers, moments, sizes, durations. All of it is text."""

import json
import shlex
from collections.abc import Callable
from datetime import datetime
from typing import Any

DASH = "–"
NARROW = "\u202f"
"""A narrow space that does not break."""
BRIEF = 60
TIMEOUTS = {
    "connect_s": "To connect",
    "first_byte_s": "To the first byte",
    "idle_s": "Silence in a stream",
    "stream_total_s": "A whole stream",
    "plain_total_s": "A whole plain answer",
    "test_s": "A test, or a list",
}
_STEPS = ((60, "s"), (3_600, "min"), (86_400, "h"), (30 * 86_400, "d"), (365 * 86_400, "mo"))


def number(value: float | None) -> str:
    """1234567 as 1 234 567 with narrow spaces; a dash for none."""
    if value is None:
        return DASH
    written = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return written.replace(",", NARROW)


def tokens(value: int | None) -> str:
    """A count of tokens, short: 8192 and 8000 as 8K, 1M; exact below a thousand."""
    if value is None:
        return DASH
    thousand = 1_024 if value % 1_024 == 0 else 1_000
    for size, letter in ((thousand * thousand, "M"), (thousand, "K")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return str(value)


def milliseconds(value: float | None) -> str:
    """From a second on in seconds; with a digit after the point below ten."""
    if value is None:
        return DASH
    if value >= 1_000:
        return f"{value / 1_000:.2f}{NARROW}s"
    return f"{value:.{0 if value >= 10 else 1}f}{NARROW}ms"


def rate(value: float | None) -> str:
    """A pace (tokens per second), with three digits."""
    if value is None:
        return DASH
    return number(round(value)) if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def age(value: datetime | None, now: datetime) -> str:
    """How long ago, in one unit; `never` without a moment."""
    if value is None:
        return "never"
    seconds = (now - value).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    size, unit = 1, "s"
    for limit, name in _STEPS:
        unit = name
        if abs(seconds) < limit:
            break
        size = limit
    else:
        unit = "y"
    count = int(abs(seconds) // size)
    return f"{count}{NARROW}{unit} ago" if seconds >= 0 else f"in {count}{NARROW}{unit}"


def ago(written: str, now: datetime) -> str:
    """`age` of a moment that is written as JSON has it."""
    return age(datetime.fromisoformat(written), now)


def brief(value: Any) -> str:
    """Any JSON value in a line of text, cut where it is long."""
    text = "unknown" if value is None else str(value)
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"


def timeout(name: str) -> str:
    """The name of a provider's time limit for people."""
    return TIMEOUTS.get(name, name)


def limits(of_key: Any) -> str:
    """The limits of a key in a line; `none` without any."""
    said = [
        (of_key.requests_per_minute, "requests/min"),
        (of_key.tokens_per_minute, "tokens/min"),
        (of_key.tokens_per_month, "tokens/month"),
    ]
    told = [f"{tokens(value)}{NARROW}{unit}" for value, unit in said if value is not None]
    money = [] if of_key.cost_per_month is None else [f"${of_key.cost_per_month:g}/month"]
    return ", ".join(told + money) or "none"


def compact(value: Any) -> str:
    """As JSON, which is also how Python and TypeScript write texts."""
    return json.dumps(value, ensure_ascii=False)


def shell(text: str) -> str:
    """Quoted for a shell where it has to be."""
    return shlex.quote(text)


def moment(value: datetime | None) -> str:
    """To the second, in UTC."""
    return DASH if value is None else value.strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(value: datetime | None) -> str:
    """For `datetime=` of a time element."""
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, one: str, many: str = "") -> str:
    """`3 models`, `1 model`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (
        *(number, tokens, milliseconds, rate, age, ago, moment, iso),
        *(plural, brief, timeout, limits, compact, shell),
    )
}
