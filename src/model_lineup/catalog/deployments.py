"""Deployments whose names their owner chose, found in a list that holds only the models that could be deployed (Azure).

A deployment has the model's own id, or an administrator says which one is behind it (`base_model`). What the list says
of that model is then the provider's word on the deployment. When the model ends there, its deployments mostly go on as
a newer one: its end is stated as what is to be expected, which ends nothing by itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from model_lineup.catalog.fetch_plan import StoredModel
from model_lineup.catalog.lifecycle import notice_of
from model_lineup.catalog.names import fold
from model_lineup.catalog.store import facts as fact_store
from model_lineup.upstream.contract import ListedModel, Listing

_LONG_AGO = datetime.fromtimestamp(0, UTC)
_NOT_OF_A_DEPLOYMENT = {"lifecycle", "display_name", "base_model"}


def found_in(connection: Connection, listing: Listing, stored: Mapping[str, StoredModel]) -> list[ListedModel]:
    """The list's own models; of one with candidates, those of the provider's rows that are one of these."""
    if not listing.candidates:
        return list(listing.models)
    living = {model_id: row.id for model_id, row in stored.items() if not row.deleted}
    bases = fact_store.base_models(connection, list(living.values()))
    said = {fold(one.model_id): one.facts for one in listing.candidates}
    found = ((model_id, said.get(fold(bases.get(row, model_id)))) for model_id, row in living.items())
    return [ListedModel(model_id, _of_deployment(facts)) for model_id, facts in found if facts]


def _of_deployment(facts: Mapping[str, Any]) -> dict[str, Any]:
    told = {field: value for field, value in facts.items() if field not in _NOT_OF_A_DEPLOYMENT}
    lifecycle = facts.get("lifecycle", {})
    notice = notice_of(lifecycle, _LONG_AGO)
    if notice is not None and notice.sunset_at is not None:
        told["expected_end"] = datetime.fromtimestamp(notice.sunset_at, UTC).date().isoformat()
    if "state" in lifecycle:
        told["is_deprecated"] = lifecycle["state"] == "deprecated"
    return told
