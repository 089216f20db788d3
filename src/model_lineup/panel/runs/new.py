"""Which models, and what is done with them: benchmarks by a plan, or one connection test of each; what that will cost
is told before it begins."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from model_lineup.access.actor import Actor
from model_lineup.api.benchmark_plan import PlanBody
from model_lineup.api.dependencies import There
from model_lineup.api.runs import take_turn
from model_lineup.benchmarks import plan as plans
from model_lineup.benchmarks.forecast import Forecast
from model_lineup.benchmarks.plan import RANGES, Plan
from model_lineup.benchmarks.testing import AT_ONCE
from model_lineup.benchmarks.turns import Begun
from model_lineup.catalog.shapes import Model, ModelFilter
from model_lineup.errors import InvalidInput, LineupError, ModelNotFound
from model_lineup.panel import wording
from model_lineup.panel.forms import Form, said_of_fields, validated
from model_lineup.panel.pages import pages
from model_lineup.panel.render import fragment, go, page
from model_lineup.panel.runs import plan_file, testing
from model_lineup.panel.visitors import AsAdmin, Sent
from model_lineup.rooms import Rooms

router = pages("/runs")
FOUND = 20
FLOATS = ("rate", "time_limit_s")
OBJECTIVES, SWEEPS = ("ttft_ms", "tpot_ms", "e2e_ms"), ("concurrency", "rate")
MORE = (
    "arrivals",
    "name",
    "sweep_least_gain",
    *(f"slo_{name}" for name in OBJECTIVES),
    *(f"sweep_{name}" for name in SWEEPS),
)
"""Fields that are not numbers of the plan itself."""
USUAL = {name: getattr(Plan(), name) for name in RANGES}
MOST_MODELS = 100


class Choice(NamedTuple):
    """`chosen` are ticked; `found` is what the search brought beside them, of `total`."""

    chosen: list[Model]
    found: list[Model]
    total: int
    gone: int


class Cost(NamedTuple):
    """`each`: of the chosen models, None where the plan is wrong. `passing`: those that may pass a daily cap."""

    each: list[Forecast] | None
    passing: list[Forecast]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.each or ())

    @property
    def tokens(self) -> int:
        return sum(one.tokens for one in self.each or ())

    @property
    def usd(self) -> float | None:
        """Of those whose price is known."""
        known = [one.cost_usd for one in self.each or () if one.cost_usd is not None]
        return sum(known) if known else None

    @property
    def unpriced(self) -> int:
        return sum(one.cost_usd is None for one in self.each or ())


@router.get("/new")
def new_page(request: Request, there: There, _: AsAdmin) -> Response:
    """`model` (row ids) chooses, further parameters fill in the plan."""
    fields: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        fields.setdefault("ids" if name == "model" else name, []).append(value)
    return _page(request, there, Form(fields))


@router.post("/new/models")
def choose(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """The list of models anew, as the search box is typed into."""
    return fragment(request, "runs/_choice.html", choice=_choice(there, form))


@router.post("/new/cost")
def foretell(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """What it would cost, anew, as the plan or the choice changes."""
    return fragment(request, "runs/_cost.html", cost=_cost(there, form))


@router.post("/new/plan")
def take_over(request: Request, form: Sent, there: There, _: AsAdmin) -> Response:
    """The form with the plan of a file in it; nothing is begun. A file that is none is told with its lines."""
    text, fields, wrong = plan_file.read(form)
    chosen = {"ids": form.many("ids"), "q": [form.text("q")]}
    if wrong:
        return _page(request, there, Form(chosen), told=plan_file.Told(text, wrong))
    return _page(request, there, Form({**chosen, **plan_file.entered(fields)}), told=plan_file.Told(text, []))


@router.post("/new")
async def begin(request: Request, form: Sent, there: There, actor: AsAdmin) -> Response:
    """`do`: `benchmark`, `anyway` (although it may pass a daily cap), `test`; anything else shows the page with what
    was entered and chosen, and what it would cost."""
    do = form.text("do")
    if do == "save":
        return await asyncio.to_thread(_saved, request, there, form)
    if do not in ("benchmark", "anyway", "test"):
        return await asyncio.to_thread(_page, request, there, form)
    try:
        models = (await asyncio.to_thread(_choice, there, form)).chosen
        if not models:
            raise InvalidInput.at("ids", "tick at least one model")
        if do == "test":
            return await testing.begin(request, there, actor, models)
        plan = validated(PlanBody, _plan(form)).plan()
        if do == "benchmark" and (await asyncio.to_thread(_cost, there, form)).passing:
            return await asyncio.to_thread(_page, request, there, form, None, None, True)
        await asyncio.to_thread(_take_turns, there, actor, models)
        begun = await there.benchmark_turns.begin(models, plan, actor.label)
    except LineupError as error:
        return await asyncio.to_thread(_page, request, there, form, error)
    if len(models) == 1 and begun.refused:
        return await asyncio.to_thread(_page, request, there, form, None, begun)
    if len(models) == 1 and begun.started:
        return go(request, f"/runs/{begun.started[0].id}")
    return go(request, "/runs", say=_told(begun))


def _page(
    request: Request,
    there: Rooms,
    form: Form,
    error: LineupError | None = None,
    begun: Begun | None = None,
    asks: bool = False,
    *,
    told: plan_file.Told | None = None,
) -> Response:
    """`asks`: whether to begin although a cap may be passed. `told`: of a file, what came of reading it."""
    entered = {name: form.text(name) if name in form else _usual(name) for name in RANGES}
    return page(
        request,
        "runs/new.html",
        status=error.status if error else 409 if begun or asks else 422 if told and told.wrong else 200,
        told=told,
        choice=_choice(there, form),
        q=form.text("q"),
        entered=entered,
        more_entered={name: form.text(name) or ("constant" if name == "arrivals" else "") for name in MORE},
        ranges=RANGES,
        error=error,
        errors=_by_field(error) if error else {},
        begun=begun,
        asks=asks,
        cost=_cost(there, form),
        at_once=there.settings.runs_at_once,
        most_models=MOST_MODELS,
        most_tests=testing.MOST,
        tests_at_once=AT_ONCE,
    )


def _saved(request: Request, there: Rooms, form: Form) -> Response:
    """The plan that was entered, as a file."""
    try:
        plans.check(validated(PlanBody, _plan(form)).plan())
    except LineupError as error:
        return _page(request, there, form, error)
    headers = {"content-disposition": 'attachment; filename="plan.toml"'}
    return PlainTextResponse(plan_file.written(_plan(form)), media_type="application/toml", headers=headers)


def _choice(there: Rooms, form: Form) -> Choice:
    wanted = list(dict.fromkeys(form.wholes("ids")))
    if len(wanted) > MOST_MODELS:
        raise InvalidInput.at("ids", f"{len(wanted)} models are too many; at most {MOST_MODELS} at a time")
    chosen = [model for row_id in wanted if (model := _model(there, row_id))]
    search = form.text("q")[:100]
    found = there.models.page(ModelFilter(q=search or None), sort="model_id", limit=FOUND, offset=0)
    others = [model for model in found.models if model.id not in wanted]
    return Choice(chosen, others if search or not chosen else [], found.total, len(wanted) - len(chosen))


def _cost(there: Rooms, form: Form) -> Cost:
    """A plan that cannot be carried out costs nothing yet."""
    try:
        plan = validated(PlanBody, _plan(form)).plan()
        found = [there.runs.forecast(model.id, plan) for model in _choice(there, form).chosen]
    except LineupError:
        return Cost(None, [])
    return Cost(found, _passing(found))


def _passing(found: Sequence[Forecast]) -> list[Forecast]:
    """Those that may pass their provider's cap, each after those before it at the same provider."""
    more: Counter[str] = Counter()
    passing = []
    for one in found:
        more[one.provider] += one.tokens
        if one.tokens_per_day is not None and one.spent_today.tokens + more[one.provider] > one.tokens_per_day:
            passing.append(one)
    return passing


def _model(there: Rooms, row_id: int) -> Model | None:
    try:
        return there.models.get(row_id)
    except ModelNotFound:
        return None


def _plan(form: Form) -> dict[str, Any]:
    """What was entered; a field left empty has its usual value. A rate excludes concurrency, which is then left out."""
    values: dict[str, Any] = {name: form.number(name) if name in FLOATS else form.whole(name) for name in RANGES}
    if values["rate"] is not None and values["concurrency"] == 1:
        values["concurrency"] = None
    values["arrivals"] = form.text("arrivals") or None
    values["name"] = form.text("name") or None
    slo = {name: value for name in OBJECTIVES if (value := form.number(f"slo_{name}")) is not None}
    sweep: dict[str, Any] = {name: _loads(form, name) for name in SWEEPS if form.text(f"sweep_{name}").strip()}
    if sweep and (gain := form.number("sweep_least_gain")) is not None:
        sweep["least_gain"] = gain
    found = {name: value for name, value in values.items() if value is not None}
    return {**found, **({"slo": slo} if slo else {}), **({"sweep": sweep} if sweep else {})}


def _loads(form: Form, name: str) -> list[float]:
    """Numbers with commas between. Raises InvalidInput."""
    text = form.text(f"sweep_{name}")
    try:
        return [(int if name == "concurrency" else float)(part) for part in text.split(",")]
    except ValueError:
        raise InvalidInput.at(f"/sweep/{name}", "write the loads like 1, 2, 4, 8") from None


def _by_field(error: LineupError) -> dict[str, str]:
    """In the names of the form: `/slo/ttft_ms` is `slo_ttft_ms` there; what a step gets wrong, its list's."""
    found = {}
    for pointer, words in said_of_fields(error).items():
        parts = pointer.strip("/").split("/")
        nested = parts[0] in ("slo", "sweep")
        name = "_".join(parts[:2]) if nested and len(parts) > 1 else "sweep_concurrency" if nested else pointer
        found[name] = words
    return found


def _usual(name: str) -> str:
    value = USUAL[name]
    return "" if value is None else f"{value:g}"


def _take_turns(there: Rooms, actor: Actor, models: list[Model]) -> None:
    for model in models:
        take_turn(there, actor, model.id, "benchmarks", there.settings.benchmarks_per_minute)


def _told(begun: Begun) -> str:
    parts = [f"{wording.plural(len(begun.started), 'benchmark')} started"] if begun.started else []
    parts += [f"{len(begun.waiting)} waiting for their turn"] if begun.waiting else []
    parts += [f"{len(begun.refused)} refused: {begun.refused[0].reason}"] if begun.refused else []
    return f"{', '.join(parts)}."
