"""`lineup export`, `apply` and `take-over`: the configuration as one file, and whose rows are whose."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import Confirm, DryRun
from model_lineup.cli.plans import differences
from model_lineup.cli.references import keys_of
from model_lineup.cli.session import Session

PENDING = 2
SHOWN = 200
SIGNS = {"added": "+", "changed": "~", "removed": "-"}
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to standard output.")
]
File = Annotated[str, typer.Option("--file", "-f", metavar="FILE", help="TOML or JSON; - reads standard input.")]


def export(here: Session, output: Output = None) -> None:
    """The configuration as one file, TOML, or JSON with --json: readable, the same bytes for the same configuration.

    Keys are not in it. It says where each is; for a key that was entered by hand it names a variable for you to set.
    """
    answer = here.get("export", format="json" if here.place.as_json else "toml")
    write(answer.body.decode(), output)
    for slug in filter(None, answer.headers.get("x-lineup-placeholders", "").split(",")):
        show.note(f"The key of {slug} was entered by hand: set the variable that the file names before you apply it.")


def apply(
    here: Session,
    file: File,
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="What its rows belong to; the file's name by default.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove rows of this file that it no longer names.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    dry_run: DryRun = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="With --dry-run: end with 2 when there is something to change.")
    ] = False,
    confirm: Confirm = False,
) -> None:
    """Make the configuration as a file says: the plan first, then, once you agree, all of it in one change.

    Keys that the file refers to are read here, from this environment and these files. What somebody changed between
    plan and applying is refused.
    """
    text = read(file)
    body: dict[str, Any] = {
        "file": text,
        "label": label or (Path(file).name if file != "-" else "stdin"),
        "prune": prune,
    }
    body["keys"] = keys_of(text)
    answer = here.post("apply", body, dry_run=True)
    plan = answer.json
    pending = bool(plan["rows_total"])
    if dry_run:
        here.answer(answer, _tell_plan)
        if exit_code and pending:
            raise typer.Exit(PENDING)
        return
    if not here.place.as_json:
        _tell_plan(plan)
    if pending and not yes:
        _ask(file)
    done = here.post("apply", {**body, "revision": plan["base_revision"]}, confirm=confirm)
    here.answer(done, _tell_done)


def take_over(
    here: Session,
    file: Annotated[str | None, typer.Option("--file", metavar="LABEL", help="All rows of this file.")] = None,
    provider: Annotated[list[str] | None, typer.Option(metavar="PROVIDER", help="May be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="MODEL", help="May be repeated.")] = None,
    alias: Annotated[list[str] | None, typer.Option(metavar="ALIAS", help="May be repeated.")] = None,
    dry_run: DryRun = False,
) -> None:
    """Let rows of a configuration file be changed by hand again. A file that still names them takes them back."""
    if (file is None) == (not (provider or model or alias)):
        raise Misused("Say --file LABEL, or some of --provider, --model and --alias.")
    body: dict[str, Any] = (
        {"label": file}
        if file
        else {
            "providers": [finding.provider(here, one)["id"] for one in provider or ()],
            "models": finding.models(here, model or ()),
            "aliases": [finding.alias(here, one)["id"] for one in alias or ()],
        }
    )

    def as_text(done: dict[str, Any]) -> None:
        names = [*done["providers"], *done["models"], *done["aliases"]]
        lead = "Dry run, nothing stored. " if dry_run else ""
        change = f" Change {done['change_id']}." if done["change_id"] else ""
        show.line(f"{lead}{show.count(len(names), 'row')} taken over: {', '.join(names[:20]) or 'none'}.{change}")

    here.answer(here.post("take-over", body, dry_run=dry_run), as_text)


def read(file: str) -> str:
    """Raises Misused for a file that cannot be read."""
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misused(f"{file}: cannot be read: {why}.") from None


def write(text: str, output: Path | None) -> None:
    """Raises Misused for a file that cannot be written."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"{output}: cannot be written: {error.strerror}.") from None


def _ask(file: str) -> None:
    """Raises Misused where nobody can be asked."""
    if file == "-" or not sys.stdin.isatty():
        raise Misused("Nobody is here to be asked. Look at the plan with --dry-run, then say --yes.")
    typer.confirm("Apply this?", abort=True)


def _tell_plan(plan: dict[str, Any]) -> None:
    for row in plan["rows"][:SHOWN]:
        told = differences(row["changes"]) if row["outcome"] == "changed" else ""
        show.line(f"{SIGNS[row['outcome']]} {row['entity']} {row['name']}{': ' if told else ''}{told}")
    if plan["rows_total"] > SHOWN:
        show.note(f"… and {plan['rows_total'] - SHOWN} more rows; --json has the first thousand.")
    show.line(_counts(plan))
    for missing in plan["missing_keys"]:
        show.note(f"{missing['reference']} is not set here, and {missing['provider']} needs it.")
    for name in plan["moves"][:20]:
        show.note(f"The name {name!r} is in use and would mean another model; --confirm accepts that.")
    if left := plan["left_over"]:
        show.note(f"{show.count(len(left), 'row')} of {plan['label']} no longer named; --prune removes: {left[0]} …")


def _tell_done(done: dict[str, Any]) -> None:
    if done["change_id"] is None:
        show.line("Nothing had to change.")
        return
    show.line(f"Applied. Change {done['change_id']}.")
    show.note(f"`lineup changes undo {done['change_id']}` takes it back.")


def _counts(plan: dict[str, Any]) -> str:
    parts = [f"{plan[name]} {name}" for name in ("added", "changed", "removed", "unchanged")]
    return f"{plan['label']}: {', '.join(parts)}."
