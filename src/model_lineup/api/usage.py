"""Usage: `/api/admin/usage` for administrators and viewers, `/api/me/usage` for one's own."""

from datetime import date, timedelta
from typing import Annotated, cast

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented
from model_lineup.api.bodies import MOST_INTEGER, Line, pattern
from model_lineup.api.dependencies import AsUser, AsViewer, Limit, Offset, There
from model_lineup.api.strict import noun
from model_lineup.catalog.names import MODEL_ID_LENGTH
from model_lineup.errors import InvalidInput, NotAllowed
from model_lineup.ledger.entry import Outcome
from model_lineup.ledger.shapes import (
    DIMENSIONS,
    Dimension,
    UsageReport,
    UsageRequestPage,
    Wanted,
    WantedEntries,
)
from model_lineup.ledger.spending import SpendingPage

router = noun("Usage", "/api")
MOST_DAYS = 3_660
MOST_DIMENSIONS = 3
USUAL_DAYS = 30
OWN: tuple[Dimension, ...] = ("day", "model", "key", "outcome", "name")

Word = Annotated[Line, Field(min_length=1, max_length=300)]
Id = Annotated[int, Field(ge=1, le=MOST_INTEGER)]
Day = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date"})]


async def days_of(
    there: There,
    first: Annotated[Day | None, Query(alias="from", description="First day, UTC; 29 days before the last.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day, UTC; today.")] = None,
) -> tuple[date, date]:
    """Both included. Raises InvalidInput naming the one that is wrong."""
    end = there.clock.now().date() if last is None else _day(last, "to")
    begin = date.fromordinal(max(1, end.toordinal() - USUAL_DAYS + 1)) if first is None else _day(first, "from")
    if begin > end:
        raise InvalidInput.at("from", f"{begin} is after the last day, {end}")
    if end - begin >= timedelta(days=MOST_DAYS):
        raise InvalidInput.at("from", f"at most {MOST_DAYS} days at a time")
    return begin, end


Days = Annotated[tuple[date, date], Depends(days_of)]


async def filters(
    days: Days,
    model_id: Annotated[
        Annotated[Line, Field(min_length=1, max_length=MODEL_ID_LENGTH)] | None,
        Query(description="The provider's own id of the model that answered."),
    ] = None,
    provider_id: Annotated[Id | None, Query()] = None,
    key_id: Annotated[Id | None, Query()] = None,
    person_id: Annotated[Id | None, Query(description="Whose keys.")] = None,
    group_id: Annotated[Id | None, Query(description="The group that the key, or its owner, belongs to now.")] = None,
    outcome: Annotated[Outcome | None, Query()] = None,
    name: Annotated[Word | None, Query(description="What callers wrote as `model`.")] = None,
    on_behalf_of: Annotated[Word | None, Query(description="The user that a trusted front end named.")] = None,
) -> Wanted:
    return Wanted(
        first=days[0],
        last=days[1],
        model_id=model_id,
        provider_id=provider_id,
        key_id=key_id,
        person_id=person_id,
        group_id=group_id,
        outcome=outcome,
        name=name,
        on_behalf_of=on_behalf_of,
    )


Filters = Annotated[Wanted, Depends(filters)]
GroupBy = Annotated[
    Annotated[str, Field(max_length=100), pattern(f"^({'|'.join(DIMENSIONS)})(,({'|'.join(DIMENSIONS)})){{0,2}}$")],
    Query(description=f"Up to {MOST_DIMENSIONS} of {', '.join(DIMENSIONS)}, separated by commas."),
]


@router.get("/admin/usage", responses=documented(UsageReport))
def report(
    there: There, _: AsViewer, wanted: Filters, group_by: GroupBy = "model", limit: Limit = 100, offset: Offset = 0
) -> Response:
    """Requests, outcomes, tokens and times of the last 30 days, or of others; days newest first, else the most used
    first. A second may pass until a request is counted. By `group`: groups that keys belong to now, a key of two
    counts for both."""
    return answer(there.usage.report(wanted, _dimensions(group_by, DIMENSIONS), limit=limit, offset=offset))


@router.get("/admin/usage/requests", responses=documented(UsageRequestPage))
def list_requests(
    there: There,
    _: AsViewer,
    wanted: Filters,
    request_id: Annotated[
        Annotated[Line, Field(min_length=1, max_length=64)] | None,
        Query(description="`x-request-id` of the answer; looked for in all days."),
    ] = None,
    code: Annotated[Word | None, Query(description="Of the error that the caller was told.")] = None,
    before: Annotated[
        Annotated[str, Field(max_length=40), pattern("^[0-9]{1,16}-[0-9]{1,16}$")] | None,
        Query(description="`next` of the page before."),
    ] = None,
    limit: Limit = 100,
) -> Response:
    """Single requests, newest first; kept for `LINEUP_USAGE_ENTRIES_DAYS`."""
    narrower = {name: getattr(wanted, name) for name in Wanted.__struct_fields__}
    entries = WantedEntries(**narrower, request_id=request_id, code=code, before=cursor_of(before))
    return answer(there.usage.requests(entries, limit=limit))


@router.get("/admin/spending", responses=documented(SpendingPage))
def spending(
    there: There,
    _: AsViewer,
    days: Days,
    provider_id: Annotated[Id | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """What Lineup's own work cost (`tests`, `capability tests`, `benchmarks`), by day and provider, newest first.

    Every request counts, whoever asked for it. Tokens that a provider did not tell are taken as 40 a request.
    """
    return answer(there.own_work.days(*days, provider_id=provider_id, limit=limit, offset=offset))


@router.get("/me/usage", responses=documented(UsageReport))
def report_own(
    there: There, actor: AsUser, days: Days, group_by: GroupBy = "day", limit: Limit = 100, offset: Offset = 0
) -> Response:
    """What one's own keys used, by day, model, key, outcome or name."""
    if actor.person_id is None:
        raise NotAllowed("This credential belongs to nobody; usage of one's own is that of people.")
    wanted = Wanted(first=days[0], last=days[1], person_id=actor.person_id)
    return answer(there.usage.report(wanted, _dimensions(group_by, OWN), limit=limit, offset=offset))


def _dimensions(said: str, among: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    """Raises InvalidInput."""
    names = said.split(",")
    wrong = next((name for name in names if name not in among), None)
    if wrong is not None:
        raise InvalidInput.at("group_by", f"{wrong[:50]!r} is none of {', '.join(among)}")
    if len(names) > MOST_DIMENSIONS or len(set(names)) < len(names):
        raise InvalidInput.at("group_by", f"say at most {MOST_DIMENSIONS}, each once")
    return cast("tuple[Dimension, ...]", tuple(names))


def _day(said: str, parameter: str) -> date:
    try:
        if len(said) != 10 or not said.replace("-", "").isdigit():  # a day of a week is none that we mean
            raise ValueError
        return date.fromisoformat(said)
    except ValueError:
        raise InvalidInput.at(parameter, "a day of the calendar in UTC, like 2030-01-31") from None


def cursor_of(said: str | None) -> tuple[int, int] | None:
    """Moment and id behind `next` of a page. Raises InvalidInput."""
    if said is None:
        return None
    moment, _, row_id = said.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= 16 for part in (moment, row_id)):
        raise InvalidInput.at("before", "is no `next` of this list; leave it out to begin with the newest")
    return int(moment), int(row_id)
