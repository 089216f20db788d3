"""Notices and webhooks: what administrators ought to hear of, and where it is sent."""

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, done, etag, written
from model_lineup.api.bodies import Body, Line, Name, Patch, pattern, said
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, IfMatch, Limit, Offset, PathId, There, version_wanted
from model_lineup.api.strict import noun
from model_lineup.notices.shapes import KINDS, NoticeKind, NoticePage
from model_lineup.upstream.contract import NetworkScope
from model_lineup.webhooks.shapes import (
    DeliveryPage,
    Format,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookPage,
    WebhookTested,
)

router = noun("Webhooks", "/api/admin", follows_configuration=True)
Url = Annotated[Line, Field(min_length=1, max_length=2_048), pattern(r"^https?://[^/?#@\s]+(/[!-~]*)?$")]
Secret = Annotated[str, Field(min_length=8, max_length=512), pattern("^[!-~]+$")]
Events = Annotated[list[NoticeKind], Field(max_length=len(KINDS))]


class NewWebhookBody(Body):
    """`events` empty: all of them. `url` and `secret` are sealed, and never shown again."""

    name: Name
    url: Url
    secret: Secret | None = None
    format: Format = "json"
    events: Events = Field(default_factory=list)
    network_scope: NetworkScope = "public"
    enabled: bool = True


class WebhookPatch(Patch):
    """Only what is said changes; null takes the secret away."""

    name: Name = ""
    url: Url = ""
    secret: Secret | None = None
    format: Format = "json"
    events: Events = Field(default_factory=list)
    network_scope: NetworkScope = "public"
    enabled: bool = True


@router.get("/notices", responses=documented(NoticePage))
def list_notices(
    there: There, _: AsViewer, kind: NoticeKind | None = None, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """What administrators ought to have heard of, newest first."""
    return answer(there.notices.page(limit=limit, offset=offset, kind=kind))


@router.get("/webhooks", responses=documented(WebhookPage))
def list_webhooks(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Where notices are sent; without addresses and secrets."""
    return answer(there.webhooks.page(limit=limit, offset=offset))


@router.post("/webhooks", status_code=201, responses=documented(Webhook, status=201, with_receipt=True))
def create_webhook(body: NewWebhookBody, there: There, _: AsAdmin, by: By) -> Response:
    """Notices that are made from now on are sent there."""
    webhook, receipt = there.webhooks.create(NewWebhook(**_fields(body)), by)
    headers = {"location": f"/api/admin/webhooks/{webhook.id}", **etag(webhook.id, webhook.version)}
    return written(webhook, receipt, status=201, headers=headers)


@router.get("/webhooks/{webhook_id:row}", responses=documented(Webhook))
def get_webhook(webhook_id: PathId, there: There, _: AsViewer) -> Response:
    webhook = there.webhooks.get(webhook_id)
    return answer(webhook, headers=etag(webhook.id, webhook.version))


@router.put("/webhooks/{webhook_id:row}", responses=documented(Webhook, with_receipt=True))
def change_webhook(
    webhook_id: PathId, body: WebhookPatch, there: There, _: AsAdmin, by: By, if_match: IfMatch = None
) -> Response:
    """Only what is said changes."""
    changes, wanted = WebhookChanges(**_fields(body)), version_wanted(webhook_id, if_match)
    webhook, receipt = there.webhooks.change(webhook_id, changes, by, if_match=wanted)
    return written(webhook, receipt, headers=etag(webhook.id, webhook.version))


@router.delete("/webhooks/{webhook_id:row}", status_code=204)
def delete_webhook(webhook_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    """What still waits for it is not sent."""
    return done(there.webhooks.delete(webhook_id, by))


@router.post("/webhooks/{webhook_id:row}/test", responses=documented(WebhookTested))
async def check_webhook(webhook_id: PathId, there: There, _: AsAdmin) -> Response:
    """Send a notice that says it is a test, once, and tell what came back."""
    return answer(await there.courier.test(webhook_id))


@router.get("/webhooks/{webhook_id:row}/deliveries", responses=documented(DeliveryPage))
def list_deliveries(webhook_id: PathId, there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """What was sent there, newest first, and how it ended."""
    return answer(there.webhooks.deliveries(webhook_id, limit=limit, offset=offset))


def _fields(body: NewWebhookBody | WebhookPatch) -> dict[str, Any]:
    fields = said(body)
    if "events" in fields:
        fields["events"] = tuple(fields["events"])
    return fields
