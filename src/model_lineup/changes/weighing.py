"""What a dry run would meet: read off what it touched, before that is taken back."""

from collections.abc import Sequence

from msgspec import UNSET
from sqlalchemy import Connection

from model_lineup.changes.seeing import losing
from model_lineup.changes.store import pointing, using
from model_lineup.journal.shapes import Entry, Impact
from model_lineup.ledger.entry import DAY

DAYS = 30


def weigh(connection: Connection, entries: Sequence[Entry], now: int) -> Impact:
    """`now`: microseconds since 1970."""
    models = {entry.entity_id for entry in entries if entry.entity == "model"}
    switched = [entry.entity_id for entry in entries if entry.entity == "provider" and _counts(entry)]
    if switched:
        models.update(pointing.of_providers(connection, switched))
    aliases = {entry.entity_id: entry.label for entry in entries if entry.entity == "alias"}
    names = set(aliases.values())
    leading = set(aliases)
    if models:
        leading.update(row_id for row_id, _ in pointing.at(connection, models))
        leading.update(row_id for row_id, _ in pointing.falling_back_on(connection, models))
        leading.update(row_id for row_id, _ in pointing.rolling_out(connection, models))
    keys, agents, requests = using.totals(connection, models=models, names=names, since_day=since(now))
    return Impact(
        models=len(models),
        aliases=len(leading),
        keys=keys,
        requests_30d=requests,
        agent_keys=agents,
        losing=losing(connection, entries) or UNSET,
    )


def since(now: int) -> int:
    """The first of the last 30 days."""
    return now // DAY - DAYS + 1


def _counts(entry: Entry) -> bool:
    """Whether a provider is switched or deleted; its new name meets nobody."""
    return not entry.after or "enabled" in entry.after
