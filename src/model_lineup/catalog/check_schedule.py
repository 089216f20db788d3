"""When the models of a provider are tested without anybody asking, and what that may cost. Pure.

Off unless an administrator says so: nothing is generated in the background otherwise.
"""

import msgspec

from model_lineup.catalog.fetch_schedule import LONGEST_MINUTES, SHORTEST_MINUTES
from model_lineup.errors import InvalidInput

MOST_TOKENS = 1_000_000_000
LONGEST_DAYS = 365


class CheckSchedule(msgspec.Struct, frozen=True):
    """`tokens_per_day`: no test begins by itself once the tests of this provider have used that many in a day of UTC,
    whoever asked for them. `capabilities_every_days`: capabilities are tested too, that often and when what is known is
    stale; not at all without it."""

    every_minutes: int
    tokens_per_day: int
    capabilities_every_days: int | None = None


def check(schedule: CheckSchedule) -> None:
    """Raises InvalidInput."""
    if not SHORTEST_MINUTES <= schedule.every_minutes <= LONGEST_MINUTES:
        where = "/check_schedule/every_minutes"
        raise InvalidInput.at(where, f"between {SHORTEST_MINUTES} and {LONGEST_MINUTES} minutes (30 days)")
    if not 1 <= schedule.tokens_per_day <= MOST_TOKENS:
        raise InvalidInput.at("/check_schedule/tokens_per_day", f"between 1 and {MOST_TOKENS} tokens")
    days = schedule.capabilities_every_days
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput.at("/check_schedule/capabilities_every_days", f"between 1 and {LONGEST_DAYS} days")
