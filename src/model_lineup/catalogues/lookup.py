"""What catalogues know of one model at one provider: the one that an administrator brought, then the package."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from model_lineup.catalogues import packaged, store
from model_lineup.catalogues.places import Place, place_of
from model_lineup.catalogues.shapes import Word
from model_lineup.catalogues.store import Loaded


class Told(NamedTuple):
    """One field's value. `by` is the catalogue, `at` its date."""

    value: Any
    by: str
    at: datetime


class Catalogues:
    """Those that are in use now; good for one transaction."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        self._at = at
        self._brought: Loaded | None = store.loaded(connection)
        self._hosts = {} if self._brought is None else self._brought.hosts

    def place(self, kind: str, base_url: str, network_scope: str) -> Place:
        return place_of(kind, base_url, network_scope, self._hosts)

    def told(
        self, place: Place, model_id: str, base_model: str | None = None
    ) -> tuple[dict[str, Told], dict[str, Told]]:
        """What they say by field, and what they guess; of two that say something the one that was brought counts.

        `base_model`: what an administrator says that it really is; then they are asked about that, by the names that
        the service itself has.
        """
        if base_model is not None:
            place, model_id = place._replace(own_names=False), base_model
        said: dict[str, Told] = {}
        guessed: dict[str, Told] = {}
        for word, by, at in self._words(place, model_id):
            into = guessed if word.is_guess else said
            for field, value in word.facts.items():
                into.setdefault(field, Told(value, by, at))
        return said, guessed

    def _words(self, place: Place, model_id: str) -> Iterator[tuple[Word, str, datetime]]:
        if place.service is None and not place.may_guess:
            return
        if self._brought is not None:
            word = self._brought.index.word(place, model_id)
            if word is not None:
                yield word, self._brought.by, self._brought.dated
        word = packaged.word(place, model_id, self._at)
        if word is not None:
            yield word, packaged.name(), self._at
