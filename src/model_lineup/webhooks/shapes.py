"""Webhooks and deliveries, as they are entered and shown."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from model_lineup.notices.shapes import NoticeKind
from model_lineup.upstream.contract import NetworkScope

Format = Literal["json", "slack"]
DeliveryStatus = Literal["waiting", "delivered", "failed"]


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Of its URL only the origin is shown, of its secret only whether there is one. No `events`: all of them."""

    id: int
    name: str
    origin: str
    secret_set: bool
    format: Format
    events: list[NoticeKind]
    network_scope: NetworkScope
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    url: str
    secret: str | None = None
    format: Format = "json"
    events: tuple[NoticeKind, ...] = ()
    network_scope: NetworkScope = "public"
    enabled: bool = True


class WebhookChanges(msgspec.Struct, frozen=True, kw_only=True):
    """A merge patch; `secret=None` takes it away."""

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    secret: str | UnsetType | None = UNSET
    format: Format | UnsetType = UNSET
    events: tuple[NoticeKind, ...] | UnsetType = UNSET
    network_scope: NetworkScope | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One notice on its way to one webhook. `message`: why it did not arrive; `due_at`: when it is tried again."""

    id: int
    webhook_id: int
    notice_id: int
    kind: str | None
    text: str | None
    at: datetime
    status: DeliveryStatus
    attempts: int
    due_at: datetime | None
    http_status: int | None
    message: str | None


class WebhookPage(msgspec.Struct, frozen=True):
    webhooks: list[Webhook]
    total: int
    limit: int
    offset: int


class DeliveryPage(msgspec.Struct, frozen=True):
    """Newest first."""

    deliveries: list[Delivery]
    total: int
    limit: int
    offset: int


class WebhookTested(msgspec.Struct, frozen=True, kw_only=True):
    delivered: bool
    http_status: int | None
    message: str
