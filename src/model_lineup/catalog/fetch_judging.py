"""A list that was just read, decided about against the provider's rows as one transaction sees them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from model_lineup.catalog import deployments
from model_lineup.catalog.fetch_plan import Decision, StoredModel, decide
from model_lineup.catalog.shapes import Provider
from model_lineup.catalog.store import facts as fact_store
from model_lineup.catalog.store import fetching
from model_lineup.catalog.store import providers as provider_store
from model_lineup.database.metadata import moment
from model_lineup.upstream.contract import ListedModel, Listing


class Judged(NamedTuple):
    """`said`: the entries that concern rows or become some; `stored`: the provider's rows by `model_id`."""

    said: Sequence[ListedModel]
    stored: Mapping[str, StoredModel]
    decision: Decision


def judged(connection: Connection, provider: Provider, listing: Listing, now: int) -> Judged:
    """`now`: microseconds since 1970. Nothing is written."""
    stored = fetching.rows(connection, provider.id)
    said = deployments.found_in(connection, listing, stored)
    listed = [stored[one.model_id].id for one in said if one.model_id in stored]
    stated = fact_store.stated(connection, listed)
    known = provider_store.list_reading(connection, provider.id)
    reads_more = known is not None and known < listing.reading
    decision = decide(said, stored, stated, moment(now), provider.fetch_rules, reads_more=reads_more)
    return Judged(said, stored, decision)
