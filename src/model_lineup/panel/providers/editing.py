"""Adding a provider, changing it, deleting it."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.bodies import said
from model_lineup.api.dependencies import PathId, There
from model_lineup.api.providers import ProviderPatch, provider_fields
from model_lineup.catalog.shapes import NewProvider, Provider, ProviderChanges
from model_lineup.errors import CredentialRebindRequired, LineupError, PreconditionFailed
from model_lineup.ledger.entry import OWN_WORK
from model_lineup.ledger.spending import SpendingPage
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.providers import form as forms
from model_lineup.panel.providers.listing import row_of
from model_lineup.panel.providers.preview import preview
from model_lineup.panel.render import by_htmx, fragment, go, page
from model_lineup.panel.visitors import AsAdmin, AsViewer, By, Sent
from model_lineup.rooms import Rooms
from model_lineup.upstream import registry
from model_lineup.upstream.presets import PRESETS

router = pages("/providers")
Word = Annotated[str, Query(max_length=40)]
REFUSED = (400, 409, 412, 422)
USUAL_TOKENS = 10_000
"""A day, where no cap was entered."""
SPENDING_DAYS = 7


def cards(there: Rooms) -> dict[str, Any]:
    """What there is to choose from when a provider is added: services, servers on this machine, and plain kinds."""
    kinds = registry.offered(drills=there.settings.drills)
    known = {preset.type for preset in PRESETS if preset.type != "openai"}
    return {
        "services": [one for one in PRESETS if one.network_scope == "public"],
        "servers": [one for one in PRESETS if one.network_scope != "public"],
        "kinds": sorted((one for one in kinds.values() if one.name not in known), key=lambda one: one.name != "openai"),
        "local": forms.LOCAL_MODEL,
    }


@router.get("/new")
def new(request: Request, there: There, _: AsAdmin, type: Word = "", preset: Word = "") -> Response:
    """Cards to choose from; then the form of the one that was chosen."""
    chosen = forms.preset_named(preset)
    kind = chosen.type if chosen else type
    if not kind:
        return page(request, "providers/cards.html", **cards(there))
    fields = forms.fields_of(kind)
    values = forms.proposed(fields.kind, chosen)
    return page(request, "providers/new.html", **new_form(fields, values, preset), errors={}, error=None)


@router.post("/new")
def add(request: Request, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    kind = form.text("type")[:40]
    fields = forms.fields_of(kind)
    try:
        provider, _receipt = there.providers.create(NewProvider(**said(forms.new_provider(form, kind))), by)
    except LineupError as error:
        values = {**forms.entered(form), "preset": form.text("preset")}
        more = {**new_form(fields, values, form.text("preset")[:40]), "next": form.text("next")[:10]}
        return refused(request, "providers/new.html", error, **more)
    if form.text("next") == "start":
        return go(request, f"/start/check?provider={provider.id}", say=f"{provider.name} is added.")
    return go(request, f"/providers/{provider.id}", say=f"{provider.name} is added. Test it, then fetch its models.")


def new_form(fields: forms.Fields, values: dict[str, Any], preset: str) -> dict[str, Any]:
    """What the template of a new provider needs beside the errors."""
    local = preset == forms.LOCAL_MODEL.name
    port = forms.LOCAL_PORT if local else None
    return {"fields": fields, "values": values, "preset": preset, "local_port": port, "version": 0, "key": None}


def refused(request: Request, template: str, error: LineupError, **more: Any) -> Response:
    """The form again, with what is wrong; a script's visitor only gets what is wrong, and keeps what he has typed.

    Raises the error again where no form can help.
    """
    if error.status not in REFUSED:
        raise error
    told = {"error": error, "errors": said_of_fields(error), "scope": error.facts.get("allowed_by_network_scope")}
    if by_htmx(request):
        return fragment(request, "providers/_refused.html", **{**more, **told})
    return page(request, template, status=error.status, **{**more, **told})


@router.get("/{provider_id:row}")
def show(request: Request, provider_id: PathId, there: There, _: AsViewer) -> Response:
    provider = there.providers.get(provider_id)
    return page(request, "providers/page.html", **shown(there, provider), error=None, errors={})


def shown(there: Rooms, provider: Provider, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the page of a provider needs; `values` are those that were entered, else those that are stored."""
    return {
        "row": row_of(there, provider),
        "fields": forms.fields_of(provider.type),
        "values": values or forms.stored(provider),
        "version": provider.version,
        "key": provider.api_key_last4 if provider.api_key_set else None,
        "checks": there.checks.state(provider.id),
        "spending": _spending(there, provider.id),
        "spending_days": SPENDING_DAYS,
        "preset": "",
        "local_port": None,
        "outcome": None,
        "fetching": {
            "fetch_rules": provider.fetch_rules,
            "fetch_schedule": provider.fetch_schedule,
            "state": there.scheduled.state(provider.id),
            "plan": next(iter(there.plans.to_review(provider_id=provider.id, limit=1)), None),
            "met": None,
            "wrong": None,
        },
    }


def _spending(there: Rooms, provider_id: int) -> SpendingPage:
    last = there.clock.now().date()
    first = last - timedelta(days=SPENDING_DAYS - 1)
    return there.own_work.days(first, last, provider_id=provider_id, limit=SPENDING_DAYS * len(OWN_WORK), offset=0)


@router.post("/{provider_id:row}")
def change(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Everything that the form holds, at the version that it was made from."""
    try:
        changes = ProviderChanges(**said(forms.patch(form)))
        provider, receipt = there.providers.change(provider_id, changes, by, if_match=_version(form))
    except LineupError as error:
        now = there.providers.get(provider_id)
        return refused(request, "providers/page.html", _explained(error), **shown(there, now, forms.entered(form)))
    changed = "is changed" if receipt.change_id else "was like that already"
    return go(request, f"/providers/{provider_id}", say=f"{provider.name} {changed}.", undo=receipt.change_id)


def _version(form: Form) -> int:
    """The one that a refusal has shown counts more than the one that the page was made with."""
    return form.whole("version_now") or form.whole("version") or 0


def _explained(error: LineupError) -> LineupError:
    if isinstance(error, CredentialRebindRequired):
        detail = "The stored key belongs to the old address and is sent to no other. Enter the key for the new address."
        return CredentialRebindRequired(detail, errors=[{"pointer": "/api_key", "message": "enter it again"}])
    if isinstance(error, PreconditionFailed):
        detail = "Somebody else changed this provider while you had it open. What you entered is still here: "
        return PreconditionFailed(f"{detail}saving again puts it over theirs.", **error.facts)
    return error


@router.post("/{provider_id:row}/checks")
def schedule_checks(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """Tests by the clock; without minutes there are none."""
    schedule = None
    if form.text("every_minutes").strip():
        most = form.whole("tokens_per_day")
        schedule = {
            "every_minutes": form.whole("every_minutes"),
            "tokens_per_day": USUAL_TOKENS if most is None else most,
            "capabilities_every_days": form.whole("capabilities_every_days"),
        }
    body = validated(ProviderPatch, {"check_schedule": schedule})
    changes = ProviderChanges(**provider_fields(body))
    provider, receipt = there.providers.change(provider_id, changes, by, if_match=form.whole("version"))
    say = "is tested by the clock" if provider.check_schedule else "is not tested by the clock"
    return go(
        request, f"/providers/{provider_id}#checks", say=f"{provider.name} {say} from now on.", undo=receipt.change_id
    )


@router.post("/{provider_id:row}/scope")
def widen(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """The scope that a test has found to be needed."""
    body = validated(ProviderPatch, {"network_scope": form.text("scope")})
    provider, _receipt = there.providers.change(provider_id, ProviderChanges(**said(body)), by)
    return go(request, f"/providers/{provider_id}", say=f"The network scope is {provider.network_scope}. Test again.")


@router.get("/{provider_id:row}/delete")
def ask_about_deletion(request: Request, provider_id: PathId, there: There, _: AsAdmin, by: By) -> Response:
    provider = there.providers.get(provider_id)

    def rehearse(confirm: bool) -> tuple[None, Any]:
        return None, there.providers.delete(provider_id, by, force=True, confirm=confirm, dry_run=True)

    return page(
        request,
        "providers/confirm.html",
        title=f"Delete {provider.name}?",
        text="Its key is wiped, and its models and their aliases are deleted with it. Switching it off keeps them.",
        preview=preview(there, rehearse),
        action=f"/providers/{provider_id}/delete",
        fields={"confirm": "true", "version": provider.version},
        verb="Delete",
        back=f"/providers/{provider_id}",
    )


@router.post("/{provider_id:row}/delete")
def delete(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    name = there.providers.get(provider_id).name
    if not form.flag("confirm"):
        return go(request, f"/providers/{provider_id}/delete")
    receipt = there.providers.delete(provider_id, by, force=True, confirm=True, if_match=form.whole("version"))
    return go(request, "/providers", say=f"{name} is deleted.", undo=receipt.change_id)
