"""`lineup models`: list, look at, register and change single models; `models_bulk.py` has what works on many."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import choosing, completion, finding, show
from model_lineup.cli.options import Confirm, Limit, Offset, nothing, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("models", "Which models there are, who may use them, what is known of them.")

Which = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="Its id, model_id, slug/model_id or an alias.", autocompletion=completion.models
    ),
]
Task = Literal["chat", "embedding", "other", "unknown"]
DisplayName = Annotated[str | None, typer.Option(help="For people.")]
Description = Annotated[str | None, typer.Option(help="For people, in a sentence or two.")]
TaskOption = Annotated[Task | None, typer.Option(help="What it is for.", show_default=False)]
ContextLength = Annotated[int | None, typer.Option(min=1, help="Tokens that it can read.")]
MaxOutput = Annotated[int | None, typer.Option(min=1, help="Tokens that it can write.")]
Tools = Annotated[bool | None, typer.Option("--tools/--no-tools", help="Calls tools.")]
Vision = Annotated[bool | None, typer.Option("--vision/--no-vision", help="Sees images.")]
Streaming = Annotated[bool | None, typer.Option("--streaming/--no-streaming", help="Streams its answers.")]
Visible = Annotated[bool | None, typer.Option("--visible/--hidden", help="Whether anybody may call it.")]
Listed = Annotated[bool | None, typer.Option("--listed/--unlisted", help="Whether it stands in lists.")]
Agents = Annotated[bool | None, typer.Option("--agents/--no-agents", help="Whether agents may call it.")]

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
    sort: Annotated[str, typer.Option(help="Fields with commas between; `-` before one descends.")] = "id",
    limit: Limit = 100,
    offset: Offset = 0,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="All that match, unsorted, one JSON object a line.")] = False,
) -> None:
    """Registered models; those that new callers cannot use are marked hidden or off."""
    words = locals()
    wanted = choosing.query(here, {name: words[name] for name in choosing.NAMES})
    if ndjson:
        show.raw(here.get("models.ndjson", **wanted).body)
        return

    def as_text(page: dict[str, Any]) -> None:
        nothing = "No model matches." if wanted else "No models yet. `lineup providers fetch` brings some."
        show.rows(page["models"], COLUMNS, nothing=nothing)
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
    known = [[name, fact["value"], fact["source"], fact["at"]] for name, fact in sorted(found["facts"].items())]
    if known:
        show.line()
        show.table(known, ["fact", "value", "source", "since"])


def _test(test: dict[str, Any]) -> str:
    outcome = "passed" if test.get("passed") else f"failed at {test.get('stage')}: {test.get('message')}"
    return f"{outcome}, {show.cell(test.get('at'))}"


def _benchmark(last: dict[str, Any]) -> str:
    return (
        f"TTFT {show.number(last['ttft_ms_p50'], ' ms')}, {show.number(last['output_tokens_per_s_p50'])} tokens/s "
        f"(medians of {last['succeeded']}), run {last['run_id']}, {show.cell(last['at'])}"
    )


@verb(app, "add", examples=["lineup models add gpt-4o --provider openai --tools --vision --context-length 128000"])
def add_model(
    here: Session,
    model_id: Annotated[str, typer.Argument(metavar="MODEL_ID", help="The provider's own id.")],
    provider: Annotated[str, typer.Option(help="Slug, name or id.", show_default=False)],
    display_name: DisplayName = None,
    description: Description = None,
    task: TaskOption = None,
    context_length: ContextLength = None,
    max_output_tokens: MaxOutput = None,
    tools: Tools = None,
    vision: Vision = None,
    streaming: Streaming = None,
    visible: Visible = None,
    listed: Listed = None,
    agents: Agents = None,
    confirm: Confirm = False,
) -> None:
    """Register a model by hand. It arrives hidden unless you say --visible; facts that you give are pinned."""
    body = _body(locals())
    at = finding.provider(here, provider)
    answer = here.post("models", {"model_id": model_id, "provider_id": at["id"], **body}, confirm=confirm)
    here.tell(answer, f"Added {model_id} as model {answer.json['id']}.")


@verb(
    app,
    "change",
    examples=["lineup models change gpt-4o --display-name 'GPT-4o' --agents", "lineup models change 7 --inherit task"],
)
def change_model(
    here: Session,
    model: Which,
    display_name: DisplayName = None,
    description: Description = None,
    task: TaskOption = None,
    context_length: ContextLength = None,
    max_output_tokens: MaxOutput = None,
    tools: Tools = None,
    vision: Vision = None,
    streaming: Streaming = None,
    visible: Visible = None,
    listed: Listed = None,
    agents: Agents = None,
    inherit: Annotated[
        list[str] | None, typer.Option(metavar="FACT", help="Take the pin of this fact away; may be repeated.")
    ] = None,
    confirm: Confirm = False,
) -> None:
    """Change what is said and nothing else. Facts that you give are pinned: a fetch does not overwrite them."""
    body = something({**_body(locals()), **nothing(inherit)})
    row = finding.model(here, model)
    here.tell(here.put(f"models/{row['id']}", body, confirm=confirm), f"Changed {row['model_id']} (id {row['id']}).")


def _body(words: dict[str, Any]) -> dict[str, Any]:
    """The request body's names for a verb's options."""
    return said(**{field: words[word] for word, field in _FIELDS.items()})


_FIELDS = {
    **{name: name for name in ("display_name", "description", "task", "context_length", "max_output_tokens")},
    **{name: f"supports_{name}" for name in ("tools", "vision", "streaming")},
    **{name: name for name in ("visible", "listed")},
    "agents": "agents_enabled",
}


@verb(app, "restore")
def restore_model(
    here: Session,
    row_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="`lineup changes list` tells what was deleted.")],
    confirm: Confirm = False,
) -> None:
    """Bring a deleted model back, with those of its aliases whose names are still free."""
    answer = here.post(f"models/{row_id}/restore", confirm=confirm)
    lost = answer.json["aliases_lost"]
    hints = [f"Not restored, because others have these names now: {', '.join(lost)}"] if lost else []
    here.tell(answer, f"Restored {answer.json['model_id']} (id {row_id}).", *hints)
