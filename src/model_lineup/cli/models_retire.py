"""`lineup models retire`: say when a model ends, what follows it and what its callers hear; or take that back."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show, staging
from model_lineup.cli.misused import Misused
from model_lineup.cli.models import Which, app
from model_lineup.cli.options import said
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="When it ends: 2027-01-31, or with a time; UTC by default.")
]
Since = Annotated[
    str | None,
    typer.Option("--deprecated-at", metavar="TIME", help="Since when it should not be used; now by default."),
]
Successor = Annotated[str | None, typer.Option(metavar="MODEL", help="What follows it; its aliases go there.")]
Message = Annotated[str | None, typer.Option(help="What its callers are told.")]
Cancel = Annotated[bool, typer.Option("--cancel", help="It does not end after all; back to what its provider says.")]
Preview = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]


@verb(
    app,
    "retire",
    examples=[
        "lineup models retire gpt-4o --at 2027-01-31 --successor gpt-5 --message 'Use gpt-5.' --dry-run",
        "lineup models retire gpt-4o --cancel",
    ],
)
def retire_model(
    here: Session,
    model: Which,
    at: At = None,
    successor: Successor = None,
    message: Message = None,
    deprecated_at: Since = None,
    cancel: Cancel = False,
    dry_run: Preview = False,
) -> None:
    """Let a model end: callers are warned until then, its aliases move to its successor, and it answers 404."""
    row = finding.model(here, model)
    if cancel:
        return _cancel(here, row, dry_run)
    following = None if successor is None else finding.model(here, successor)
    lifecycle = said(
        message=message,
        sunset_at=None if at is None else staging.moment(at, "--at"),
        deprecated_at=None if deprecated_at is None else staging.moment(deprecated_at, "--deprecated-at"),
        successor_id=None if following is None else following["id"],
    )
    if not lifecycle:
        raise Misused("Say when it ends (--at), what follows it (--successor), or what callers hear (--message).")
    answer = here.put(f"models/{row['id']}", {"lifecycle": lifecycle}, dry_run=dry_run)
    if dry_run:
        return here.answer(answer, lambda rehearsed: _preview(rehearsed, following, lifecycle))
    when = f" ends at {show.cell(lifecycle['sunset_at'])} UTC" if at else " is deprecated"
    here.tell(answer, f"{row['model_id']} (id {row['id']}){when}.", *_moving(row, following))
    return None


def _cancel(here: Session, row: dict[str, Any], dry_run: bool) -> None:
    answer = here.put(f"models/{row['id']}", {"lifecycle": None}, dry_run=dry_run)
    left = answer.json["lifecycle"]
    hints = [f"Its provider's list still says: {show.cell(left)}"] if left else []
    done = f"What was said of the end of {row['model_id']} is taken back."
    if dry_run:
        return here.answer(answer, lambda _: show.line(f"Dry run, nothing stored. {done}"))
    here.tell(answer, done, *hints)
    return None


def _preview(row: dict[str, Any], following: dict[str, Any] | None, lifecycle: dict[str, Any]) -> None:
    """`row`: the model as it would be, with whom that would meet."""
    show.line("Dry run, nothing stored.")
    show.facts(
        [
            ("model", f"{row['model_id']} (id {row['id']})"),
            ("deprecated", lifecycle.get("deprecated_at", "now")),
            ("ends", lifecycle.get("sunset_at", "never")),
            ("successor", None if following is None else f"{following['model_id']} (id {following['id']})"),
            ("message", lifecycle.get("message")),
            ("aliases", row["aliases"]),
        ]
    )
    if impact := row.get("impact"):
        show.line(show.impact_in_words(impact))
    for hint in _moving(row, following):
        show.note(hint)


def _moving(row: dict[str, Any], following: dict[str, Any] | None) -> list[str]:
    names = ", ".join(row["aliases"])
    if following is None:
        return [f"Without a successor these aliases answer 404 then, too: {names}"] if names else []
    hints = [f"These aliases go to {following['model_id']} then: {names}"] if names else []
    if not following["visible"]:
        hints.append(f"{following['model_id']} is hidden: callers are not told of it, and aliases to it answer 404.")
    return hints
