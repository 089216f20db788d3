"""How often a long loop turns: a few times in `make test`, as often as it takes to be sure in `make hard`."""

import os
from typing import TypeVar

HARD = os.environ.get("LINEUP_HARD") == "1"
SEED = int(os.environ.get("TESTS_SEED", "20261123"))
"""Where chance begins: the same every day, another one in each `make hard`, which keeps it."""


T = TypeVar("T")


def count(small: T, full: T) -> T:
    """`small` for every day and CI, `full` for `make hard`. Tests that use it are marked `hard`."""
    return full if HARD else small


def patient(promised_s: float) -> float:
    """How long what is promised in `promised_s` may take on a machine that has much else to do."""
    return 6 * promised_s
