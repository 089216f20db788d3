"""How often a long loop turns: a few times in `make test`, as often as it takes to be sure in `make hard`."""

import os

HARD = os.environ.get("LINEUP_HARD") == "1"


def count(small: int, full: int) -> int:
    """`small` for every day and CI, `full` for `make hard`. Tests that use it are marked `hard`."""
    return full if HARD else small
