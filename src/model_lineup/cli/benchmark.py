"""`lineup benchmark`: measure a model, watch it being measured, and read the figures."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.figures import tell_report
from model_lineup.cli.following import follow_or_cancel
from model_lineup.cli.misused import Misused
from model_lineup.cli.models import Which
from model_lineup.cli.options import said
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED

INTERRUPTED = 130


def benchmark(
    here: Session,
    model: Which,
    requests: Annotated[int | None, typer.Option(min=1, show_default="20", help="Requests to measure.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, show_default="1", help="How many at a time.")] = None,
    rate: Annotated[float | None, typer.Option(help="Instead: so many a second, whether or not answers come.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, show_default="64", help="Tokens to write, at most.")] = None,
    prompt_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens to read, about.")] = None,
    warmup: Annotated[int | None, typer.Option(min=0, show_default="1", help="Requests before, not measured.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed asks the same; else one is drawn.")] = None,
    time_limit: Annotated[float | None, typer.Option(show_default="50", help="Seconds for the whole run.")] = None,
    token_limit: Annotated[int | None, typer.Option(min=1, help="Tokens for the whole run.")] = None,
    detach: Annotated[bool, typer.Option("--async", help="Leave it to the server and return at once.")] = False,
) -> None:
    """Measure response time and throughput. Ctrl-C cancels the run and shows what was measured until then."""
    if detach and here.is_local:
        raise Misused("--async leaves the run to a server, so it needs --url.")
    plan = said(
        requests=requests,
        concurrency=concurrency,
        rate=rate,
        max_tokens=max_tokens,
        prompt_tokens=prompt_tokens,
        warmup=warmup,
        seed=seed,
        time_limit_s=time_limit,
        token_limit=token_limit,
    )
    row = finding.model(here, model)
    answer = here.admin.call(
        "POST",
        "models/by-id/benchmark",
        query=finding.address(row),
        body=plan,
        headers={"prefer": "respond-async"},
    )
    if detach:
        here.answer(answer, _tell_started)
        return
    run, cancelled = follow_or_cancel(here, answer.json)
    here.answer(here.get(f"runs/{run['id']}"), tell_run)
    if cancelled:
        raise typer.Exit(INTERRUPTED)
    if run["state"] != "finished" or not run["report"]["succeeded"]:
        raise typer.Exit(FAILED)


def _tell_started(run: dict[str, Any]) -> None:
    show.line(f"Run {run['id']} measures {run['model_id']}.")
    show.note(f"`lineup runs follow {run['id']}` watches it, `lineup runs cancel {run['id']}` ends it.")


def tell_run(run: dict[str, Any]) -> None:
    """What was measured, what came of it, and the figures."""
    at = show.moment(run["created_at"])
    show.line(f"Run {run['id']}: {run['model_id']} at {run['provider']}, {run['state']}, begun {at} UTC", style="bold")
    if run["error"]:
        show.line(f"Ended early ({run['error']}): {run['message']}", style="red")
    if run["report"]:
        tell_report(run["report"])
