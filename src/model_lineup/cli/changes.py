"""`lineup changes`: who changed what, and when; and taking changes back."""

from typing import Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.options import Confirm, DryRun, Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("changes", "Who changed what, and when; undo.")
SHOWN = 50

COLUMNS = (
    Column("id", "id"),
    Column("at (UTC)", "at"),
    Column("who", "actor"),
    Column("what", "operation"),
    Column("rows", "touched"),
    Column("revision", "revision"),
)


@verb(app, "list")
def list_changes(here: Session, limit: Limit = 20, offset: Offset = 0) -> None:
    """Changes of the configuration, newest first."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["changes"], COLUMNS, nothing="Nothing was changed yet.")
        if rest := shown_of(page, len(page["changes"])):
            show.note(rest)

    here.answer(here.get("changes", limit=limit, offset=offset), as_text)


@verb(app, "show")
def show_change(here: Session, change: Annotated[int, typer.Argument(metavar="ID", min=1)]) -> None:
    """One change with every row that it touched, before and after."""
    here.answer(here.get(f"changes/{change}"), _tell)


@verb(app, "undo")
def undo_changes(
    here: Session,
    changes: Annotated[list[int], typer.Argument(metavar="ID…", min=1)],
    dry_run: DryRun = False,
    confirm: Confirm = False,
) -> None:
    """Take changes back, several together: rows and fields are as they were before them."""
    body = {"change_ids": changes}
    here.answer(here.post("changes/undo", body, dry_run=dry_run, confirm=confirm), _tell_undone)


def _tell_undone(result: dict[str, Any]) -> None:
    lead = "Dry run, nothing stored. " if result["dry_run"] else ""
    undone = ", ".join(map(str, result["undone"]))
    made = f" as change {result['change_id']}" if result["change_id"] else ""
    show.line(f"{lead}Change {undone} is taken back{made}: {result['touched']} row(s).")
    _table(result["entries"], result["touched"])
    for left in result["left_out"]:
        show.note(f"{left['entity']} {left['id']} ({left['label']}): {left['reason']}")


@verb(app, "verify")
def verify_changes(
    here: Session,
    digest: Annotated[
        str | None, typer.Option(metavar="HEX", help="A digest that you kept: it must be in the chain too.")
    ] = None,
) -> None:
    """Whether the journal is as it was written; ends with 1 when it is not."""
    answer = here.get("changes/verify", digest=digest)
    here.answer(answer, _tell_verdict)
    if not answer.json["holds"]:
        raise typer.Exit(1)


def _tell_verdict(found: dict[str, Any]) -> None:
    sets, entries, head = found["change_sets"], found["entries"], found["head"]
    if found["holds"]:
        show.line(f"The journal is as it was written: {sets} change sets, {entries} entries.")
    else:
        where = f"at change {found['broken_at']}" if found["broken_at"] else f"after {sets} change sets"
        show.line(f"The journal is broken {where}. {found['reason']}")
    if head:
        show.line(f"Its last good digest, of change {head['change_id']}: {head['digest']}")


def _tell(found: dict[str, Any]) -> None:
    show.line(f"{found['operation']} by {found['actor']}, {show.moment(found['at'])} UTC, revision {found['revision']}")
    entries = found["entries"] or []
    _table(entries, len(entries))


def _table(entries: list[dict[str, Any]], total: int) -> None:
    cells = [
        [f"{entry['entity']} {entry['entity_id']}", entry["label"], name, entry["before"].get(name), value]
        for entry in entries[:SHOWN]
        for name, value in _after(entry).items()
    ]
    if cells:
        show.table(cells, ["row", "name", "field", "before", "after"])
    if total > SHOWN:
        show.note(f"… and {total - SHOWN} more rows.")


def _after(entry: dict[str, Any]) -> dict[str, Any]:
    """Every field that differs, with its new value; None for what is gone."""
    return {name: entry["after"].get(name) for name in {**entry["before"], **entry["after"]}}
