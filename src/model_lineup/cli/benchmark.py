"""`lineup benchmark`: measure a model, or two in turns, watch it being measured, and read the figures."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, show
from model_lineup.cli.client import Answer, Refused
from model_lineup.cli.comparing import tell_comparison
from model_lineup.cli.figures import tell_report
from model_lineup.cli.following import follow_or_cancel
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import said
from model_lineup.cli.plan_file import PlanFile
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED

INTERRUPTED = 130
Models = Annotated[
    list[str],
    typer.Argument(metavar="MODEL…", help="Row id, alias, slug/model_id or model_id; two of them with --compare."),
]
Loads = Annotated[str | None, typer.Option(metavar="N,N,…", help="Instead: raise the load step by step.")]


def benchmark(
    here: Session,
    models: Models,
    plan: Annotated[Path | None, typer.Option(help="A plan in a file, TOML or JSON; options say more.")] = None,
    compare: Annotated[bool, typer.Option(help="Measure two models in turns, and judge the second.")] = False,
    requests: Annotated[int | None, typer.Option(min=1, show_default="20", help="Requests to measure.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, show_default="1", help="How many at a time.")] = None,
    rate: Annotated[float | None, typer.Option(help="Instead: so many a second, whether or not answers come.")] = None,
    arrivals: Annotated[
        Literal["constant", "poisson"] | None,
        typer.Option(show_default="constant", help="At a rate: evenly, or as people come."),
    ] = None,
    sweep: Loads = None,
    sweep_rate: Annotated[
        str | None, typer.Option(metavar="N,N,…", help="The same with rates, in requests a second.")
    ] = None,
    slo_ttft_ms: Annotated[float | None, typer.Option(help="Objective: first token within.")] = None,
    slo_tpot_ms: Annotated[float | None, typer.Option(help="Objective: time per output token at most.")] = None,
    slo_e2e_ms: Annotated[float | None, typer.Option(help="Objective: whole response within.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, show_default="64", help="Tokens to write, at most.")] = None,
    prompt_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens to read, about.")] = None,
    warmup: Annotated[int | None, typer.Option(min=0, show_default="1", help="Requests before, not measured.")] = None,
    cold: Annotated[
        int | None, typer.Option(min=0, show_default="0", help="Requests before those, each over a new connection.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed asks the same; else one is drawn.")] = None,
    time_limit: Annotated[float | None, typer.Option(show_default="50", help="Seconds for the whole run.")] = None,
    token_limit: Annotated[int | None, typer.Option(min=1, help="Tokens for the whole run.")] = None,
    detach: Annotated[bool, typer.Option("--async", help="Leave it to the server and return at once.")] = False,
) -> None:
    """Measure response time and throughput. Ctrl-C cancels the run and shows what was measured until then."""
    if detach and here.is_local:
        raise Misused("--async leaves the run to a server, so it needs --url.")
    if len(models) != (2 if compare else 1):
        raise Misused("--compare takes two models, and without it there is one.")
    if sweep and sweep_rate:
        raise Misused("--sweep and --sweep-rate exclude each other.")
    file = PlanFile(plan) if plan is not None else None
    body = said(
        requests=requests,
        concurrency=concurrency,
        rate=rate,
        arrivals=arrivals,
        max_tokens=max_tokens,
        prompt_tokens=prompt_tokens,
        warmup=warmup,
        cold=cold,
        seed=seed,
        time_limit_s=time_limit,
        token_limit=token_limit,
        slo=said(ttft_ms=slo_ttft_ms, tpot_ms=slo_tpot_ms, e2e_ms=slo_e2e_ms) or None,
        sweep=said(concurrency=_loads(sweep, int), rate=_loads(sweep_rate, float)) or None,
    )
    if file is not None:
        body = {**file.fields, **body}
    rows = [finding.model(here, model) for model in models]
    try:
        foretell(_forecasts(here, rows, body))
        answer = _begin_pair(here, rows, body) if compare else _begin(here, rows[0], body)
    except Refused as refused:
        told = file.explained(refused) if file is not None else None
        if told is None:
            raise
        raise told from None
    if detach:
        here.answer(answer, _tell_pair_started if compare else _tell_started)
    elif compare:
        _follow_pair(here, answer.json)
    else:
        _follow(here, answer.json)


def _forecasts(here: Session, rows: list[dict[str, Any]], body: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each model, before anything is asked."""
    if len(rows) == 1:
        query = {**finding.address(rows[0]), "dry_run": True}
        return [here.admin.call("POST", "models/by-id/benchmark", query=query, body=body).json]
    both = {**body, "base": rows[0]["id"], "other": rows[1]["id"]}
    found = here.admin.call("POST", "runs/pairs", query={"dry_run": True}, body=both).json
    return [found["base"], found["other"]]


def foretell(forecasts: list[dict[str, Any]]) -> None:
    """What it costs at most, and which daily cap it may pass; on standard error, beside the answer."""
    for one in forecasts:
        cost = "price unknown" if one["cost_usd"] is None else f"{one['cost_usd']:.6f} USD"
        show.note(
            f"{one['model_id']} at {one['provider']}: {show.count(one['requests'], 'request')}, "
            f"at most {show.count(one['tokens'], 'token')}, {cost}."
        )
    for one in {one["provider"]: one for one in forecasts if one["passes_cap"]}.values():
        show.note(
            f"This may pass the daily cap of {one['provider']}: {one['spent_today']['tokens']} of "
            f"{one['tokens_per_day']} tokens are used up today. Scheduled tests then wait until tomorrow (UTC)."
        )


def _begin(here: Session, row: dict[str, Any], body: dict[str, Any]) -> Answer:
    return here.admin.call(
        "POST",
        "models/by-id/benchmark",
        query=finding.address(row),
        body=body,
        headers={"prefer": "respond-async"},
    )


def _begin_pair(here: Session, rows: list[dict[str, Any]], body: dict[str, Any]) -> Answer:
    base, other = (row["id"] for row in rows)
    return here.admin.call("POST", "runs/pairs", body={**body, "base": base, "other": other})


def _follow(here: Session, run: dict[str, Any]) -> None:
    run, cancelled = follow_or_cancel(here, run)
    here.answer(here.get(f"runs/{run['id']}"), tell_run)
    if cancelled:
        raise typer.Exit(INTERRUPTED)
    if run["state"] != "finished" or not run["report"]["succeeded"]:
        raise typer.Exit(FAILED)


def _follow_pair(here: Session, pair: dict[str, Any]) -> None:
    """The second ends with the first, or a moment later."""
    base, cancelled = follow_or_cancel(here, pair["base"])
    other = here.get(f"runs/{pair['other']['id']}").json
    if other["state"] == "running":
        other, _ = follow_or_cancel(here, other)
    runs = [base, other]
    if all(run["report"] and run["report"]["succeeded"] for run in runs):
        found = here.get("runs/compare", base=runs[0]["id"], other=runs[1]["id"])
        here.answer(found, lambda comparison: tell_comparison(comparison, runs))
    else:
        for run in runs:
            here.answer(here.get(f"runs/{run['id']}"), tell_run)
        raise typer.Exit(FAILED)
    if cancelled:
        raise typer.Exit(INTERRUPTED)


def _loads(text: str | None, kind: type[int] | type[float]) -> list[float] | None:
    if text is None:
        return None
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise Misused(f"{text!r} are no loads; write them like 1,2,4,8.") from None


def _tell_started(run: dict[str, Any]) -> None:
    show.line(f"Run {run['id']} measures {run['model_id']}.")
    show.note(f"`lineup runs follow {run['id']}` watches it, `lineup runs cancel {run['id']}` ends it.")


def _tell_pair_started(pair: dict[str, Any]) -> None:
    base, other = pair["base"], pair["other"]
    show.line(f"Runs {base['id']} and {other['id']} measure {base['model_id']} and {other['model_id']} in turns.")
    show.note(f"`lineup runs compare {base['id']} {other['id']}` judges them when they have ended.")


def tell_run(run: dict[str, Any]) -> None:
    """What was measured, what came of it, and the figures."""
    at = show.moment(run["created_at"])
    show.line(f"Run {run['id']}: {run['model_id']} at {run['provider']}, {run['state']}, begun {at} UTC", style="bold")
    if run["error"]:
        show.line(f"Ended early ({run['error']}): {run['message']}", style="red")
    if run["report"]:
        tell_report(run["report"])
