"""What models inherit from catalogues: written when a model arrives, when its provider moves, when an administrator
says which model is behind a name, and by a refresh.

Nothing else rewrites it: a newer package, or a day that passes, changes no value by itself
(docs/decisions/0041-catalogues.md).
"""

from collections.abc import Mapping, Sequence

from model_lineup.catalog.facts import FIELDS, FURTHER, StatedFact
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.writing import replace, replaced
from model_lineup.catalogues.lookup import Catalogues, Told
from model_lineup.database.metadata import moment
from model_lineup.journal.record import Change

SOURCES = ("catalogue", "guess")
AT_ONCE = 5_000
"""Models whose words are in memory together."""
_OURS = frozenset((*FIELDS, *FURTHER)) - {"lifecycle", "description"}
"""A catalogue ends no model, and describes none."""


def inherit(change: Change, rows: Sequence[int]) -> int:
    """Write what the catalogues in use say of these models. Returns how many count something else than before."""
    if not rows:
        return 0
    catalogues = Catalogues(change.connection, moment(change.now))
    addresses = fact_store.addresses(change.connection)
    places = {provider: catalogues.place(*address) for provider, address in addresses.items()}
    changed = 0
    for start in range(0, len(rows), AT_ONCE):
        found = fact_store.at_providers(change.connection, rows[start : start + AT_ONCE])
        bases = fact_store.base_models(change.connection, [row for row, _, _ in found])
        said = {
            row: _words(*catalogues.told(places[provider], model_id, bases.get(row)))
            for row, model_id, provider in found
        }
        changed += replace(change, SOURCES, said)
    return changed


def with_base(
    change: Change, stated: Sequence[StatedFact], provider_id: int, model_id: str, base_model: str | None
) -> Sequence[StatedFact]:
    """All that is said of a model, once an administrator says that it is this one, or no longer says it."""
    catalogues = Catalogues(change.connection, moment(change.now))
    place = catalogues.place(*fact_store.addresses(change.connection)[provider_id])
    return replaced(stated, SOURCES, _words(*catalogues.told(place, model_id, base_model)))


def _words(said: Mapping[str, Told], guessed: Mapping[str, Told]) -> list[StatedFact]:
    """A guess is kept beside a catalogue's word, so that everybody can see that they differ."""
    return [
        StatedFact(field, source, told.value, told.at, told.by)
        for source, words in zip(SOURCES, (said, guessed), strict=True)
        for field, told in words.items()
        if field in _OURS
    ]
