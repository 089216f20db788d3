"""More of `lineup models`: register, change and restore single models."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding
from model_lineup.cli.models import Which, app
from model_lineup.cli.options import Confirm, InGroup, NoGroups, Terminate, nothing, pairs, said, something
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

Task = Literal["chat", "embedding", "other", "unknown"]
DisplayName = Annotated[str | None, typer.Option(help="For people.")]
Description = Annotated[str | None, typer.Option(help="For people, in a sentence or two.")]
TaskOption = Annotated[Task | None, typer.Option(help="What it is for.", show_default=False)]
ContextLength = Annotated[int | None, typer.Option(min=1, help="Tokens that it can read.")]
MaxOutput = Annotated[int | None, typer.Option(min=1, help="Tokens that it can write.")]
Tools = Annotated[bool | None, typer.Option("--tools/--no-tools", help="Calls tools.")]
Vision = Annotated[bool | None, typer.Option("--vision/--no-vision", help="Sees images.")]
Streaming = Annotated[bool | None, typer.Option("--streaming/--no-streaming", help="Streams its answers.")]
InputPrice = Annotated[float | None, typer.Option(min=0, help="US dollars per million tokens that it reads.")]
OutputPrice = Annotated[float | None, typer.Option(min=0, help="US dollars per million tokens that it writes.")]
Facts = Annotated[
    list[str] | None,
    typer.Option(
        "--fact",
        metavar="FACT=VALUE",
        help="Any further fact that `lineup models facts` shows, like supports_reasoning=true or "
        "input_modalities=text,image; may be repeated.",
    ),
]
Visible = Annotated[bool | None, typer.Option("--visible/--hidden", help="Whether anybody may call it.")]
Listed = Annotated[bool | None, typer.Option("--listed/--unlisted", help="Whether it stands in lists.")]
Agents = Annotated[bool | None, typer.Option("--agents/--no-agents", help="Whether agents may call it.")]


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
    input_price: InputPrice = None,
    output_price: OutputPrice = None,
    fact: Facts = None,
    visible: Visible = None,
    listed: Listed = None,
    agents: Agents = None,
    group: InGroup = None,
    confirm: Confirm = False,
) -> None:
    """Register a model by hand. It arrives hidden unless you say --visible; facts that you give are pinned."""
    body = {**_body(locals()), **said(groups=finding.groups(here, group))}
    at = finding.provider(here, provider)
    answer = here.post("models", {"model_id": model_id, "provider_id": at["id"], **body}, confirm=confirm)
    here.tell(answer, f"Added {model_id} as model {answer.json['id']}.")


@verb(
    app,
    "change",
    examples=[
        "lineup models change gpt-4o --display-name 'GPT-4o' --agents",
        "lineup models change 7 --inherit task",
        "lineup models change our-deployment --fact base_model=gpt-4o",
    ],
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
    input_price: InputPrice = None,
    output_price: OutputPrice = None,
    fact: Facts = None,
    visible: Visible = None,
    listed: Listed = None,
    agents: Agents = None,
    group: InGroup = None,
    no_groups: NoGroups = False,
    inherit: Annotated[
        list[str] | None, typer.Option(metavar="FACT", help="Take the pin of this fact away; may be repeated.")
    ] = None,
    confirm: Confirm = False,
    terminate: Terminate = False,
) -> None:
    """Change what is said and nothing else. Facts that you give are pinned: a fetch does not overwrite them."""
    groups = [] if no_groups else finding.groups(here, group)
    body = something({**_body(locals()), **said(groups=groups), **nothing(inherit)})
    row = finding.model(here, model)
    answer = here.put(f"models/{row['id']}", body, confirm=confirm, terminate=terminate)
    here.tell(answer, f"Changed {row['model_id']} (id {row['id']}).")


def _body(words: dict[str, Any]) -> dict[str, Any]:
    """The request body's names for a verb's options."""
    price = said(input_per_million=words["input_price"], output_per_million=words["output_price"])
    facts = {name: _value(name, value) for name, value in (pairs(words["fact"], "--fact") or {}).items()}
    return {**said(pricing=price or None, **{field: words[word] for word, field in _FIELDS.items()}), **facts}


def _value(field: str, text: str) -> Any:
    """As the API takes it; what is none of the field's values is left for the API to refuse."""
    from model_lineup.catalog.facts import LISTS  # a command that pins nothing is quicker without

    if field in LISTS:
        return [word.strip() for word in text.split(",") if word.strip()]
    if field.startswith(("supports_", "is_")):
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    return text


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
    """Bring a deleted model back. Those of its aliases whose names are still free come with it."""
    answer = here.post(f"models/{row_id}/restore", confirm=confirm)
    lost = answer.json["aliases_lost"]
    hints = [f"Not restored, because others have these names now: {', '.join(lost)}"] if lost else []
    here.tell(answer, f"Restored {answer.json['model_id']} (id {row_id}).", *hints)
