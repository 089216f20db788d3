"""`lineup runs`: benchmarks that ran, and those that run."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.benchmark import tell_run
from model_lineup.cli.following import follow
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
        lambda run: f"{run['report']['succeeded'] if run['report'] else run['progress']}/{run['plan']['requests']}",
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


@verb(app, "cancel")
def cancel_run(here: Session, run: Which) -> None:
    """End a benchmark within seconds; what was measured is kept."""

    def as_text(found: dict[str, Any]) -> None:
        over = found["state"] != "running"
        show.line(f"Run {run} is {found['state']} already." if over else f"Run {run} will end within seconds.")

    here.answer(here.delete(f"runs/{run}"), as_text)
