"""Large answers are read in pieces, and mean what they would mean in one."""

import json
from typing import Any

import msgspec
import pytest

from model_lineup.upstream import parsing
from model_lineup.upstream.contract import MalformedError

MANY = [{"id": f"m{n}", "text": 'é 🦙 \\ " \n' * 4, "more": [1, 2.5, None, True]} for n in range(2_000)]
VALUES: tuple[Any, ...] = (
    {"object": "list", "data": MANY, "has_more": False},
    {"data": {"models": MANY}, "models": MANY[:3]},
    MANY,
    [MANY],
    "x" * 100_000,
)


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_the_same_as_in_one_piece(number: int) -> None:
    for body in (json.dumps(VALUES[number]).encode(), b" \n" + json.dumps(VALUES[number], indent=1).encode() + b"\n"):
        assert len(body) > 64 * 1024
        assert parsing.json_of(body) == msgspec.json.decode(body)


def test_the_last_of_two_equal_keys_counts_as_it_does_in_a_small_answer() -> None:
    body = b'{"data": [], "data": ' + json.dumps(MANY).encode() + b"}"
    assert parsing.json_of(body) == {"data": MANY}


@pytest.mark.parametrize("broken", ["NaN", '"\\ud800"', "{]", '"\x01"', '"\udcff"', "[" * 100_000])
def test_what_is_broken_anywhere_is_refused(broken: str) -> None:
    whole = json.dumps({"data": [*MANY, "HERE", *MANY]}).encode()
    body = whole.replace(b'"HERE"', broken.encode("utf-8", "surrogateescape"))
    for malformed in (body, whole[:-1], whole + b"]", whole[: len(whole) // 2]):
        with pytest.raises(MalformedError):
            parsing.json_of(malformed)
