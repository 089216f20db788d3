"""The pure rules of naming: which characters a name may have, and which model a name means.

`resolve` is the only order of resolution in Lineup. Everything that asks "who answers to this name?" runs it, on an
index that it is handed: the gateway's snapshot, or the few rows around a change.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from model_lineup.errors import InvalidInput

ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}")
SLUG_LENGTH = 40
SLUG = re.compile(rf"[a-z0-9-]{{1,{SLUG_LENGTH}}}")
MODEL_ID_LENGTH = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def fold(name: str) -> str:
    """Without regard to ASCII case; other letters are left alone."""
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def check_alias(alias: str, pointer: str) -> None:
    """Raises InvalidInput for a name that cannot be an alias."""
    if not ALIAS.fullmatch(alias):
        raise InvalidInput.at(
            pointer,
            "an alias starts with a letter or digit, then has letters, digits and . _ : / @ - (ASCII, 128 at most)",
        )


def check_model_id(model_id: str, pointer: str) -> None:
    """Raises InvalidInput for an id that no provider can mean: empty, too long, or with control characters."""
    if not 0 < len(model_id) <= MODEL_ID_LENGTH:
        raise InvalidInput.at(
            pointer, f"a model id has 1 to {MODEL_ID_LENGTH} characters; this one has {len(model_id)}"
        )
    if _CONTROL.search(model_id):
        raise InvalidInput.at(pointer, "a model id holds no control characters and no lone surrogates")


def slug_of(name: str, taken: Callable[[str], bool]) -> str:
    """A free slug made from a provider's name: `My GPU box` → `my-gpu-box`, then `my-gpu-box-2`."""
    base = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[: SLUG_LENGTH - 4] or "provider"
    return next(slug for slug in _numbered(base) if not taken(slug))


def _numbered(base: str) -> Iterator[str]:
    yield base
    for number in itertools.count(2):
        ending = f"-{number}"
        yield base[: SLUG_LENGTH - len(ending)] + ending


class NameIndex(Protocol):
    """Who answers to what. Rows are model row ids; deleted rows and deleted aliases are not in it."""

    def alias(self, name: str) -> int | None:
        """The target of the alias that is spelt exactly like this."""

    def alias_without_case(self, folded: str) -> int | None:
        """The target of the alias that is spelt like this but for ASCII case."""

    def at_provider(self, slug: str, model_id: str) -> int | None:
        """The model of this id at the provider of this slug."""

    def with_id(self, model_id: str) -> Sequence[int]:
        """All models of this id, in the providers' order."""

    def available(self, row: int) -> bool:
        """Visible, its provider enabled, not deleted."""


class Hit(NamedTuple):
    """The first rule that matched, and the model it found, which may be unavailable: then the name is not answered."""

    rule: str
    row: int
    available: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was tried. `row` is None where it did not match."""

    rule: str
    row: int | None
    available: bool


def _by_alias(index: NameIndex, name: str) -> int | None:
    return index.alias(name)


def _by_provider_and_id(index: NameIndex, name: str) -> int | None:
    slug, slash, model_id = name.partition("/")
    return index.at_provider(slug, model_id) if slash else None


def _by_id(index: NameIndex, name: str) -> int | None:
    rows = index.with_id(name)
    if len(rows) == 1:
        return rows[0]
    return next((row for row in rows if index.available(row)), rows[0] if rows else None)


def _by_alias_without_case(index: NameIndex, name: str) -> int | None:
    return index.alias_without_case(fold(name))


RULES: tuple[tuple[str, Callable[[NameIndex, str], int | None]], ...] = (
    ("alias", _by_alias),
    ("provider/model_id", _by_provider_and_id),
    ("model_id", _by_id),
    ("alias_without_case", _by_alias_without_case),
)
"""The order of resolution. The first rule that matches decides; nothing is guessed."""


def resolve(index: NameIndex, name: str) -> Hit | None:
    """The model that `name` means, or None. An unavailable hit is final: no later rule is asked."""
    for rule, find in RULES:
        row = find(index, name)
        if row is not None:
            return Hit(rule, row, index.available(row))
    return None


def explain(index: NameIndex, name: str) -> list[Step]:
    """The rules that `resolve` tries for this name, up to the one that decides."""
    steps: list[Step] = []
    for rule, find in RULES:
        row = find(index, name)
        steps.append(Step(rule, row, row is not None and index.available(row)))
        if row is not None:
            break
    return steps


@dataclass(frozen=True, slots=True)
class Move:
    """A name that is answered now and would mean another model, which may be unavailable."""

    name: str
    before: int
    after: int


def moves(before: NameIndex, after: NameIndex, names: Iterable[str]) -> list[Move]:
    """The names that change their meaning.

    A name that nothing answers to any more is not one of them, nor one that goes dark together with its own model.
    """
    found = []
    for name in names:
        old = resolve(before, name)
        if old is None or not old.available:
            continue
        new = resolve(after, name)
        if new is None or new.row == old.row:
            continue
        if new.available or after.available(old.row):
            found.append(Move(name, old.row, new.row))
    return found
