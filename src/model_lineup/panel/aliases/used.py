"""How often names were asked for in the last 30 days."""

from datetime import timedelta

from model_lineup.ledger.shapes import Wanted
from model_lineup.rooms import Rooms

DAYS = 30
MOST_NAMES = 5_000
"""That are read at once; the most used."""


def requests_by_name(there: Rooms) -> dict[str, int]:
    """Of the most used names; a name that is not among them was hardly asked for, or never."""
    report = there.usage.report(_days(there), ["name"], limit=MOST_NAMES, offset=0)
    return {group.name: group.requests for group in report.groups if isinstance(group.name, str)}


def requests_of(there: Rooms, name: str) -> int:
    return there.usage.report(_days(there, name), ["name"], limit=1, offset=0).totals.requests


def _days(there: Rooms, name: str | None = None) -> Wanted:
    today = there.clock.now().date()
    return Wanted(first=today - timedelta(days=DAYS - 1), last=today, name=name)
