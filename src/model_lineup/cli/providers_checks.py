"""More of `lineup providers`: tests of a provider's models by the clock, and what tests and benchmarks cost."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import Limit, Offset, said, shown_of
from model_lineup.cli.providers import Which, app
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.usage import First, Last
from model_lineup.cli.verbs import verb

OUTCOMES = {"ok": "carried out", "capped": "ended by the daily cap", "blocked": "blocked"}


@verb(
    app,
    "checks",
    examples=[
        "lineup providers checks openai",
        "lineup providers checks openai --every-minutes 60 --tokens-per-day 20000",
        "lineup providers checks openai --every-minutes 60 --tokens-per-day 90000 --capabilities-every-days 30",
        "lineup providers checks openai --off",
    ],
)
def checks(
    here: Session,
    provider: Which,
    every_minutes: Annotated[int | None, typer.Option(min=5, max=43_200, help="Test that often.")] = None,
    tokens_per_day: Annotated[
        int | None, typer.Option(min=1, help="No test begins by itself beyond that many tokens of tests in a day.")
    ] = None,
    capabilities_every_days: Annotated[
        int | None, typer.Option(min=1, max=365, help="Test capabilities too, that often.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Test only when somebody asks for it.")] = False,
) -> None:
    """See or set when the visible models of a provider are tested without anybody asking. Off unless it is set."""
    if off and (every_minutes or tokens_per_day or capabilities_every_days):
        raise Misused("Say either --off or a schedule.")
    if (every_minutes is None) != (tokens_per_day is None) or (capabilities_every_days and not every_minutes):
        raise Misused("A schedule needs both --every-minutes and --tokens-per-day.")
    row = finding.provider(here, provider)
    if off or every_minutes:
        schedule = said(
            every_minutes=every_minutes,
            tokens_per_day=tokens_per_day,
            capabilities_every_days=capabilities_every_days,
        )
        here.put(f"providers/{row['id']}", {"check_schedule": schedule or None})
    here.answer(here.get(f"providers/{row['id']}/checks"), _tell)


def _tell(state: dict[str, Any]) -> None:
    schedule, last, spent = state["check_schedule"], state["last"], state["spent_today"]
    told = "off"
    if schedule:
        told = f"every {schedule['every_minutes']} minutes, at most {schedule['tokens_per_day']} tokens a day"
        if schedule["capabilities_every_days"]:
            told += f"; capabilities every {schedule['capabilities_every_days']} days"
    pairs: list[tuple[str, Any]] = [
        ("schedule", told),
        ("due", state["due_at"]),
        ("spent today", spent_in_words(spent)),
        *((f"  {work}", spent_in_words(one)) for work, one in spent["by_work"].items() if one["requests"]),
    ]
    if last:
        counts = f"{last['passed']} passed, {last['failed']} failed, {last['left']} left out"
        if last.get("capabilities"):
            counts += f", capabilities of {last['capabilities']}"
        pairs.append(("last round", f"{OUTCOMES[last['outcome']]}: {counts} {last['message']}".strip()))
        pairs.append(("at", state["last_at"]))
    show.facts(pairs)


def spent_in_words(spent: dict[str, Any]) -> str:
    """Requests, tokens and, where a price is known, money."""
    cost = "" if spent["cost_usd"] is None else f", {spent['cost_usd']:.6f} USD"
    return f"{show.count(spent['requests'], 'request')}, {show.count(spent['tokens'], 'token')}{cost}"


@verb(app, "spending", examples=["lineup providers spending", "lineup providers spending openai --from 2030-01-01"])
def spending(
    here: Session,
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]", help="Only at this one.")] = None,
    first: First = None,
    last: Last = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    """What Lineup's own tests and benchmarks cost, by day and provider; of the last 30 days, or of others."""
    query: dict[str, Any] = said(provider_id=finding.provider(here, provider)["id"] if provider else None, to=last)
    if first is not None:
        query["from"] = first

    def as_text(found: dict[str, Any]) -> None:
        columns = [
            Column("day", "day"),
            Column("provider", lambda one: (one["provider"] or {}).get("slug")),
            Column("work", "work"),
            Column("requests", "requests"),
            Column("tokens", "tokens"),
            Column("USD", "cost_usd"),
        ]
        show.rows(found["spent"], columns, nothing="Nothing was tested or measured.")
        if found["spent"]:
            show.line(f"{found['first']} to {found['last']}: {spent_in_words(found['totals'])}.")
        if rest := shown_of(found, len(found["spent"])):
            show.note(rest)

    here.answer(here.get("spending", limit=limit, offset=offset, **query), as_text)
