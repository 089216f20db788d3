"""`lineup runs`: benchmarks that ran, and those that run."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.benchmark import tell_run
from model_lineup.cli.comparing import tell_comparison
from model_lineup.cli.following import follow, wanted_of
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import FAILED, noun, verb

app = noun("runs", "Benchmarks that ran, and those that run.")
Which = Annotated[int, typer.Argument(metavar="ID", min=1, help="`lineup runs list` shows them.")]
State = Literal["running", "finished", "failed", "cancelled", "interrupted"]


def _figure(run: dict[str, Any], name: str) -> str | None:
    report = run["report"]
    return show.number(report[name]["p50"]) if report else None


COLUMNS = (
    Column("id", "id"),
    Column("model", "model_id"),
    Column("provider", "provider"),
    Column("state", "state"),
    Column(
        "requests",
        lambda run: f"{run['report']['succeeded'] if run['report'] else run['progress']}/{wanted_of(run['plan'])}",
    ),
    Column("TTFT p50, ms", lambda run: _figure(run, "ttft_ms")),
    Column("tokens/s p50", lambda run: _figure(run, "output_tokens_per_s")),
    Column("begun (UTC)", "created_at"),
)


@verb(app, "list", examples=["lineup runs list --model tiny"])
def list_runs(
    here: Session,
    model: Annotated[str | None, typer.Option(help="Only of this one: id, model_id, slug/model_id or alias.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Benchmarks, newest first."""
    row_id = finding.model(here, model)["id"] if model else None

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["runs"], COLUMNS, nothing="No runs. `lineup benchmark MODEL` makes one.")
        if rest := shown_of(page, len(page["runs"])):
            show.note(rest)

    here.answer(here.get("runs", limit=limit, offset=offset, model=row_id, state=state), as_text)


@verb(app, "show")
def show_run(here: Session, run: Which) -> None:
    """One benchmark with its figures."""
    here.answer(here.get(f"runs/{run}"), tell_run)


@verb(app, "follow")
def follow_run(here: Session, run: Which) -> None:
    """Watch a benchmark to its end, then show its figures. Ctrl-C stops the watching, not the run."""
    over = follow(here, here.get(f"runs/{run}").json)
    here.answer(here.get(f"runs/{run}"), tell_run)
    if over["state"] != "finished":
        raise typer.Exit(FAILED)


@verb(app, "compare", examples=["lineup runs compare 3 7", "lineup runs compare 7"])
def compare_runs(
    here: Session,
    base: Annotated[int, typer.Argument(metavar="BASE", min=1, help="What it is held against; alone: the other one.")],
    other: Annotated[int | None, typer.Argument(metavar="OTHER", min=1, help="What is judged.")] = None,
) -> None:
    """Whether one benchmark is better or worse than another, or than the baseline of its model and plan."""
    query = {"other": base} if other is None else {"base": base, "other": other}
    here.answer(here.get("runs/compare", **query), tell_comparison)


@verb(app, "pin")
def pin_run(
    here: Session, run: Which, remove: Annotated[bool, typer.Option(help="No longer hold new runs against it.")] = False
) -> None:
    """Make a benchmark the baseline of its model and plan: new runs are held against it."""
    path = f"runs/{run}/baseline"
    said = f"Run {run} is no baseline." if remove else f"New runs of this model and plan are held against run {run}."
    here.answer(here.delete(path) if remove else here.put(path), lambda _: show.line(said))


@verb(app, "save", json=False, examples=["lineup runs save 7 report.html"])
def save_run(
    here: Session,
    run: Which,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Its ending says what: .html, .csv or .json.")],
) -> None:
    """Write a benchmark to a file: a page with plots, its requests as CSV, or its report as JSON."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in ("html", "csv", "json"):
        raise Misused(f"{path} should end in .html, .csv or .json.")
    body = here.get(f"runs/{run}/file", format=kind).body
    try:
        path.write_bytes(body)
    except OSError as error:
        raise Misused(f"{path}: cannot be written: {error.strerror}.") from None
    show.line(f"Run {run} is in {path}.")


@verb(app, "cancel")
def cancel_run(here: Session, run: Which) -> None:
    """End a benchmark within seconds; what was measured is kept."""

    def as_text(found: dict[str, Any]) -> None:
        over = found["state"] != "running"
        show.line(f"Run {run} is {found['state']} already." if over else f"Run {run} will end within seconds.")

    here.answer(here.delete(f"runs/{run}"), as_text)
