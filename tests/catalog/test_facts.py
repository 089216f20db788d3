"""Facts with their origin: whose word counts."""

import itertools
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from model_lineup.catalog.facts import FIELDS, FURTHER, PRECEDENCE, StatedFact, by_field, effective, pinned, restated
from model_lineup.catalog.shapes import Fact, Model
from tests.fakes.counts import count

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


VALUES = st.one_of(st.none(), st.booleans(), st.integers(1, 10**6), st.text(max_size=5), st.lists(st.text(max_size=3)))
WORDS = st.dictionaries(st.tuples(st.sampled_from([*FIELDS, *FURTHER]), st.sampled_from(PRECEDENCE[:-1])), VALUES)


def stated(words: dict[tuple[str, str], Any]) -> list[StatedFact]:
    return [StatedFact(field, source, value, NOW) for (field, source), value in words.items()]


def unmarked(fact: Fact) -> Fact:
    """Without what contradicts it; that has its own tests."""
    return msgspec.structs.replace(fact, contradicted_by=UNSET)


@pytest.mark.hard
@given(WORDS, st.randoms())
@settings(max_examples=count(60, 2_000), deadline=None)
def test_for_every_subset_of_sources_the_strongest_that_says_anything_counts(
    words: dict[tuple[str, str], Any], order: Any
) -> None:
    told = stated(words)
    order.shuffle(told)
    known = effective("m", told, NOW)
    for field in (*FIELDS, *FURTHER):
        said = [source for source in PRECEDENCE[:-1] if words.get((field, source)) is not None]
        if said:
            assert unmarked(known[field]) == Fact(words[field, said[0]], said[0], NOW)
        else:
            assert field not in known or known[field].source == "default"


@pytest.mark.hard
@given(WORDS, st.sampled_from([*FIELDS, *FURTHER]), st.sampled_from(PRECEDENCE[:-1]), VALUES)
@settings(max_examples=count(60, 2_000), deadline=None)
def test_a_further_word_changes_its_own_field_at_most_and_hides_nothing_stronger(
    words: dict[tuple[str, str], Any], field: str, source: str, value: Any
) -> None:
    before = effective("m", stated(words), NOW)
    after = effective("m", stated({**words, (field, source): value}), NOW)
    streams = {"task": {"supports_streaming"}}.get(field, set())  # what is no chat is not taken to stream
    assert {one for one in {**before, **after} if before.get(one) != after.get(one)} <= {field, *streams}
    old, new = before.get(field), after.get(field)
    if old is not None and PRECEDENCE.index(old.source) < PRECEDENCE.index(source):
        assert new is not None
        assert unmarked(new) == unmarked(old)
    if value is None:
        stronger = {one: said for one, said in words.items() if one != (field, source)}
        assert new == effective("m", stated(stronger), NOW).get(field)


@pytest.mark.hard
@given(WORDS)
@settings(max_examples=count(60, 2_000), deadline=None)
def test_unknown_is_absent_and_never_false(words: dict[tuple[str, str], Any]) -> None:
    known = effective("m", stated(words), NOW)
    assert None not in [fact.value for fact in known.values()]
    for field, fact in known.items():
        assert fact.value is not False or False in [
            value for (one, _), value in words.items() if one == field and value is False
        ]


@pytest.mark.hard
@given(WORDS)
@settings(max_examples=count(60, 2_000), deadline=None)
def test_of_all_that_is_said_the_first_is_what_counts(words: dict[tuple[str, str], Any]) -> None:
    known, said = effective("m", stated(words), NOW), by_field(stated(words))
    assert {field: facts[0] for field, facts in said.items()} == {
        field: unmarked(fact) for field, fact in known.items() if fact.source != "default"
    }
    assert sum(map(len, said.values())) == sum(value is not None for value in words.values())


def test_a_probe_takes_its_word_back_and_leaves_the_others() -> None:
    once = restated([said("provider", 5)], "probe", {"context_length": 7, "supports_stop": True}, NOW, by="run 3")
    assert effective("m", once, NOW)["context_length"] == Fact(7, "probe", NOW, "run 3")
    assert restated(once, "probe", {"context_length": 7}, LATER, by="run 3") == once
    back = restated(once, "probe", {"context_length": None}, LATER)
    assert effective("m", back, NOW)["context_length"].source == "provider"
    assert effective("m", back, NOW)["supports_stop"].source == "probe"


@pytest.mark.parametrize(
    ("words", "against"),
    [
        ({"pin": True, "probe": False}, ["probe"]),
        ({"pin": True, "probe": True}, UNSET),
        ({"probe": False, "provider": True}, ["provider"]),
        ({"probe": False, "provider": True, "catalogue": True}, ["provider", "catalogue"]),
        ({"pin": True, "probe": False, "provider": False}, ["probe", "provider"]),
        ({"pin": True, "provider": False}, UNSET),  # nobody has looked
        ({"probe": False, "guess": True}, UNSET),  # a guess claims nothing
    ],
)
def test_a_proof_and_a_claim_that_differ_are_marked_in_the_fact(words: dict[str, bool], against: Any) -> None:
    told = [StatedFact("supports_tools", source, value, NOW) for source, value in words.items()]
    assert effective("m", told, NOW)["supports_tools"].contradicted_by == against
