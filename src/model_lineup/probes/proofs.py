"""What verdicts become: facts of their model, with the source `probe` while they are about what is there now.

A stale verdict does not outrank what the provider's list or its catalogue says; it still counts before a guess, as
`stale_probe`. Which of the two it is is settled in the very change that moves a provider to another address, key,
header or version, in both directions, and when a test has found something.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from model_lineup.catalog import writing
from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import models as model_store
from model_lineup.errors import LineupError
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.probes import store
from model_lineup.probes.basis import bases_of
from model_lineup.probes.records import CapabilityFinding
from model_lineup.probes.registry import probes
from model_lineup.vault import Vault

FRESH, STALE = "probe", "stale_probe"
_TOLD = {"yes": True, "no": False}


class Proofs:
    def __init__(self, journal: Journal, vault: Vault, providers: Providers) -> None:
        self._journal = journal
        self._vault = vault
        self._providers = providers

    def state(self, model_row: int, author: Author) -> None:
        """What was found of this model, as one change set; none where no value that counts has changed."""
        with self._journal.change(author, "models.test_capabilities") as change:
            self.settle(change, [model_row])

    def of_provider(self, change: Change, provider_id: int) -> None:
        """Inside the change that has moved it."""
        self.settle(change, model_store.ids_of_provider(change.connection, provider_id))

    def of_all(self) -> None:
        """Of every model that was ever tested: for the day when Lineup asks, or reads answers, in another way."""
        with self._journal.change(Author("Lineup"), "models.settle_proofs") as change:
            self.settle(change, store.tested(change.connection))

    def settle(self, change: Change, model_rows: Sequence[int]) -> None:
        """Have the facts of these models say what their verdicts say now. A key that cannot be opened tells nothing of
        whether they are stale: they stay as they are."""
        standing = store.standing(change.connection, model_rows)
        bases = self._bases(change.connection, [row for row in model_rows if standing[row]])
        before = fact_store.stated(change.connection, list(bases))
        after = {row: _settled(before[row], standing[row], bases[row]) for row in bases}
        writing.settle(change, before, after)

    def _bases(self, connection: Connection, rows: Sequence[int]) -> dict[int, Mapping[str, str]]:
        found: dict[int, Mapping[str, str]] = {}
        for row, model_id, provider_id in fact_store.at_providers(connection, rows):
            try:
                endpoint = self._providers.endpoint_within(connection, provider_id)
            except LineupError:
                continue
            found[row] = bases_of(self._vault, endpoint, model_id)
        return found


def _settled(
    stated: Sequence[StatedFact], standing: Mapping[str, tuple[CapabilityFinding, str]], bases: Mapping[str, str]
) -> Sequence[StatedFact]:
    """The words of verdicts in place of those before; the others as they were."""
    kept = {(one.field, one.source): one for one in stated}
    for name, (finding, basis) in standing.items():
        probe = probes().get(name)
        if probe is None or probe.fact is None:
            continue
        old = [kept.pop((probe.fact, source), None) for source in (FRESH, STALE)]
        value = _TOLD.get(finding.verdict)
        if value is not None:
            source = FRESH if basis == bases[name] else STALE
            same = next((one for one in old if one is not None and (one.source, one.value) == (source, value)), None)
            kept[probe.fact, source] = same or StatedFact(probe.fact, source, value, finding.at)
    now = list(kept.values())
    return stated if len(now) == len(stated) and all(one in stated for one in now) else now
