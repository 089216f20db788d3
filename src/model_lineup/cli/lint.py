"""`lineup lint`: what is odd about the configuration; its exit code is for scripts and CI."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import show
from model_lineup.cli.options import Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import FAILED

FAILS_ON = {"error": ("error",), "warning": ("error", "warning"), "info": ("error", "warning", "info"), "never": ()}
COLUMNS = (
    Column("severity", "severity"),
    Column("rule", "rule"),
    Column("subject", lambda row: f"{row['subject']['type']} {row['subject']['name']}"),
    Column("provider", lambda row: row["subject"]["provider"]),
    Column("what", "message"),
)


def lint(
    here: Session,
    rule: Annotated[str | None, typer.Option(help="Only findings of this rule.")] = None,
    severity: Annotated[
        Literal["error", "warning", "info"] | None, typer.Option(help="Only findings of this severity.")
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "info", "never"],
        typer.Option("--fail-on", help="Exit with 1 if there is a finding of this severity, or a worse one."),
    ] = "error",
    limit: Limit = 100,
    offset: Offset = 0,
) -> None:
    """What is odd about models and aliases, and what to do about it. Exit code 1: there are findings that matter."""
    answer = here.get("lint", rule=rule, severity=severity, limit=limit, offset=offset)
    here.answer(answer, _tell)
    counts = answer.json["by_severity"]
    if any(counts[one] for one in FAILS_ON[fail_on]):
        raise typer.Exit(FAILED)


def _tell(page: dict[str, Any]) -> None:
    show.rows(page["findings"], COLUMNS, nothing="Nothing to find fault with.")
    counts = page["by_severity"]
    if any(counts.values()):
        show.note(", ".join(show.count(counts[one], one) for one in ("error", "warning") if counts[one]) or "Remarks.")
    for code in sorted({one["rule"] for one in page["findings"]}):
        show.note(f"{code}: {next(one['remedy'] for one in page['findings'] if one['rule'] == code)}")
    if rest := shown_of(page, len(page["findings"])):
        show.note(rest)
