"""Rules say which entries of a list are looked at, byte for byte, and what they would meet."""

import asyncio
import time

import pytest
from msgspec import UNSET

from model_lineup.catalog.fetch_rules import FetchRules, check, checked, why_ignored
from model_lineup.errors import InvalidInput
from tests.fakes.desk import BY, Desk, ScriptedProvider

IDS = ["gpt-4o", "gpt-4o-mini", "GPT-4o", "o/gpt-4o", "tts-1", "a[b]", "ab", "*"]


@pytest.mark.parametrize(
    ("rules", "looked_at"),
    [
        (FetchRules(), IDS),
        (FetchRules(ignore=("gpt-4o",)), ["gpt-4o-mini", "GPT-4o", "o/gpt-4o", "tts-1", "a[b]", "ab", "*"]),
        (FetchRules(include=("gpt-*",)), ["gpt-4o", "gpt-4o-mini"]),
        (FetchRules(include=("*gpt-4o",)), ["gpt-4o", "o/gpt-4o"]),
        (FetchRules(include=("gpt-*", "tts-1"), ignore=("*-mini",)), ["gpt-4o", "tts-1"]),
        (FetchRules(include=("[gG][!P]?-4o",)), ["gpt-4o"]),
        (FetchRules(include=("[gG][!x]*-4o",)), ["gpt-4o", "GPT-4o"]),
        (FetchRules(include=("a[b]",)), ["ab"]),
        (FetchRules(include=("a[[]b]",)), ["a[b]"]),
        (FetchRules(include=("[*]",)), ["*"]),
        (FetchRules(include=("tts-?", "")), ["tts-1"]),
    ],
    ids=str,
)
def test_a_rule_is_an_id_or_a_glob_compared_byte_for_byte(rules: FetchRules, looked_at: list[str]) -> None:
    why = why_ignored(rules)
    assert [one for one in IDS if why(one) is None] == looked_at


def test_the_reason_names_the_rule() -> None:
    why = why_ignored(FetchRules(include=("gpt-*",), ignore=("*-mini", "gpt-5")))
    assert [why(one) for one in ("gpt-4-mini", "gpt-5", "tts")] == [
        "ignored by the rule '*-mini'",
        "ignored by the rule 'gpt-5'",
        "no include rule meets it",
    ]


def test_a_glob_of_many_stars_takes_no_time() -> None:
    why, started = why_ignored(FetchRules(ignore=("*a" * 90 + "b",))), time.process_time()
    assert why("a" * 500) is None
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "include", [("",), ("a\n",), ("x" * 201,), ("a", "a"), tuple(map(str, range(101)))], ids=range(5)
)
def test_rules_that_are_none_are_refused(include: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="fetch_rules"):
        check(FetchRules(include))


def test_what_rules_would_meet_is_told_before_they_are_set(desk: Desk) -> None:
    provider = desk.provider("Acme")
    desk.model(provider, "mine")
    scripted = ScriptedProvider("gpt-4", "gpt-4-mini", "tts-1")
    asyncio.run(desk.plans(scripted).make(provider.id, BY))
    found = desk.plans(scripted).check_rules(provider.id, FetchRules(("gpt-*", "none"), ("*-mini",)))
    assert (found.known, found.looked_at, found.ignored) == (4, 1, 3)
    assert [(one.rule, one.kind, one.hits, one.examples) for one in found.rules] == [
        ("gpt-*", "include", 2, ["gpt-4", "gpt-4-mini"]),
        ("none", "include", 0, []),
        ("*-mini", "ignore", 1, ["gpt-4-mini"]),
    ]
    assert checked(FetchRules(), []).known == 0


def test_a_fetch_leaves_alone_what_a_rule_ignores(desk: Desk) -> None:
    provider = desk.provider("Acme", fetch_rules=FetchRules(ignore=("*-mini",)))
    kept = desk.model(provider, "old-mini")
    scripted = ScriptedProvider("gpt-4", "gpt-4-mini", ("old-mini", {"context_length": 5}))
    done = asyncio.run(desk.discovery(scripted).fetch(provider.id, BY))
    assert [one.model_id for one in done.added] == ["gpt-4"]
    assert done.ignored is not UNSET
    assert [(one.model_id, one.id) for one in done.ignored] == [("gpt-4-mini", None), ("old-mini", kept.id)]
    assert desk.rooms.models.get(kept.id) == kept
    stored = desk.rooms.providers.get(provider.id)
    assert stored.fetch_rules.ignore == ("*-mini",)
    cleared = desk.change_provider(provider.id, fetch_rules=None)[0]
    assert cleared.fetch_rules == FetchRules()
    before = desk.last_change().entries[0].before  # type: ignore[index]
    assert before == {"fetch_rules": {"include": [], "ignore": ["*-mini"]}}
