"""Asking a provider: whether its list can be read, and what fetching it would change; then fetching."""

from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from model_lineup.api.dependencies import PathId, There
from model_lineup.catalog.discovery import FetchPlan, ProviderTest
from model_lineup.catalog.fetch_plan import PlanItem
from model_lineup.errors import KeyUndecryptable, NameWouldMove, UpstreamFailed
from model_lineup.journal.record import Author
from model_lineup.panel.pages import pages
from model_lineup.panel.providers.editing import shown
from model_lineup.panel.providers.preview import Move, moves_of
from model_lineup.panel.render import by_htmx, fragment, go, page
from model_lineup.panel.visitors import AsAdmin, By, Sent
from model_lineup.panel.wording import plural
from model_lineup.rooms import Rooms

router = pages("/providers")
SHOWN = 30
"""Models of each part of a plan that are named; all are counted."""
STEPS = (
    ("dns", "Host found"),
    ("connect", "Connected"),
    ("tls", "TLS"),
    ("auth", "Key accepted"),
    ("list", "List read"),
)
_AT = {"dns": 0, "connect": 1, "tls": 2, "auth": 3, "quota": 4, "model": 4, "protocol": 4, "empty": 4}
PARTS = (
    ("added", "New, arriving hidden"),
    ("changed", "Changed facts"),
    ("reactivated", "Back again"),
    ("vanished", "Gone from the list"),
    ("protected", "Protected"),
)


class Step(NamedTuple):
    """`state`: ok, failing, skipped, unknown."""

    name: str
    title: str
    state: str


class Tested(NamedTuple):
    result: ProviderTest
    steps: list[Step]


class Part(NamedTuple):
    name: str
    title: str
    total: int
    items: list[PlanItem]


class Planned(NamedTuple):
    """A plan for people; `moves`: names in use that would mean another model."""

    plan: FetchPlan
    parts: list[Part]
    moves: list[Move]
    moves_total: int

    @property
    def changes(self) -> bool:
        plan = self.plan
        return bool(plan.added or plan.changed or plan.reactivated or plan.vanished)


@router.post("/{provider_id:row}/test")
async def test(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin) -> Response:
    """Read the list and store nothing; the first step that failed is named."""
    tested = await asked(there, provider_id)
    return await told(request, there, provider_id, "_tested", form.text("next"), tested=tested)


@router.post("/{provider_id:row}/fetch")
async def fetch(request: Request, provider_id: PathId, form: Sent, there: There, _: AsAdmin, by: By) -> Response:
    """First what it would change; then, when that was looked at, the change."""
    try:
        if not form.flag("apply"):
            planned = await rehearsed(there, provider_id, by)
            return await told(request, there, provider_id, "_plan", form.text("next"), planned=planned)
        plan = await there.discovery.fetch(provider_id, by, confirm=form.flag("confirm"))
    except NameWouldMove:
        planned = await rehearsed(there, provider_id, by)
        return await told(request, there, provider_id, "_plan", form.text("next"), planned=planned)
    except (UpstreamFailed, KeyUndecryptable) as error:
        return await told(request, there, provider_id, "_tested", form.text("next"), tested=failed(error))
    return go(request, _after(form.text("next"), provider_id), say=summary(plan), undo=plan.change_id)


def _after(wanted: str, provider_id: int) -> str:
    """The set-up goes on with choosing models."""
    return f"/start/models?provider={provider_id}" if wanted == "start" else f"/providers/{provider_id}"


async def asked(there: Rooms, provider_id: int) -> Tested:
    """Raises NotFound."""
    try:
        return _judged(await there.discovery.test(provider_id))
    except KeyUndecryptable as error:
        return failed(error)


def failed(error: UpstreamFailed | KeyUndecryptable) -> Tested:
    stage = "key" if isinstance(error, KeyUndecryptable) else error.facts.get("stage")
    hint = "Enter the key again." if stage == "key" else error.facts.get("hint", "")
    return _judged(
        ProviderTest(
            passed=False,
            stage=stage,
            http_status=error.facts.get("http_status"),
            latency_ms=0,
            models=None,
            message=error.detail,
            hint=hint,
            allowed_by_network_scope=error.facts.get("allowed_by_network_scope"),
        )
    )


async def rehearsed(there: Rooms, provider_id: int, by: Author) -> Planned:
    """The plan, whatever names it would move. Raises UpstreamFailed, KeyUndecryptable."""
    moved = None
    try:
        plan = await there.discovery.fetch(provider_id, by, dry_run=True)
    except NameWouldMove as error:
        moved = error
        plan = await there.discovery.fetch(provider_id, by, dry_run=True, confirm=True)
    parts = [Part(name, title, len(found := getattr(plan, name)), found[:SHOWN]) for name, title in PARTS]
    moves, total = await run_in_threadpool(moves_of, there, moved)
    return Planned(plan, [part for part in parts if part.total], moves, total)


def summary(plan: FetchPlan) -> str:
    counts = {"new": plan.added, "changed": plan.changed, "back": plan.reactivated, "gone": plan.vanished}
    told = ", ".join(f"{len(found)} {word}" for word, found in counts.items() if found) or "nothing new"
    return f"{plural(plan.listed, 'model')} listed: {told}."


def _judged(result: ProviderTest) -> Tested:
    """A time-out came after the connection was made, or it would be one of that step."""
    stage = result.stage or ""
    here = len(STEPS) if result.passed else _AT.get(stage, 3)
    fails = {index: "failing" for index in (here,) if stage in _AT and not result.passed}
    states = ["ok" if index < here else "unknown" for index in range(len(STEPS))]
    if stage == "key":
        states = ["unknown"] * len(STEPS)
    return Tested(result, [Step(*step, fails.get(index, states[index])) for index, step in enumerate(STEPS)])


async def told(request: Request, there: Rooms, provider_id: int, outcome: str, following: str, **more: Any) -> Response:
    """As a piece, or in the whole page of the provider. `following`: where to go on when all is well."""

    def made() -> Response:
        told = {"outcome": f"providers/{outcome}.html", "next": following, **more}
        context = {**shown(there, there.providers.get(provider_id)), **told}
        if by_htmx(request):
            return fragment(request, "providers/_outcome.html", **context)
        return page(request, "providers/page.html", **context, error=None, errors={})

    return await run_in_threadpool(made)
