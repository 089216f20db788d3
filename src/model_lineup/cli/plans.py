"""`lineup plans`: fetches that are kept to be looked at: make one, see it, apply all or some, discard it."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.options import Confirm, DryRun, Limit, Offset, shown_of
from model_lineup.cli.providers import Which as WhichProvider
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("plans", "What fetches would change, kept to be looked at and applied.")
Which = Annotated[int, typer.Argument(metavar="PLAN", min=1, help="Its number; `lineup plans list` shows them.")]
Outcome = Literal["added", "changed", "reactivated", "vanished", "unchanged", "protected", "ignored"]
Status = Literal["open", "partly_applied", "applied", "empty", "discarded", "overtaken"]
SHOWN_OVERTAKEN = 20


def _counts(plan: dict[str, Any]) -> str:
    return ", ".join(f"{count} {name}" for name, count in plan["counts"].items() if count) or "nothing"


COLUMNS = (
    Column("plan", "id"),
    Column("provider", lambda plan: plan["provider"]["slug"]),
    Column("status", "status"),
    Column("left", "left"),
    Column("holds", _counts),
    Column("made (UTC)", "made_at"),
    Column("by", "made_by"),
)
ITEMS = (
    Column("item", "item"),
    Column("outcome", lambda item: f"{item['outcome']}, done" if item["applied"] else item["outcome"]),
    Column("id", "id"),
    Column("model", "model_id"),
    Column("why", "reason"),
    Column("differences", lambda item: differences(item["changes"])),
)


def differences(changes: dict[str, Any]) -> str:
    """Field by field: before → after."""
    pairs = ((field, show.cell(pair["before"]), show.cell(pair["after"])) for field, pair in changes.items())
    return "; ".join(f"{field}: {before} → {after}" for field, before, after in pairs)


@verb(app, "make", examples=["lineup plans make openai"])
def make_plan(here: Session, provider: WhichProvider) -> None:
    """Read a provider's list and keep what it would change. Nothing else is changed."""
    row = finding.provider(here, provider)
    here.answer(here.post(f"providers/{row['id']}/plans"), tell)


@verb(app, "list", examples=["lineup plans list --status open"])
def list_plans(
    here: Session,
    provider: Annotated[str | None, typer.Option(metavar="PROVIDER", help="Only of this one.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only these.", show_default=False)] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Plans, newest first."""
    row_id = finding.provider(here, provider)["id"] if provider else None

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["plans"], COLUMNS, nothing="No plans. `lineup plans make PROVIDER` makes one.")
        if rest := shown_of(page, len(page["plans"])):
            show.note(rest)

    here.answer(here.get("plans", limit=limit, offset=offset, provider_id=row_id, status=status), as_text)


@verb(app, "show", examples=["lineup plans show 3"])
def show_plan(here: Session, plan: Which) -> None:
    """One plan: what it holds, and what has changed since."""
    here.answer(here.get(f"plans/{plan}"), tell)


@verb(app, "items", examples=["lineup plans items 3", "lineup plans items 3 --outcome changed --json"])
def list_items(
    here: Session,
    plan: Which,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.", show_default=False)] = None,
    left: Annotated[bool, typer.Option("--left", help="Only what can still be applied.")] = False,
    q: Annotated[str | None, typer.Option(metavar="TEXT", help="A part of the id.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> None:
    """The models of a plan, each with its reason and differences."""
    query = {"outcome": outcome, "q": q, **({"applied": False} if left else {})}

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["items"], ITEMS, nothing="No such items.")
        if rest := shown_of(page, len(page["items"])):
            show.note(rest)

    here.answer(here.get(f"plans/{plan}/items", limit=limit, offset=offset, **query), as_text)


@verb(
    app,
    "apply",
    examples=[
        "lineup plans apply 3 --dry-run",
        "lineup plans apply 3 --outcome added",
        "lineup plans apply 3 -i 1 -i 4",
    ],
)
def apply_plan(
    here: Session,
    plan: Which,
    item: Annotated[
        list[int] | None, typer.Option("--item", "-i", min=1, help="Only this item; may be repeated.")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", metavar="OUTCOME", help="added, changed, reactivated, vanished; may be repeated."),
    ] = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
) -> None:
    """Apply all that is left of a plan, or some of it, in one change. Refused where something changed since."""
    body = {**({"items": item} if item else {}), **({"outcomes": outcome} if outcome else {})}
    done = here.post(f"plans/{plan}/apply", body, dry_run=dry_run, confirm=confirm)

    def as_text(applied: dict[str, Any]) -> None:
        prefix = "Dry run, nothing stored. " if applied["dry_run"] else ""
        change = f" Change {applied['change_id']}." if applied["change_id"] else ""
        before = f", {applied['already_applied']} had been before" if applied["already_applied"] else ""
        show.line(
            f"{prefix}{show.count(applied['applied'], 'item')} of plan {plan} applied{before}; "
            f"{applied['left']} left.{change}"
        )
        for warning in applied["warnings"]:
            show.note(f"Warning: {warning}")

    here.answer(done, as_text)


@verb(app, "discard")
def discard_plan(here: Session, plan: Which) -> None:
    """Say that what is left of a plan will not be applied. It stays to be looked at."""
    here.answer(here.delete(f"plans/{plan}"), lambda found: show.line(f"Plan {plan} is {found['status']}."))


def newly_read(found: dict[str, Any]) -> str | None:
    """What to say where models seem to change only because more of the list is read than before."""
    count = found.get("newly_read", 0)
    told = "Lineup reads more of this provider's list now than it did before; what it had read is as it was."
    return f"{count} of those changed: {told}" if count else None


def tell(plan: dict[str, Any]) -> None:
    """A plan in a few lines."""
    show.line(
        f"Plan {plan['id']} of {plan['provider']['slug']} is {plan['status'].replace('_', ' ')}: "
        f"{show.count(plan['listed'], 'model')} listed on {show.count(plan['pages'], 'page')}: {_counts(plan)}; "
        f"{plan['left']} left to apply."
    )
    if said := newly_read(plan):
        show.note(said)
    show.note(f"Made {show.moment(plan['made_at'])} by {plan['made_by']}.")
    if plan["ended_by"] and plan["status"] != "partly_applied":
        show.note(f"{plan['status']} {show.moment(plan['ended_at'])} by {plan['ended_by']}.".capitalize())
    if stale := plan.get("overtaken_items"):
        show.line(f"{show.count(len(stale), 'item')} would do something else now:", style="yellow")
        cells = [
            [one["item"], one["model_id"], one["planned"]["outcome"], one["now"]["outcome"] or one["now"]["reason"]]
            for one in stale[:SHOWN_OVERTAKEN]
        ]
        show.table(cells, ["item", "model", "planned", "now"])
    if plan["left"]:
        show.note(f"`lineup plans items {plan['id']}` shows them, `lineup plans apply {plan['id']}` applies them.")
