"""What must not come back with a backup: sessions and links, and what was withdrawn after it was made."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from model_lineup.benchmarks import store as runs
from model_lineup.benchmarks.keeping import Keeper
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.errors import KeyUndecryptable
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.operations import sealed, store
from model_lineup.operations.archive import Manifest
from model_lineup.operations.rings import Choice
from model_lineup.operations.store import Earlier
from model_lineup.vault import Vault

BY = Author("local command line")
FOR_EVER = 2**62
LINKS = ("setup_links", "claimed_changes")
EMPTIED = (
    "activity.session_tokens",
    "activity.sessions",
    "activity.claims",
    "activity.guess_failures",
    "activity.rate_windows",
    "activity.signals",
    "activity.chores",
    "activity.leases",
    "activity.turns",
    "activity.webhook_deliveries",
)
"""Tables that a restore leaves empty, beside the links; those that refer to others first."""


@dataclass(slots=True)
class Told:
    """What was done, for whoever restores. Keys and people by name.

    `to_review`: keys that work, among them those that were revoked after the backup, unless `earlier_is_known`.
    `undecryptable`: what has to be entered again.
    """

    earlier_is_known: bool
    sessions_ended: int = 0
    runs_interrupted: int = 0
    keys_disabled: list[str] = field(default_factory=list)
    people_disabled: list[str] = field(default_factory=list)
    to_review: list[str] = field(default_factory=list)
    undecryptable: list[str] = field(default_factory=list)


def withdraw(
    database: Database, clock: Clock, manifest: Manifest, choice: Choice, *, earlier: Earlier, revoke_keys: bool
) -> Told:
    """Make a restored database safe to start, and write down in its journal that it was restored.

    With another key ring (`choice.canary`) no API key can work: all of them are disabled.
    """
    told = Told(earlier.is_known)
    told.runs_interrupted = _interrupt_runs(database, clock)
    with database.read() as connection:
        has_started = store.made_at(connection) is not None
        told.undecryptable = _undecryptable(connection, Vault(choice.ring))
    with database.write_activity() as connection:
        told.sessions_ended = store.count_live(connection)
        store.empty(connection, EMPTIED)
    if not has_started:
        return told
    with Journal(database, clock).change(BY, "instance.restore") as change:
        store.empty(change.connection, LINKS)
        store.end_all_sessions(change.connection)
        if choice.canary is not None:
            store.set_canary(change.connection, choice.canary)
        change.touched("instance", 1, "instance", before={}, after=_restored(manifest))
        _disable(change, told, earlier, revoke_keys=revoke_keys or choice.canary is not None)
    return told


def _disable(change: Change, told: Told, earlier: Earlier, *, revoke_keys: bool) -> None:
    when = {"now": change.now, "revision": change.revision}
    is_same = earlier.made_at == store.made_at(change.connection)
    for key_id, name in store.active_keys(change.connection):
        if not (revoke_keys or (is_same and key_id in earlier.keys)):
            told.to_review.append(name)
            continue
        store.disable_key(change.connection, key_id, **when)
        told.keys_disabled.append(name)
        change.touched("key", key_id, name, before={"disabled": False}, after={"disabled": True})
    for person_id, email in store.active_people(change.connection):
        if is_same and person_id in earlier.people:
            store.disable_person(change.connection, person_id, **when)
            told.people_disabled.append(email)
            change.touched("person", person_id, email, before={"disabled": False}, after={"disabled": True})


def _restored(manifest: Manifest) -> dict[str, Any]:
    return {
        "restored_from": manifest.made_at.isoformat(),
        "revision": manifest.revision,
        "made_by": f"Lineup {manifest.lineup}",
    }


def _undecryptable(connection: Connection, vault: Vault) -> list[str]:
    found = []
    for row in store.sealed_rows(connection, sealed.PROVIDER_KEYS):
        try:
            vault.open(row.sealed, sealed.PROVIDER_KEYS.bound_to(row))
        except KeyUndecryptable:
            found.append(sealed.PROVIDER_KEYS.what(row))
    return found


def _interrupt_runs(database: Database, clock: Clock) -> int:
    keeper = Keeper(database, clock)
    with database.read() as connection:
        running = runs.lapsed(connection, FOR_EVER)
    for run_id in running:
        keeper.interrupt(run_id, "It was running when the backup was made that this instance was restored from.")
    return len(running)
