"""The one registry of encrypted columns: what a rotation of the key ring has to seal anew, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Row, Table

from model_lineup.catalog.credentials import bound_to
from model_lineup.catalog.tables import providers
from model_lineup.database.instance import CANARY_BOUND_TO
from model_lineup.database.tables import instance
from model_lineup.webhooks.tables import webhooks
from model_lineup.webhooks.webhooks import bound_to as bound_to_webhook


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`bound_to(row)`: what the secret of that row was sealed for, as its room seals it. The table's key is `id`."""

    table: Table
    column: Column[Any]
    bound_to: Callable[[Row[Any]], str]
    what: Callable[[Row[Any]], str]
    """The thing that the row is, as people call it."""


PROVIDER_KEYS = SealedColumn(
    providers,
    providers.c.sealed_key,
    lambda row: bound_to(row.id, row.key_origin),
    lambda row: f"the key of provider {row.slug!r}",
)
CANARY = SealedColumn(instance, instance.c.canary, lambda _: CANARY_BOUND_TO, lambda _: "the canary of this instance")
WEBHOOK_URLS = SealedColumn(
    webhooks,
    webhooks.c.sealed_url,
    lambda row: bound_to_webhook(row.id, "url"),
    lambda row: f"the address of webhook {row.name!r}",
)
WEBHOOK_SECRETS = SealedColumn(
    webhooks,
    webhooks.c.sealed_secret,
    lambda row: bound_to_webhook(row.id, "secret"),
    lambda row: f"the secret of webhook {row.name!r}",
)
COLUMNS = (PROVIDER_KEYS, WEBHOOK_URLS, WEBHOOK_SECRETS, CANARY)
