"""Facts with their origin: whose word counts."""

import itertools
from datetime import UTC, datetime
from typing import Any

from model_lineup.catalog.facts import FIELDS, PRECEDENCE, StatedFact, effective, pinned
from model_lineup.catalog.shapes import Model

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 2, tzinfo=UTC)


def said(source: str, value: Any, field: str = "context_length") -> StatedFact:
    return StatedFact(field, source, value, NOW)


def test_the_stronger_source_counts_whatever_the_order() -> None:
    words = [said(source, number) for number, source in enumerate(PRECEDENCE[:-1])]
    for weakest in range(1, len(words) + 1):
        for order in itertools.permutations(words[-weakest:]):
            fact = effective("m", order, NOW)["context_length"]
            assert fact.source == words[-weakest].source
            assert fact.value == words[-weakest].value


def test_what_nobody_said_is_unknown_and_absent() -> None:
    known = effective("m", [], NOW)
    assert {field: (fact.value, fact.source) for field, fact in known.items()} == {
        "display_name": ("m", "default"),
        "task": ("unknown", "default"),
        "supports_streaming": (True, "default"),
    }
    assert set(known) < set(FIELDS)


def test_only_what_may_be_a_chat_is_taken_to_stream() -> None:
    for task, streams in (("chat", True), ("unknown", True), ("embedding", False), ("other", False)):
        assert ("supports_streaming" in effective("m", [said("provider", task, "task")], NOW)) is streams
    told = [said("provider", "embedding", "task"), said("pin", True, "supports_streaming")]
    assert effective("m", told, NOW)["supports_streaming"].source == "pin"


def test_a_false_is_a_word_and_not_a_gap() -> None:
    told = [said("provider", True, "supports_tools"), said("pin", False, "supports_tools")]
    assert effective("m", told, NOW)["supports_tools"].value is False


def test_a_pin_is_set_kept_with_its_date_and_taken_away() -> None:
    provider = said("provider", 5)
    once = pinned([provider], {"context_length": 7}, NOW)
    assert once == [provider, StatedFact("context_length", "pin", 7, NOW)]
    assert pinned(once, {"context_length": 7}, LATER) == once
    assert pinned(once, {"context_length": 8}, LATER) == [provider, StatedFact("context_length", "pin", 8, LATER)]
    assert pinned(once, {"context_length": None}, LATER) == [provider]
    assert pinned([provider], {"context_length": None}, LATER) == [provider]


def test_one_and_true_are_not_the_same_pin() -> None:
    once = pinned([], {"supports_tools": 1}, NOW)
    assert pinned(once, {"supports_tools": True}, LATER)[0].value is True


def test_every_field_is_one_of_the_model() -> None:
    assert set(FIELDS) <= set(Model.__struct_fields__)
