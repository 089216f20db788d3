"""Which entries of a provider's list are looked at: exact ids and globs, to include and to ignore. Pure.

A rule is an id, or a glob when it holds `*`, `?` or `[`: `*` is any text, also none and also `/`, `?` one character,
`[ab]` one of these, `[!ab]` one that is none of them; `[*]` is a star itself. Both are compared byte for byte, case
too. With `include` only entries that one of them meets are looked at; `ignore` is stronger.
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache
from typing import Literal

import msgspec

from model_lineup.errors import InvalidInput

MOST = 100
LONGEST = 200
SHOWN = 20
_GLOB = re.compile(r"[*?\[]")


class FetchRules(msgspec.Struct, frozen=True):
    """Ids and globs. No `include`: everything; nothing is ever removed by a rule, only left alone."""

    include: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


EVERYTHING = FetchRules()


class RuleHits(msgspec.Struct, frozen=True):
    """What one rule meets of the ids that are known: how many, and the first of them."""

    rule: str
    kind: Literal["include", "ignore"]
    hits: int
    examples: list[str]


class RulesChecked(msgspec.Struct, frozen=True):
    """Of the `known` ids, those of the provider's models and of its newest plan: how many a fetch would look at, and
    how many it would leave alone."""

    known: int
    looked_at: int
    ignored: int
    rules: list[RuleHits]


def check(rules: FetchRules) -> None:
    """Raises InvalidInput for too many, too long, empty or doubled ones."""
    for field in ("include", "ignore"):
        said = getattr(rules, field)
        if len(said) > MOST:
            raise InvalidInput.at(f"/fetch_rules/{field}", f"at most {MOST} rules")
        for index, rule in enumerate(said):
            if not 0 < len(rule) <= LONGEST or not rule.isprintable():
                where = f"/fetch_rules/{field}/{index}"
                raise InvalidInput.at(where, f"1 to {LONGEST} printable characters: an id, or a glob such as gpt-*")
        if len(set(said)) < len(said):
            raise InvalidInput.at(f"/fetch_rules/{field}", "each rule once")


def why_ignored(rules: FetchRules) -> Callable[[str], str | None]:
    """A function that says of an id which rule leaves it alone; None: it is looked at."""
    if rules == EVERYTHING:
        return lambda _: None
    ignore, include = _Rules(rules.ignore), _Rules(rules.include)

    def reason(model_id: str) -> str | None:
        met = ignore.first(model_id)
        if met is not None:
            return f"ignored by the rule {met!r}"
        if rules.include and include.first(model_id) is None:
            return "no include rule meets it"
        return None

    return reason


def checked(rules: FetchRules, known: Iterable[str]) -> RulesChecked:
    """What these rules would meet. Raises InvalidInput."""
    check(rules)
    ids, why = sorted(set(known)), why_ignored(rules)
    hits = [_hits(rule, "include", ids) for rule in rules.include] + [
        _hits(rule, "ignore", ids) for rule in rules.ignore
    ]
    ignored = sum(why(one) is not None for one in ids)
    return RulesChecked(len(ids), len(ids) - ignored, ignored, hits)


def _hits(rule: str, kind: Literal["include", "ignore"], ids: list[str]) -> RuleHits:
    found = [one for one in ids if _meets(rule, one)]
    return RuleHits(rule, kind, len(found), found[:SHOWN])


def _meets(rule: str, model_id: str) -> bool:
    return _compiled(rule).match(model_id) is not None if _GLOB.search(rule) else rule == model_id


class _Rules:
    """Exact ids are looked up; globs are tried in their order."""

    def __init__(self, rules: Iterable[str]) -> None:
        said = list(rules)
        self._exact = {rule for rule in said if not _GLOB.search(rule)}
        self._globs = [(rule, _compiled(rule)) for rule in said if _GLOB.search(rule)]

    def first(self, model_id: str) -> str | None:
        if model_id in self._exact:
            return model_id
        return next((rule for rule, glob in self._globs if glob.match(model_id)), None)


@lru_cache(maxsize=1_000)
def _compiled(rule: str) -> re.Pattern[str]:
    """Python's own translation of a glob, whose stars never try twice (no pattern takes more than linear time)."""
    return re.compile(translate(rule))
