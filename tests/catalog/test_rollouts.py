"""Who is moved by a share: the same everywhere and for ever, more of them when it grows, and as many as it says."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.catalog.rollouts import PLACES, Rollout, is_share, of_caller, place

SHARES = st.integers(1, PLACES).map(lambda places: places / 100)
WHO = st.text(min_size=1, max_size=40)


def test_places_never_change() -> None:
    """Whoever changes these moves keys of running rollouts from one model to the other."""
    assert [place("fast", f"key {number}") for number in (1, 2, 3, 10_000)] == [9884, 1761, 1021, 6422]
    assert place("fast", "person 1") != place("fast", "key 1")


def test_another_process_says_the_same() -> None:
    said = "from model_lineup.catalog.rollouts import place; print([place('é', f'key {n}') for n in range(50)])"
    other = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60)
    assert other.stdout.strip() == str([place("é", f"key {number}") for number in range(50)])


@given(alias=WHO, who=WHO, first=SHARES, second=SHARES)
def test_a_larger_share_never_moves_anybody_back(alias: str, who: str, first: float, second: float) -> None:
    small, large = sorted((first, second))
    assert Rollout(1, small).moves(alias, who) <= Rollout(1, large).moves(alias, who)
    assert Rollout(1, 100).moves(alias, who)


@given(alias=WHO, share=SHARES)
def test_as_many_keys_move_as_the_share_says(alias: str, share: float) -> None:
    """Within six deviations of what chance would give: one in a thousand million would fall out."""
    keys, part = 4_000, share / 100
    moved = sum(Rollout(1, share).moves(alias, of_caller(number, None)) for number in range(1, keys + 1))
    assert abs(moved - keys * part) <= 6 * math.sqrt(keys * part * (1 - part)) + 6


def test_another_alias_moves_other_keys_first() -> None:
    def first(alias: str) -> set[int]:
        return {number for number in range(1, 1_001) if Rollout(1, 10).moves(alias, of_caller(number, None))}

    assert len(first("fast") & first("cheap")) < 40


@pytest.mark.parametrize(("percent", "may_be"), [(0, False), (0.01, True), (0.005, False), (33.33, True)])
def test_a_share_has_steps_of_a_hundredth(percent: float, may_be: bool) -> None:
    assert is_share(percent) is may_be
    assert not is_share(100.01)
    assert is_share(100)


def test_whose_place_it_is() -> None:
    assert [of_caller(7, 3), of_caller(0, 3), of_caller(0, None)] == ["key 7", "person 3", "command line"]
