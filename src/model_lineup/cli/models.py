"""`lineup models`: list them and look at one; `models_change.py` and `models_many.py` have what changes them."""

from typing import Annotated, Any

import typer

from model_lineup.cli import choosing, completion, finding, show
from model_lineup.cli.options import Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("models", "Which models there are, and who may use them.")

Which = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="Its id, model_id, slug/model_id or an alias.", autocompletion=completion.models
    ),
]
COLUMNS = (
    Column("id", "id"),
    Column("model", "model_id"),
    Column("provider", lambda row: row["provider"]["slug"] + ("" if row["provider"]["enabled"] else " (off)")),
    Column("visible", "visible"),
    Column("agents", "agents_enabled"),
    Column("status", "status"),
    Column("task", "task"),
    Column("context", "context_length"),
    Column("aliases", "aliases"),
)
CONTRADICTED = Column("contradicted", lambda row: _contradicted(row["facts"]))
"""Shown where there is something to show."""


@verb(
    app,
    "list",
    examples=[
        "lineup models list --visible true --sort=-context_length",
        "lineup models list --provider openai --q gpt --json",
    ],
)
def list_models(
    here: Session,
    q: choosing.Search = None,
    provider: choosing.OfProvider = None,
    visible: choosing.Visible = None,
    agents: choosing.Agents = None,
    tools: choosing.Tools = None,
    vision: choosing.Vision = None,
    streaming: choosing.Streaming = None,
    status: choosing.Status = None,
    source: choosing.Source = None,
    task: choosing.Task = None,
    has_alias: choosing.HasAlias = None,
    limited: choosing.Limited = None,
    limited_to: choosing.LimitedTo = None,
    sort: Annotated[str, typer.Option(help="Fields with commas between; `-` before one descends.")] = "id",
    limit: Limit = 100,
    offset: Offset = 0,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="All that match, unsorted, one JSON object a line.")] = False,
) -> None:
    """Registered models, a page at a time."""
    words = locals()
    wanted = choosing.query(here, {name: words[name] for name in choosing.NAMES})
    if ndjson:
        show.raw(here.get("models.ndjson", **wanted).body)
        return

    def as_text(page: dict[str, Any]) -> None:
        nothing = "No model matches." if wanted else "No models yet. `lineup providers fetch` brings some."
        any_contradicted = any(_contradicted(row["facts"]) for row in page["models"])
        show.rows(page["models"], (*COLUMNS, CONTRADICTED) if any_contradicted else COLUMNS, nothing=nothing)
        if rest := shown_of(page, len(page["models"])):
            show.note(rest)

    here.answer(here.get("models", sort=sort, limit=limit, offset=offset, **wanted), as_text)


@verb(app, "show")
def show_model(here: Session, model: Which) -> None:
    """One model, with where each fact comes from."""
    row = finding.model(here, model)
    here.answer(here.get(f"models/{row['id']}"), tell_model)


def tell_model(found: dict[str, Any]) -> None:
    """Everything about one model: what was decided, what was proved, what is known."""
    at = found["provider"]
    test, benchmark = found["last_test"] or {}, found["last_benchmark"] or {}
    show.facts(
        [
            ("model", f"{found['model_id']} (id {found['id']}, version {found['version']})"),
            ("provider", f"{at['name']} ({at['slug']}{'' if at['enabled'] else ', off'})"),
            ("visible", found["visible"]),
            ("listed", found["listed"]),
            ("agents", found["agents_enabled"]),
            ("aliases", found["aliases"]),
            ("status", found["status"]),
            ("source", found["source"]),
            ("last test", _test(test) if test else None),
            ("last benchmark", _benchmark(benchmark) if benchmark else None),
            ("missing since", found["missing_since"]),
            ("pricing", found["pricing"] or None),
            ("changed", found["updated_at"]),
        ]
    )
    known = [
        [name, fact["value"], fact["source"], fact["at"], fact.get("contradicted_by", "")]
        for name, fact in sorted(found["facts"].items())
    ]
    if known:
        show.line()
        show.table(known, ["fact", "value", "source", "since", "contradicted by"])


def _contradicted(facts: dict[str, Any]) -> list[str]:
    """The facts of which a test has found otherwise, or which another source denies."""
    return [name.removeprefix("supports_") for name, fact in facts.items() if fact.get("contradicted_by")]


def _test(test: dict[str, Any]) -> str:
    outcome = "passed" if test.get("passed") else f"failed at {test.get('stage')}: {test.get('message')}"
    return f"{outcome}, {show.cell(test.get('at'))}"


def _benchmark(last: dict[str, Any]) -> str:
    return (
        f"TTFT {show.number(last['ttft_ms_p50'], ' ms')}, {show.number(last['output_tokens_per_s_p50'])} tokens/s "
        f"(medians of {last['succeeded']}), run {last['run_id']}, {show.cell(last['at'])}"
    )
