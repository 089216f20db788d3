"""More of `lineup providers`: tests of a provider's models by the clock, and what tests used today."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.providers import Which, app
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

OUTCOMES = {"ok": "carried out", "capped": "ended by the daily cap", "blocked": "blocked"}


@verb(
    app,
    "checks",
    examples=[
        "lineup providers checks openai",
        "lineup providers checks openai --every-minutes 60 --tokens-per-day 20000",
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
    off: Annotated[bool, typer.Option("--off", help="Test only when somebody asks for it.")] = False,
) -> None:
    """See or set when the visible models of a provider are tested without anybody asking. Off unless it is set."""
    if off and (every_minutes or tokens_per_day):
        raise Misused("Say either --off or a schedule.")
    if (every_minutes is None) != (tokens_per_day is None):
        raise Misused("A schedule needs both --every-minutes and --tokens-per-day.")
    row = finding.provider(here, provider)
    if off or every_minutes:
        schedule = {"every_minutes": every_minutes, "tokens_per_day": tokens_per_day} if every_minutes else None
        here.put(f"providers/{row['id']}", {"check_schedule": schedule})
    here.answer(here.get(f"providers/{row['id']}/checks"), _tell)


def _tell(state: dict[str, Any]) -> None:
    schedule, last, spent = state["check_schedule"], state["last"], state["spent_today"]
    told = "off"
    if schedule:
        told = f"every {schedule['every_minutes']} minutes, at most {schedule['tokens_per_day']} tokens a day"
    cost = "" if spent["cost_usd"] is None else f", {spent['cost_usd']:.6f} USD"
    pairs: list[tuple[str, Any]] = [
        ("schedule", told),
        ("due", state["due_at"]),
        ("tests today", f"{show.count(spent['requests'], 'request')}, {show.count(spent['tokens'], 'token')}{cost}"),
    ]
    if last:
        counts = f"{last['passed']} passed, {last['failed']} failed, {last['left']} left out"
        pairs.append(("last round", f"{OUTCOMES[last['outcome']]}: {counts} {last['message']}".strip()))
        pairs.append(("at", state["last_at"]))
    show.facts(pairs)
