"""Webhooks: where notices are sent; adding one, trying it, a new secret, and what became of each delivery."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import said
from model_lineup.api.dependencies import Offset, PathId, There
from model_lineup.api.webhooks import NewWebhookBody, WebhookPatch
from model_lineup.errors import LineupError, PreconditionFailed
from model_lineup.notices.shapes import KINDS
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms
from model_lineup.webhooks.messages import new_secret
from model_lineup.webhooks.shapes import NewWebhook, Webhook, WebhookChanges
from model_lineup.webhooks.webhooks import MOST

HOME = "/settings/webhooks"
router = pages(HOME)
DELIVERIES = 50
REFUSED = (409, 412, 422)
WORDS = {
    "model_vanished": "a visible model is gone from its provider's list",
    "model_retiring": "a visible model ends soon",
    "model_failing": "the last test of a visible model failed",
    "provider_failing": "a provider's list cannot be read",
    "credential_failing": "a provider refuses its API key",
    "key_expiring": "a key of Lineup's own ends, or has ended",
    "staged_done": "a staged change was carried out",
    "staged_refused": "a staged change could not be carried out",
}
FORMATS = (("json", "JSON, signed if there is a secret"), ("slack", "Slack, and whatever speaks like it"))
SCOPES = (("public", "on the internet"), ("private", "in your network"), ("loopback", "on this machine"))


@router.get("")
def listing(request: Request, there: There, _: AsViewer) -> Response:
    found = there.webhooks.page(limit=MOST, offset=0).webhooks
    newest = there.webhooks.newest([one.id for one in found])
    return page(request, "webhooks/page.html", webhooks=found, newest=newest)


@router.get("/new")
def new(request: Request, _: AsAdmin) -> Response:
    return _new_form(request, {"format": "json", "network_scope": "public", "events": []})


@router.post("/new")
def add(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    values = _entered(form)
    try:
        secret = {"secret": form.raw("secret")} if form.raw("secret") else {}
        body = validated(NewWebhookBody, {**values, **secret, "url": form.text("url")})
        webhook, _receipt = there.webhooks.create(NewWebhook(**_of_room(said(body))), by)
    except LineupError as error:
        return _new_form(request, values, error)
    return go(request, f"{HOME}/{webhook.id}", say=f"{webhook.name} gets what happens from now on.")


@router.get("/{webhook_id:row}")
def show(request: Request, webhook_id: PathId, there: There, _: AsViewer, offset: Offset = 0) -> Response:
    return _page(request, there, there.webhooks.get(webhook_id), offset=offset)


@router.post("/{webhook_id:row}")
def change(request: Request, webhook_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """The address and the secret only where one was entered."""
    values = _entered(form) | {"enabled": form.flag("enabled")}
    try:
        url = {"url": form.text("url")} if form.text("url") else {}
        secret = {"secret": form.raw("secret")} if form.raw("secret") else {}
        changes = WebhookChanges(**_of_room(said(validated(WebhookPatch, {**values, **url, **secret}))))
        version = form.whole("version_now") or form.whole("version")
        webhook, receipt = there.webhooks.change(webhook_id, changes, by, if_match=version)
    except LineupError as error:
        return _page(request, there, there.webhooks.get(webhook_id), values=values, error=error)
    done = "is changed" if receipt.change_id is not None else "is as it was"
    return go(request, f"{HOME}/{webhook_id}", say=f"{webhook.name} {done}.")


@router.post("/{webhook_id:row}/secret")
def rotate(request: Request, webhook_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """A new secret, on the one page that shows it; or none any more."""
    secret = None if form.text("what") == "none" else new_secret()
    webhook, _receipt = there.webhooks.change(webhook_id, WebhookChanges(secret=secret), by)
    if secret is None:
        return go(request, f"{HOME}/{webhook_id}", say=f"What is sent to {webhook.name} is not signed any more.")
    return page(request, "webhooks/secret.html", webhook=webhook, secret=secret)


@router.post("/{webhook_id:row}/test")
async def test(request: Request, webhook_id: PathId, form: Sent, there: There, _: AsAdmin) -> Response:
    result = await there.courier.test(webhook_id)
    how = "The test arrived" if result.delivered else "The test did not arrive"
    return go(request, f"{HOME}/{webhook_id}", say=f"{how}: {result.message[:300]}")


@router.get("/{webhook_id:row}/delete")
def ask_about_deletion(request: Request, webhook_id: PathId, there: There, _: AsAdmin) -> Response:
    return page(request, "webhooks/delete.html", webhook=there.webhooks.get(webhook_id))


@router.post("/{webhook_id:row}/delete")
def delete(request: Request, webhook_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    name = there.webhooks.get(webhook_id).name
    there.webhooks.delete(webhook_id, by)
    return go(request, HOME, say=f"{name} is deleted; nothing is sent there any more.")


def _entered(form: Form) -> dict[str, Any]:
    return {
        "name": form.text("name"),
        "format": form.text("format"),
        "network_scope": form.text("network_scope"),
        "events": [one for one in form.many("events") if one in KINDS],
    }


def _of_room(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "events": tuple(fields.get("events", ()))}


def _new_form(request: Request, values: dict[str, Any], error: LineupError | None = None) -> Response:
    """Raises the error again where no form can help."""
    if error is not None and error.status not in REFUSED:
        raise error
    return page(request, "webhooks/new.html", **_of_form(values, error))


def _page(
    request: Request,
    there: Rooms,
    webhook: Webhook,
    *,
    values: dict[str, Any] | None = None,
    error: LineupError | None = None,
    offset: int = 0,
) -> Response:
    """Raises the error again where no form can help."""
    if error is not None and error.status not in REFUSED:
        raise error
    if isinstance(error, PreconditionFailed):
        state = "on" if webhook.enabled else "off"
        now = f"It is now: {webhook.name}, to {webhook.origin}, {state}."
        error = PreconditionFailed(f"{now} What you entered is still here: saving again puts it over that.")
    stands = {name: getattr(webhook, name) for name in ("name", "format", "network_scope", "events", "enabled")}
    found = there.webhooks.deliveries(webhook.id, limit=DELIVERIES, offset=offset)
    return page(
        request,
        "webhooks/one.html",
        **_of_form(stands if values is None else values, error),
        webhook=webhook,
        found=found,
        link=lambda to: f"{base(request)}{HOME}/{webhook.id}?offset={to}#deliveries",
    )


def _of_form(values: dict[str, Any], error: LineupError | None) -> dict[str, Any]:
    return {
        "status": 200 if error is None else error.status,
        "values": values,
        "error": error,
        "errors": {} if error is None else said_of_fields(error),
        "kinds": WORDS,
        "formats": FORMATS,
        "scopes": SCOPES,
    }
