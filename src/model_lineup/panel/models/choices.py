"""What the table offers to narrow it by: each filter with its values, and how many models have each."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model_lineup.catalog.facets import Facets
from model_lineup.panel.models.rows import SOURCES
from model_lineup.panel.models.view import View

_YES_NO = (("true", "yes"), ("false", "no"))
_TRI = (*_YES_NO, ("unknown", "unknown"))
_WORDS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "status": ("Status", tuple((one, one) for one in ("ok", "failing", "untested", "vanished", "retired"))),
    "visible": ("Visible", _YES_NO),
    "agents_enabled": ("Agents", _YES_NO),
    "supports_tools": ("Tools", _TRI),
    "supports_vision": ("Vision", _TRI),
    "supports_streaming": ("Streaming", _TRI),
    "task": ("Task", tuple((one, one) for one in ("chat", "embedding", "other", "unknown"))),
    "source": ("Source", tuple(SOURCES.items())),
    "has_alias": ("Has an alias", _YES_NO),
    "limited": ("Limited to groups", _YES_NO),
}
SEEN = ("provider_id", "status", "visible", "agents_enabled")
"""Those that always stand there; the others unfold."""


class Choice(NamedTuple):
    value: str
    words: str
    models: int


class Facet(NamedTuple):
    field: str
    label: str
    chosen: str
    choices: list[Choice]

    @property
    def chosen_words(self) -> str:
        return next((one.words for one in self.choices if one.value == self.chosen), self.chosen)


def facets_of(view: View, facets: Facets, groups: Mapping[int, str]) -> list[Facet]:
    """Values that no model has are left out, unless they are chosen."""
    providers = tuple((str(row_id), name) for row_id, name in facets.providers.items())
    named = {"provider_id": ("Provider", providers), **_WORDS}
    named["group_id"] = ("Group", tuple((str(row_id), name) for row_id, name in groups.items()))
    return [_facet(field, label, values, view, facets) for field, (label, values) in named.items()]


def _facet(field: str, label: str, values: Iterable[tuple[str, str]], view: View, facets: Facets) -> Facet:
    chosen = view.filters.get(field, "")
    every = [Choice(value, words, facets.number(field, value)) for value, words in values]
    return Facet(field, label, chosen, [one for one in every if one.models or one.value == chosen])
