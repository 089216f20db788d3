"""More of `lineup providers`: which entries of a list count, and when it is read without being asked."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.providers import Which, app
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED, verb

Rules = list[str] | None


@verb(
    app,
    "rules",
    examples=[
        "lineup providers rules openai",
        "lineup providers rules openai --include 'gpt-*' --ignore '*-preview' --check",
        "lineup providers rules openai --clear",
    ],
)
def fetch_rules(
    here: Session,
    provider: Which,
    include: Annotated[Rules, typer.Option(metavar="RULE", help="An id or a glob; may be repeated.")] = None,
    ignore: Annotated[Rules, typer.Option(metavar="RULE", help="An id or a glob; may be repeated.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only show what these rules would meet.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take all rules away.")] = False,
) -> None:
    """See or set which entries of a provider's list a fetch looks at. What is said replaces all rules of before."""
    if clear and (include or ignore):
        raise Misused("Say either --clear or rules.")
    row = finding.provider(here, provider)
    stored = row["fetch_rules"]
    wanted = {"include": include or [], "ignore": ignore or []} if include or ignore else stored
    if (include or ignore or clear) and not check:
        here.put(f"providers/{row['id']}", {"fetch_rules": None if clear else wanted})
        wanted = {"include": [], "ignore": []} if clear else wanted
    here.answer(here.post(f"providers/{row['id']}/fetch-rules/check", wanted), _tell_rules)


@verb(
    app,
    "schedule",
    examples=[
        "lineup providers schedule openai --every-minutes 360 --apply added --apply vanished",
        "lineup providers schedule openai --run",
        "lineup providers schedule openai --off",
    ],
)
def fetch_schedule(
    here: Session,
    provider: Which,
    every_minutes: Annotated[int | None, typer.Option(min=5, max=43_200, help="Fetch that often.")] = None,
    apply: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OUTCOME",
            help="added, changed, reactivated or vanished: applied alone; may be repeated. The rest waits in a plan.",
        ),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Fetch only when asked.")] = False,
    run: Annotated[bool, typer.Option("--run", help="Do it now, as the schedule does.")] = False,
) -> None:
    """See, set or run a provider's scheduled fetch. It never removes a model."""
    if (off and (every_minutes or apply)) or (apply and not every_minutes):
        raise Misused("Say --every-minutes with what to --apply, or --off.")
    row = finding.provider(here, provider)
    if every_minutes or off:
        schedule = None if off else {"every_minutes": every_minutes, "apply": apply or []}
        here.put(f"providers/{row['id']}", {"fetch_schedule": schedule})
    where = f"providers/{row['id']}/fetch-schedule"
    found = here.post(f"{where}/run") if run else here.get(where)
    here.answer(found, _tell_schedule)
    if run and (found.json["last"] or {}).get("outcome") == "failed":
        raise typer.Exit(FAILED)


def _tell_rules(found: dict[str, Any]) -> None:
    known = show.count(found["known"], "known model")
    if not found["rules"]:
        show.line(f"No rules: a fetch looks at everything ({known}).")
        return
    show.line(f"Of {known} a fetch looks at {found['looked_at']} and leaves {found['ignored']} alone.")
    cells = [[one["kind"], one["rule"], one["hits"], one["examples"][:5]] for one in found["rules"]]
    show.table(cells, ["", "rule", "meets", "for example"])


def _tell_schedule(found: dict[str, Any]) -> None:
    schedule, last = found["fetch_schedule"], found["last"]
    if schedule is None:
        show.line("Fetched only when asked.")
    else:
        alone = ", ".join(schedule["apply"]) or "nothing"
        show.line(f"Fetched every {schedule['every_minutes']} minutes; applied alone: {alone}.")
    told = None
    if last:
        told = last.get("message") or f"plan {last['plan_id']}, {last['applied']} applied, {last['left']} left"
        told = told if last["outcome"] == "failed" or last["plan_id"] else "nothing new"
    show.facts([("due (UTC)", found["due_at"]), ("last (UTC)", found["last_at"]), ("which was", told)])
    if found["failures"]:
        show.line(f"Failed {show.count(found['failures'], 'time')} in a row.", style="red")
