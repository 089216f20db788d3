"""Administrative operations on webhooks, each in one transaction. Addresses and secrets go in and never come out."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from model_lineup.catalog.provider_rules import check_reachable
from model_lineup.database.engines import Database
from model_lineup.database.metadata import dump
from model_lineup.errors import InvalidInput, NotFound, PreconditionFailed
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt
from model_lineup.upstream.contract import Bounds
from model_lineup.vault import Vault
from model_lineup.webhooks import store
from model_lineup.webhooks.shapes import Delivery, DeliveryPage, NewWebhook, Webhook, WebhookChanges, WebhookPage

MOST = 50


class Webhooks:
    def __init__(self, database: Database, journal: Journal, vault: Vault, bounds: Bounds) -> None:
        self._database = database
        self._journal = journal
        self._vault = vault
        self._bounds = bounds

    def page(self, *, limit: int, offset: int) -> WebhookPage:
        with self._database.read() as connection:
            found, total = store.page(connection, limit=limit, offset=offset)
        return WebhookPage(found, total, limit, offset)

    def get(self, webhook_id: int) -> Webhook:
        """Raises NotFound."""
        with self._database.read() as connection:
            return _known(store.one(connection, webhook_id), webhook_id)

    def deliveries(self, webhook_id: int, *, limit: int, offset: int) -> DeliveryPage:
        """Newest first. Raises NotFound."""
        with self._database.read() as connection:
            _known(store.one(connection, webhook_id), webhook_id)
            found, total = store.delivery_page(connection, webhook_id, limit=limit, offset=offset)
        return DeliveryPage(found, total, limit, offset)

    def newest(self, webhook_ids: Sequence[int]) -> dict[int, Delivery]:
        """The newest delivery to each of these that has one."""
        with self._database.read() as connection:
            return store.newest(connection, webhook_ids)

    def create(self, new: NewWebhook, author: Author) -> tuple[Webhook, Receipt]:
        """Raises InvalidInput, EgressRefused."""
        origin = check_reachable(new.url, new.network_scope, self._bounds, "/url")
        with self._journal.change(author, "webhooks.create") as change:
            if store.page(change.connection, limit=1, offset=0)[1] >= MOST:
                raise InvalidInput.at("/name", f"there are {MOST} webhooks already; delete one first")
            columns = {
                "name": new.name,
                "origin": str(origin),
                "sealed_url": "",
                "format": new.format,
                "events": dump(list(dict.fromkeys(new.events))),
                "network_scope": new.network_scope,
                "enabled": int(new.enabled),
            }
            webhook_id = store.add(change.connection, columns, change.now)
            store.change(change.connection, webhook_id, self._sealed(webhook_id, new.url, new.secret))
            webhook = _known(store.one(change.connection, webhook_id), webhook_id)
            change.touched("webhook", webhook_id, webhook.name, before={}, after=_journaled(webhook))
        return webhook, change.receipt

    def change(
        self, webhook_id: int, changes: WebhookChanges, author: Author, *, if_match: int | None = None
    ) -> tuple[Webhook, Receipt]:
        """Raises NotFound, InvalidInput, EgressRefused, PreconditionFailed."""
        with self._journal.change(author, "webhooks.change") as change:
            before = _known(store.one(change.connection, webhook_id), webhook_id)
            _check_version(before, if_match)
            columns = self._columns(change, before, changes)
            sealed = {name for name in columns if name.startswith("sealed_")}
            if sealed or {name: value for name, value in columns.items() if _stored(before)[name] != value}:
                store.change(change.connection, webhook_id, columns, change.now)
            after = _known(store.one(change.connection, webhook_id), webhook_id)
            old, new = differing(_journaled(before), _journaled(after))
            new |= {name.removeprefix("sealed_"): "replaced" if columns[name] else "removed" for name in sealed}
            if new:
                change.touched("webhook", webhook_id, after.name, before=old, after=new)
        return after, change.receipt

    def delete(self, webhook_id: int, author: Author) -> Receipt:
        """What still waits for it is not sent. Raises NotFound."""
        with self._journal.change(author, "webhooks.delete") as change:
            webhook = _known(store.one(change.connection, webhook_id), webhook_id)
            store.remove(change.connection, webhook_id)
            change.touched("webhook", webhook_id, webhook.name, before=_journaled(webhook), after={})
        return change.receipt

    def _columns(self, change: Change, before: Webhook, changes: WebhookChanges) -> dict[str, Any]:
        values: dict[str, Any] = {
            "name": changes.name,
            "format": changes.format,
            "events": UNSET if changes.events is UNSET else dump(list(dict.fromkeys(changes.events))),
            "network_scope": changes.network_scope,
            "enabled": UNSET if changes.enabled is UNSET else int(changes.enabled),
        }
        scope = before.network_scope if changes.network_scope is UNSET else changes.network_scope
        if changes.url is not UNSET:
            values["origin"] = str(check_reachable(changes.url, scope, self._bounds, "/url"))
            values["sealed_url"] = self._vault.seal(changes.url, bound_to(before.id, "url"))
        elif changes.network_scope is not UNSET:
            sealed = store.sealed(change.connection, before.id)
            assert sealed is not None  # nosec B101
            url = self._vault.open(sealed.url, bound_to(before.id, "url"))
            check_reachable(url, scope, self._bounds, "/network_scope")
        if changes.secret is not UNSET:
            secret = changes.secret
            values["sealed_secret"] = (
                None if secret is None else self._vault.seal(secret, bound_to(before.id, "secret"))
            )
            if secret is None and not before.secret_set:
                del values["sealed_secret"]
        return {name: value for name, value in values.items() if value is not UNSET}

    def _sealed(self, webhook_id: int, url: str, secret: str | None) -> dict[str, Any]:
        sealed = None if secret is None else self._vault.seal(secret, bound_to(webhook_id, "secret"))
        return {"sealed_url": self._vault.seal(url, bound_to(webhook_id, "url")), "sealed_secret": sealed}


def bound_to(webhook_id: int, field: str) -> str:
    """What a secret of this webhook is sealed for."""
    return f"webhook {webhook_id}|{field}"


def _known(webhook: Webhook | None, webhook_id: int) -> Webhook:
    """Raises NotFound for None."""
    if webhook is None:
        raise NotFound(f"There is no webhook {webhook_id}. GET /api/admin/webhooks lists them.", id=webhook_id)
    return webhook


def _journaled(webhook: Webhook) -> dict[str, Any]:
    names = ("name", "origin", "secret_set", "format", "events", "network_scope", "enabled")
    return {name: getattr(webhook, name) for name in names}


def _stored(webhook: Webhook) -> dict[str, Any]:
    """As the columns have it."""
    return {**_journaled(webhook), "events": dump(webhook.events), "enabled": int(webhook.enabled)}


def _check_version(webhook: Webhook, if_match: int | None) -> None:
    if if_match is not None and if_match != webhook.version:
        raise PreconditionFailed(
            f"Webhook {webhook.id} is at version {webhook.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=webhook,
        )
