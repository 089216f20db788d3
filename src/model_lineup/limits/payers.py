"""Whose limits a request counts against, beside its key's own: those of the groups that the key belongs to.

All that count are booked together, or none. They are rows of one table: a key under its id, a group under its own,
negative, which no key has.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from model_lineup.limits.spending import Allowance, Denial, Grant, Left, Place, Spending


class Payer(NamedTuple):
    """A key, or a group by its name."""

    id: int
    allowed: Allowance
    group: str | None = None


def of_group(group_id: int) -> int:
    """Under which id a group pays."""
    return -group_id


def tightest(allowances: Sequence[Allowance]) -> Allowance:
    """Of each limit the least that any of them has."""
    fields = Allowance.__struct_fields__
    said = {name: [value for one in allowances if (value := getattr(one, name)) is not None] for name in fields}
    return Allowance(**{name: min(values) for name, values in said.items() if values})


def take(
    spendings: Mapping[int, Spending], payers: Sequence[Payer], tokens: int, nanodollars: int, now: int
) -> Grant | Denial:
    """Let one request in for all of these, the first of whom is the key, or change nothing. `now`: microseconds."""
    denied = [
        denial._replace(group=payer.group)
        for payer in payers
        if (denial := spendings[payer.id].denial(payer.allowed, tokens, nanodollars, now)) is not None
    ]
    if denied:
        longest = max(denied, key=lambda one: math.inf if one.wait_s is None else one.wait_s)
        left = least([spendings[payer.id].left_at(payer.allowed, now) for payer in payers])
        return longest._replace(left=left)
    return _together([spendings[one.id].take(one.id, one.allowed, tokens, nanodollars, now) for one in payers])


def take_ahead(
    spendings: Mapping[int, Spending], payers: Sequence[Payer], tokens: int, nanodollars: int, most: int, now: int
) -> Grant | None:
    """As many more requests as each of them lets in; None for none. What is asked first is that all have some."""
    number = min([spendings[one.id].fitting(one.allowed, tokens, nanodollars, most, now) for one in payers])
    if number < 1:
        return None
    return _together(
        [spendings[one.id].take_many(one.id, one.allowed, number, tokens, nanodollars, now) for one in payers]
    )


def least(of_each: Sequence[Left]) -> Left:
    """What all together leave: of each limit the one that leaves least."""
    requests = [(one.requests, one.requests_reset_s) for one in of_each if one.requests is not None]
    tokens = [(one.tokens, one.tokens_reset_s) for one in of_each if one.tokens is not None]
    return Left(*min(requests, default=(None, 0.0)), *min(tokens, default=(None, 0.0)))


def _together(granted: Sequence[Grant | Denial]) -> Grant:
    """One grant, of which the others know only where it was booked."""
    grants = [one for one in granted if isinstance(one, Grant)]
    assert len(grants) == len(granted)  # nosec B101 - each was asked before
    also = tuple(Place(*one[:3]) for one in grants[1:])
    return grants[0]._replace(left=least([one.left for one in grants]), also=also)
