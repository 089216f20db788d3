"""When a provider's list is read without being asked, and what of that is applied without being looked at. Pure.

Nothing of either happens unless an administrator says so. Whatever is applied alone only adds hidden rows, takes over
facts or marks what is gone: no list ever removes a model.
"""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from model_lineup.catalog.plan_outcomes import DOABLE, Doable
from model_lineup.errors import InvalidInput

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 30 * 24 * 60
LONGEST_BACK_OFF = timedelta(days=1)
_JITTER = 0.1


class FetchSchedule(msgspec.Struct, frozen=True):
    """`apply`: outcomes that are applied alone; everything else waits in a plan."""

    every_minutes: int
    apply: tuple[Doable, ...] = ()


def check(every_minutes: int, apply: Sequence[str]) -> None:
    """Raises InvalidInput."""
    if not SHORTEST_MINUTES <= every_minutes <= LONGEST_MINUTES:
        where = "/fetch_schedule/every_minutes"
        raise InvalidInput.at(where, f"between {SHORTEST_MINUTES} and {LONGEST_MINUTES} minutes (30 days)")
    if unknown := [one for one in apply if one not in DOABLE]:
        raise InvalidInput.at("/fetch_schedule/apply", f"{unknown[0]!r} is none of {', '.join(DOABLE)}")


def next_after(schedule: FetchSchedule, failures: int, chance: float) -> timedelta:
    """From the end of a fetch to the next one. `chance`: 0 to 1; it moves the time by up to a tenth both ways, so that
    many providers do not stay in step. After failures in a row the time doubles, up to a day or the interval itself.
    """
    interval = timedelta(minutes=schedule.every_minutes)
    waited = min(interval * (1 << min(failures, 12)), max(interval, LONGEST_BACK_OFF))
    return waited * (1 + _JITTER * (2 * chance - 1))
