"""`lineup catalog`: what models inherit prices, windows and capabilities from where nobody nearer says them."""

import json
from typing import Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.options import DryRun, refuse
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("catalog", "Catalogues of models: which are there, and taking one into use.")

File = Annotated[
    typer.FileBinaryRead | None,
    typer.Option(
        "--file", help="A file in the format of models.dev, LiteLLM's map or OpenRouter's list; `-` reads it."
    ),
]
COLUMNS = (
    Column("id", "id"),
    Column("in use", "in_use"),
    Column("name", "name"),
    Column("format", "format"),
    Column("dated", "dated"),
    Column("entries", "taken"),
    Column("skipped", "skipped"),
    Column("brought", "added_at"),
    Column("by", "added_by"),
)


@verb(app, "list")
def list_catalogues(here: Session) -> None:
    """The packaged data, and the catalogues that were brought; the newest five are kept."""

    def as_text(found: dict[str, Any]) -> None:
        show.line(f"{found['packaged']}: {found['packaged_models']} models, for prices and context lengths.")
        nothing = "No other catalogue. `lineup catalog refresh --file FILE` brings one."
        show.rows(found["catalogues"], COLUMNS, nothing=nothing)

    here.answer(here.get("catalog"), as_text)


@verb(app, "refresh", examples=["lineup catalog refresh", "lineup catalog refresh --file api.json --dry-run"])
def refresh(
    here: Session,
    file: File = None,
    name: Annotated[str | None, typer.Option(help="What to call it; else the file's name.")] = None,
    dated: Annotated[
        str | None, typer.Option(help="Its date, where the file tells none: 2030-01-31T00:00:00Z.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Take a catalogue file into use; without one read the packaged data and the catalogue in use once more.

    What changes is one change set. Nothing is fetched from the network.
    """
    body = None if file is None else _json(file.read(), file.name)
    label = name or (None if file is None else file.name.rpartition("/")[2][:200])
    here.answer(here.post("catalog", body, name=label, dated=dated, dry_run=dry_run or None), tell)


@verb(app, "use", examples=["lineup catalog use 3", "lineup catalog use none"])
def use(
    here: Session,
    catalogue: Annotated[str, typer.Argument(help="The id of a catalogue that is kept, or `none`.")],
    dry_run: DryRun = False,
) -> None:
    """Take an earlier catalogue into use again, or none."""
    if catalogue != "none" and not catalogue.isdecimal():
        raise refuse("not_found", "Say the id of a catalogue (`lineup catalog list`), or none.")
    wanted = None if catalogue == "none" else int(catalogue)
    here.answer(here.put("catalog", {"id": wanted}, dry_run=dry_run or None), tell)


def tell(done: dict[str, Any]) -> None:
    """What a refresh did, or would do."""
    if done["unchanged"]:
        show.line("That catalogue is in use already.")
    elif done["taken"]:
        show.line(f"{done['taken']} entries taken, {done['skipped']} skipped.")
        for skip in done["skips"][:10]:
            show.line(f"  skipped {skip['entry']}: {skip['reason']}")
    would = "would change" if done["dry_run"] else "changed"
    fields = ", ".join(f"{field} {count}" for field, count in done["fields"].items())
    show.line(f"{show.count(done['models_changed'], 'model')} {would}{f': {fields}' if fields else ''}.")
    for model in done["models"][:20]:
        for field, pair in model["changes"].items():
            show.line(f"  {model['model_id']}: {field} {_value(pair['before'])} -> {_value(pair['after'])}")
    if done["models_changed"] > 20:
        show.note("Those are the first 20; --json tells 100, the change set has all.")


def _value(said: Any) -> str:
    return "unknown" if said is None else f"{show.cell(said['value'])} ({said['source']})"


def _json(text: bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise refuse("malformed_json", f"{name} is not JSON: {error}.") from None
