"""`lineup staged`: changes that wait for their moment. They are staged with `--at` where the change itself is made."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import show
from model_lineup.cli.options import DryRun, Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("staged", "Changes that wait for their moment, and what became of them.")
Which = Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number; `lineup staged list` shows them.")]
State = Literal["waiting", "done", "cancelled", "refused"]
COLUMNS = (
    Column("id", "id"),
    Column("at (UTC)", "at"),
    Column("change", "title"),
    Column("state", lambda one: state_of(one)),
    Column("announced", lambda one: one["announce"] is not None),
    Column("by", "made_by"),
)


@verb(app, "list", examples=["lineup staged list --state waiting"])
def list_staged(
    here: Session,
    state: Annotated[State | None, typer.Option(help="Only these.", show_default=False)] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Those that wait, soonest first; then those that ended, newest first."""

    def as_text(page: dict[str, Any]) -> None:
        nothing = "Nothing is staged. `lineup models hide MODEL --at TIME` stages a change."
        show.rows(page["staged"], COLUMNS, nothing=nothing)
        if rest := shown_of(page, len(page["staged"])):
            show.note(rest)

    here.answer(here.get("staged", state=state, limit=limit, offset=offset), as_text)


@verb(app, "show", examples=["lineup staged show 3"])
def show_staged(here: Session, staged: Which) -> None:
    """One of them: what it does to which models, what callers are told, what became of it."""
    here.answer(here.get(f"staged/{staged}"), _tell)


@verb(app, "cancel", examples=["lineup staged cancel 3"])
def cancel_staged(here: Session, staged: Which, dry_run: DryRun = False) -> None:
    """Nothing is done at its moment, and callers are told no more."""
    answer = here.delete(f"staged/{staged}", dry_run=dry_run)
    if dry_run:
        return here.answer(answer, lambda _: show.line(f"Dry run, nothing stored. Staged change {staged} can go."))
    here.tell(answer, f"Cancelled staged change {staged}.")
    return None


def state_of(staged: dict[str, Any]) -> str:
    late = "" if staged["late_s"] is None else f", {staged['late_s']} s late"
    return f"{staged['state']}{late}"


def _tell(staged: dict[str, Any]) -> None:
    announce, refusal = staged["announce"] or {}, staged["refusal"] or {}
    names = [one["model_id"] or f"model {one['id']}" for one in staged["models"]]
    more = staged["models_total"] - len(names)
    show.facts(
        [
            ("change", staged["title"]),
            ("at", f"{show.cell(staged['at'])} UTC"),
            ("state", state_of(staged)),
            ("models", ", ".join(names) + (f" and {more} more" if more > 0 else "")),
            ("told from", f"{show.cell(announce['starts_at'])} UTC" if announce else None),
            ("message", announce.get("message")),
            ("successor", announce.get("successor_id")),
            ("staged by", staged["made_by"]),
            ("ended", f"{show.cell(staged['ended_at'])} UTC" if staged["ended_at"] else None),
            ("refused", refusal.get("message")),
        ]
    )
    for change in refusal.get("changes", []):
        fields = ", ".join(change["fields"])
        show.note(f"Since then: change {change['change_id']} by {change['by']}, {change['label']} ({fields})")
