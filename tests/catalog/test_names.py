"""The pure rules of naming and of resolution."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_lineup.catalog import names
from model_lineup.errors import InvalidInput


class Index:
    """A `NameIndex` over a few rows: row → (slug, model_id, available), and alias → row."""

    def __init__(self, rows: dict[int, tuple[str, str, bool]], aliases: dict[str, int]) -> None:
        self.rows, self.aliases = rows, aliases

    def alias(self, name: str) -> int | None:
        return self.aliases.get(name)

    def alias_without_case(self, folded: str) -> int | None:
        return {names.fold(alias): row for alias, row in self.aliases.items()}.get(folded)

    def at_provider(self, slug: str, model_id: str) -> int | None:
        return next((row for row, (s, m, _) in self.rows.items() if (s, m) == (slug, model_id)), None)

    def with_id(self, model_id: str) -> list[int]:
        return [row for row, (_, m, _) in self.rows.items() if m == model_id]

    def available(self, row: int) -> bool:
        return row in self.rows and self.rows[row][2]


def rule(index: Index, name: str) -> tuple[str, int, bool] | None:
    hit = names.resolve(index, name)
    return None if hit is None else (hit.rule, hit.row, hit.available)


def test_an_exact_alias_wins_over_slug_and_id_over_a_model_id_over_an_alias_without_case() -> None:
    rows = {1: ("box", "m", True), 2: ("other", "box/m", True), 3: ("other", "target", True)}
    assert rule(Index(rows, {"box/m": 3, "BOX/M": 3}), "box/m") == ("alias", 3, True)
    assert rule(Index(rows, {"BOX/M": 3}), "box/m") == ("provider/model_id", 1, True)
    assert rule(Index({2: rows[2], 3: rows[3]}, {"BOX/M": 3}), "box/m") == ("model_id", 2, True)
    assert rule(Index({3: rows[3]}, {"BOX/M": 3}), "box/m") == ("alias_without_case", 3, True)
    assert rule(Index({3: rows[3]}, {}), "box/m") is None


def test_an_unavailable_hit_is_final() -> None:
    rows = {1: ("a", "m", False), 2: ("b", "a/m", True), 3: ("b", "x", True)}
    assert rule(Index(rows, {}), "a/m") == ("provider/model_id", 1, False)
    assert rule(Index({1: rows[1], 3: rows[3]}, {"M": 3}), "m") == ("model_id", 1, False)
    assert rule(Index(rows, {"x": 1}), "x") == ("alias", 1, False)


def test_of_several_bearers_of_an_id_the_first_available_answers() -> None:
    rows = {1: ("a", "m", False), 2: ("b", "m", True), 3: ("c", "m", True)}
    assert rule(Index(rows, {}), "m") == ("model_id", 2, True)
    hidden = {row: (slug, model_id, False) for row, (slug, model_id, _) in rows.items()}
    assert rule(Index(hidden, {}), "m") == ("model_id", 1, False)


def test_nothing_is_guessed() -> None:
    index = Index({1: ("box", "gpt-4", True)}, {"Fast": 1})
    for name in (
        "GPT-4",
        "gpt-4 ",
        " gpt-4",
        "gpt",
        "gpt-4-turbo",
        "Box/gpt-4",
        "box/GPT-4",
        "box/",
        "/gpt-4",
        "",
        "fas",
    ):
        assert names.resolve(index, name) is None, name
    assert rule(index, "fAST") == ("alias_without_case", 1, True)


def test_only_the_first_slash_parts_slug_and_id() -> None:
    index = Index({1: ("box", "meta/llama/3", True)}, {})
    assert rule(index, "box/meta/llama/3") == ("provider/model_id", 1, True)
    assert rule(index, "meta/llama/3") == ("model_id", 1, True)


def test_the_explanation_stops_where_the_resolution_does() -> None:
    index = Index({1: ("box", "m", False)}, {})
    steps = names.explain(index, "m")
    assert [(step.rule, step.row, step.available) for step in steps] == [
        ("alias", None, False),
        ("provider/model_id", None, False),
        ("model_id", 1, False),
    ]
    assert [step.rule for step in names.explain(index, "unknown")] == [name for name, _ in names.RULES]


@given(st.text())
def test_folding_touches_ascii_letters_alone(text: str) -> None:
    table = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
    assert names.fold(text) == text.translate(table)


def test_folding_takes_lone_surrogates_too() -> None:
    assert names.fold("A\ud800B") == "a\ud800b"


def test_the_characters_of_an_alias() -> None:
    for good in ("a", "0", "A.b_c:d/e@f-g", "gpt-4o", "x" * 128, "9/9"):
        names.check_alias(good, "/alias")
    for bad in ("", "-a", ".a", "/a", "a b", "é", "a+b", "a%b", "x" * 129, "a\n", "\na", "a\x00", "\ud800", "ａ"):
        with pytest.raises(InvalidInput, match="/alias"):
            names.check_alias(bad, "/alias")


def test_a_slug_is_made_for_any_number_of_providers_of_one_name() -> None:
    taken: set[str] = set()
    for _ in range(1_100):
        slug = names.slug_of("a" * 60, taken.__contains__)
        assert names.SLUG.fullmatch(slug)
        taken.add(slug)
    assert len(taken) == 1_100


@given(st.text(max_size=80))
def test_every_name_gives_a_slug(name: str) -> None:
    assert names.SLUG.fullmatch(names.slug_of(name, lambda _: False))


def moves(before: Index, after: Index, *asked: str) -> list[tuple[str, int, int | None]]:
    return [(move.name, move.before, move.after) for move in names.moves(before, after, asked)]


def test_a_name_moves_when_another_model_would_answer_it() -> None:
    before = Index({1: ("a", "m", True), 2: ("b", "m", True)}, {})
    assert moves(before, Index({2: ("b", "m", True)}, {}), "m") == [("m", 1, 2)]
    assert moves(before, before, "m", "unknown") == []


def test_a_name_moves_when_a_hidden_model_takes_it_from_one_that_stays() -> None:
    before = Index({1: ("a", "x", True)}, {"M": 1})
    after = Index({1: ("a", "x", True), 2: ("b", "m", False)}, {"M": 1})
    assert moves(before, after, "m") == [("m", 1, 2)]


def test_a_name_that_goes_dark_with_its_own_model_does_not_move() -> None:
    before = Index({1: ("a", "m", True), 2: ("b", "m", False)}, {})
    assert moves(before, Index({1: ("a", "m", False), 2: ("b", "m", False)}, {}), "m") == []
    assert moves(before, Index({2: ("b", "m", False)}, {}), "m") == []


def test_a_name_that_is_freed_does_not_move() -> None:
    before = Index({1: ("a", "m", True)}, {"fast": 1})
    assert moves(before, Index({1: ("a", "m", True)}, {}), "fast") == []


def test_a_name_that_nobody_answered_may_come_to_mean_anything() -> None:
    before = Index({1: ("a", "m", False)}, {})
    assert moves(before, Index({1: ("a", "m", False), 2: ("b", "m", True)}, {}), "m", "b/m") == []
