"""Usage: sums of the ledger by what one likes, single requests, and the sums as CSV. Who is only a user: his own."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, cast
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.access.actor import Actor, Role
from model_lineup.api.dependencies import There
from model_lineup.api.usage import MOST_DAYS, OWN, USUAL_DAYS, cursor_of
from model_lineup.errors import InvalidInput
from model_lineup.ledger.entry import OUTCOMES
from model_lineup.ledger.shapes import DIMENSIONS, Dimension, UsageGroup, UsageReport, UsageSums, Wanted, WantedEntries
from model_lineup.panel import charts, wording
from model_lineup.panel.charts import Chart
from model_lineup.panel.forms import Form
from model_lineup.panel.pages import pages
from model_lineup.panel.render import base, page
from model_lineup.panel.visitors import AsUser
from model_lineup.rooms import Rooms

router = pages("/usage")
GROUPS, REQUESTS, CSV_ROWS, AT_ONCE = 100, 50, 100_000, 1_000
RANGES = (7, 30, 90)
FILTERS = ("model_id", "provider_id", "key_id", "group_id", "outcome", "name", "on_behalf_of")
NUMBERS = ("provider_id", "key_id", "group_id")
COLUMNS = ("requests", *OUTCOMES, "prompt_tokens", "completion_tokens", "cached_tokens", "ttft_ms_mean", "cost_usd")


@router.get("")
def show_usage(request: Request, there: There, actor: AsUser) -> Response:
    """`view=requests` lists single requests, anything else the report."""
    asked = Form(_fields(request))
    try:
        wanted, by = _wanted(asked, actor, there), _by(asked, actor)
        before = cursor_of(asked.text("before") or None)
        error = None
    except InvalidInput as wrong:
        wanted, by, before, error = _usual(actor, there), "model", None, wrong
    single = asked.text("view") == "requests" and actor.role.reaches(Role.VIEWER)
    days = there.usage.report(wanted, ("day",), limit=MOST_DAYS, offset=0)
    kept = _kept(asked, wanted, by)
    return page(
        request,
        "usage/page.html",
        status=error.status if error else 200,
        error=error,
        entered=asked,
        wanted=wanted,
        by=by,
        dimensions=DIMENSIONS if actor.role.reaches(Role.VIEWER) else OWN,
        outcomes=OUTCOMES,
        days=days,
        drawn=per_day(days),
        report=None if single else there.usage.report(wanted, (by,), limit=GROUPS, offset=0, totals=days.totals),
        requests=there.usage.requests(_entries(wanted, before), limit=REQUESTS) if single else None,
        sees_all=actor.role.reaches(Role.VIEWER),
        tests=_tests(there, wanted) if actor.role.reaches(Role.VIEWER) else None,
        ranges=[(count, _link(request, {**kept, **_last(there, count)})) for count in RANGES],
        range_now=(wanted.last - wanted.first).days + 1 if wanted.last == there.clock.now().date() else 0,
        link=lambda more: _link(request, {**kept, **more}),
        export=f"{base(request)}/usage/export?{urlencode(kept)}",
        label=label,
        groups=there.groups.names() if wanted.group_id else {},
    )


@router.get("/export")
def export(request: Request, there: There, actor: AsUser) -> Response:
    """The report as CSV, up to a hundred thousand rows. Raises InvalidInput."""
    asked = Form(_fields(request))
    wanted, by = _wanted(asked, actor, there), _by(asked, actor)
    name = f"usage-{wanted.first}-{wanted.last}-by-{by}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(_csv(there, wanted, by), media_type="text/csv; charset=utf-8", headers=headers)


def label(group: UsageGroup, by: str) -> str:
    """What stands for a group."""
    value: Any = getattr(group, by)
    if value is None:
        return {
            "model": "no model",
            "key": "without a key",
            "person": "nobody's",
            "group": "in no group",
            "name": "no name",
        }.get(by, "none")
    for field in ("model_id", "slug", "email", "name"):
        if hasattr(value, field):
            return str(getattr(value, field))
    return str(value)


def _tests(there: Rooms, wanted: Wanted) -> UsageSums | None:
    """What Lineup's own tests and benchmarks are of it; None where there are none."""
    asked = msgspec.structs.replace(wanted, own_work=True)
    sums = there.usage.report(asked, (), limit=1, offset=0).totals
    return sums if sums.requests else None


def _fields(request: Request) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        fields.setdefault(name, []).append(value[:2_000])
    return fields


def _wanted(asked: Form, actor: Actor, there: Rooms) -> Wanted:
    """Raises InvalidInput."""
    last = _day(asked, "to") or there.clock.now().date()
    first = _day(asked, "from") or date.fromordinal(max(1, last.toordinal() - USUAL_DAYS + 1))
    if first > last:
        raise InvalidInput.at("from", f"{first} is after the last day, {last}")
    if last - first >= timedelta(days=MOST_DAYS):
        raise InvalidInput.at("from", f"at most {MOST_DAYS} days at a time")
    if not actor.role.reaches(Role.VIEWER):
        return Wanted(first=first, last=last, person_id=actor.person_id)
    narrow: dict[str, Any] = {one: asked.whole(one) if one in NUMBERS else asked.text(one) or None for one in FILTERS}
    if narrow["outcome"] is not None and narrow["outcome"] not in OUTCOMES:
        raise InvalidInput.at("outcome", f"one of {', '.join(OUTCOMES)}")
    return Wanted(first=first, last=last, **narrow)


def _usual(actor: Actor, there: Rooms) -> Wanted:
    return _wanted(Form({}), actor, there)


def _day(asked: Form, name: str) -> date | None:
    said = asked.text(name)
    try:
        if said and (len(said) != 10 or not said.replace("-", "").isdigit()):
            raise ValueError
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise InvalidInput.at(name, "a day of the calendar in UTC, like 2030-01-31") from None


def _by(asked: Form, actor: Actor) -> Dimension:
    said = asked.text("by") or "model"
    for one in DIMENSIONS if actor.role.reaches(Role.VIEWER) else OWN:
        if one == said:
            return one
    raise InvalidInput.at("by", f"{said[:50]!r} is nothing to group by")


def _entries(wanted: Wanted, before: tuple[int, int] | None) -> WantedEntries:
    return WantedEntries(**{name: getattr(wanted, name) for name in Wanted.__struct_fields__}, before=before)


def _kept(asked: Form, wanted: Wanted, by: str) -> dict[str, Any]:
    """The query of this page, for links that change one thing of it."""
    narrow = {name: asked.text(name) for name in FILTERS if asked.text(name)}
    view = {"view": "requests"} if asked.text("view") == "requests" else {}
    return {"from": wanted.first, "to": wanted.last, "by": by, **narrow, **view}


def _last(there: Rooms, count: int) -> dict[str, date]:
    today = there.clock.now().date()
    return {"from": today - timedelta(days=count - 1), "to": today}


def _link(request: Request, query: dict[str, Any]) -> str:
    return f"{base(request)}/usage?{urlencode({name: value for name, value in query.items() if value != ''})}"


def per_day(days: UsageReport) -> Chart:
    """Every day of the span, those without requests too; by weeks where days would be too thin."""
    known = {cast("date", group.day): group for group in days.groups}
    span = [days.first + timedelta(days=one) for one in range((days.last - days.first).days + 1)]
    step = 1 if len(span) <= 100 else 7 if len(span) <= 700 else 28
    buckets = [span[at : at + step] for at in range(0, len(span), step)]

    def total(bucket: list[date], outcomes: tuple[str, ...]) -> int:
        return sum(getattr(known[day].outcomes, one) for day in bucket if day in known for one in outcomes)

    parts = [
        ("completed", ("completed",)),
        ("failed upstream", ("upstream_failed",)),
        ("refused", ("refused",)),
        ("left by the caller", ("client_closed",)),
    ]
    each: Literal["day", "week", "four weeks"] = "day" if step == 1 else "week" if step == 7 else "four weeks"
    return charts.bars(
        f"Requests per {each}",
        [bucket[0].strftime("%d %b") if step == 1 else bucket[0].isoformat() for bucket in buckets],
        [(name, [total(bucket, outcomes) for bucket in buckets]) for name, outcomes in parts],
        value=wording.number,
        x_name=each.capitalize(),
    )


def _csv(there: Rooms, wanted: Wanted, by: Dimension) -> Iterator[str]:
    yield _line([by, *COLUMNS])
    for offset in range(0, CSV_ROWS, AT_ONCE):
        groups = there.usage.report(wanted, (by,), limit=AT_ONCE, offset=offset).groups
        yield "".join(_line(_row(group, by)) for group in groups)
        if len(groups) < AT_ONCE:
            return


def _row(group: UsageGroup, by: Dimension) -> list[Any]:
    value = "" if getattr(group, by) is None else label(group, by)
    counts = [getattr(group.outcomes, outcome) for outcome in OUTCOMES]
    tokens = [group.prompt_tokens, group.completion_tokens, group.cached_tokens]
    return [harmless(value), group.requests, *counts, *tokens, group.ttft_ms.mean, group.cost_usd]


def harmless(text: str) -> str:
    """A table program would take what begins like a formula for one."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
