"""`lineup aliases`: second names for models."""

import json
from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import completion, finding, rollouts, show, staging
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import (
    Confirm,
    DryRun,
    InGroup,
    Limit,
    NoGroups,
    Offset,
    Terminate,
    refuse,
    said,
    shown_of,
    something,
)
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("aliases", "Second names for models.")

Name = Annotated[str, typer.Argument(metavar="ALIAS", help="Letters, digits and . _ : / @ -")]
Target = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="Its id, model_id, slug/model_id or another alias.", autocompletion=completion.models
    ),
]
Fallback = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="Tried in order when the target cannot answer; may be repeated.",
        autocompletion=completion.models,
    ),
]

COLUMNS = (
    Column("alias", "alias"),
    Column("model", lambda row: row["model"]["model_id"]),
    Column("provider", lambda row: row["model"]["provider"]),
    Column("answers", lambda row: row["model"]["available"]),
    Column("fallbacks", lambda row: [one["model_id"] for one in row["fallbacks"]]),
    Column("description", "description"),
)


@verb(app, "list")
def list_aliases(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """All aliases with their targets."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["aliases"], COLUMNS, nothing="No aliases yet. `lineup aliases add` adds one.")
        if rest := shown_of(page, len(page["aliases"])):
            show.note(rest)

    here.answer(here.get("aliases", limit=limit, offset=offset), as_text)


@verb(app, "add", examples=["lineup aliases add fast gpt-4o-mini --fallback llama-3.1-8b"])
def add_alias(
    here: Session,
    alias: Name,
    model: Target,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    fallback: Fallback = None,
    allow_shadow: Annotated[
        bool, typer.Option("--allow-shadow", help="Let it win over a visible model of this name.")
    ] = False,
    group: InGroup = None,
    confirm: Confirm = False,
) -> None:
    """Give a model a second name."""
    target = finding.model(here, model)
    fallbacks = finding.models(here, fallback) if fallback else None
    body = said(alias=alias, description=description, fallbacks=fallbacks, allow_shadow=allow_shadow or None)
    body |= said(groups=finding.groups(here, group))
    answer = here.post("models/by-id/aliases", body, **finding.address(target), confirm=confirm)
    warnings = [f"Warning: {warning}" for warning in answer.json["warnings"]]
    here.tell(answer, f"{alias} now means {target['model_id']} at {target['provider']['slug']}.", *warnings)


@verb(app, "change", examples=["lineup aliases change fast --to gpt-4.1-mini"])
def change_alias(
    here: Session,
    alias: Name,
    to: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Point it at this model.", autocompletion=completion.models)
    ] = None,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    fallback: Fallback = None,
    no_fallbacks: Annotated[bool, typer.Option("--no-fallbacks", help="Take its fallbacks away.")] = False,
    group: InGroup = None,
    no_groups: NoGroups = False,
    confirm: Confirm = False,
    terminate: Terminate = False,
    dry_run: DryRun = False,
    at: staging.At = None,
    announce: staging.Announce = None,
    announce_from: staging.AnnounceFrom = None,
) -> None:
    """Point an alias elsewhere, describe it, or declare its fallbacks."""
    row = finding.alias(here, alias)
    later = staging.Later(at, announce, announce_from, None)
    later.refuse_now()
    body = said(
        id=finding.model(here, to)["id"] if to else None,
        description=description,
        fallbacks=[] if no_fallbacks else finding.models(here, fallback) if fallback else None,
        groups=[] if no_groups else finding.groups(here, group),
    )
    if at is not None:
        if body.keys() != {"id"}:
            raise Misused("With --at say --to and nothing else: what is staged is where the alias leads.")
        wanted = {"operation": "aliases.target", "alias": row["alias"], "target_id": body["id"]}
        return staging.stage(here, wanted, later, dry_run=dry_run, confirm=confirm)
    where = {"model_id": row["model_id"], "provider_id": row["model"]["provider_id"], "alias": row["alias"]}
    query = {**where, "confirm": confirm, "terminate": terminate, "dry_run": dry_run}
    answer = here.put("models/by-id/aliases", something(body), **query)
    now = answer.json["model"]
    told = f"{row['alias']} means {now['model_id']} at {now['provider']}."
    if dry_run:
        return here.answer(answer, lambda _: show.line(f"Dry run, nothing stored. {told}"))
    here.tell(answer, told)
    return None


@verb(
    app,
    "rollout",
    examples=[
        "lineup aliases rollout fast --to gpt-4.1-mini --share 10 --dry-run",
        "lineup aliases rollout fast --to gpt-4.1-mini --share 50 --gate",
        "lineup aliases rollout fast --stop",
        "lineup aliases rollout fast --finish",
    ],
)
def roll_out(
    here: Session,
    alias: Name,
    to: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Roll out this model.", autocompletion=completion.models)
    ] = None,
    share: Annotated[float | None, typer.Option(metavar="PERCENT", help="Of its keys: 0.01 to 100.")] = None,
    sticky: Annotated[
        Literal["key", "request"] | None,
        typer.Option(help="What stays with one model: a key, or each request by itself.", show_default="key"),
    ] = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="Only if tests have proven of it what the alias's model declares.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Everybody gets the alias's own model again.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Everybody gets the model that was rolled out.")] = False,
    terminate: Terminate = False,
    dry_run: DryRun = False,
) -> None:
    """Give a share of an alias's keys another model; without options, tell whom the rollout moves."""
    row = finding.alias(here, alias)
    where = {"model_id": row["model_id"], "provider_id": row["model"]["provider_id"], "alias": row["alias"]}
    rollouts.carry_out(here, where, rollouts.Wanted(to, share, sticky, gate, stop, finish, terminate, dry_run))


@verb(app, "delete")
def delete_alias(here: Session, alias: Name, confirm: Confirm = False, terminate: Terminate = False) -> None:
    """Delete an alias; its name is free at once."""
    row = finding.alias(here, alias)
    where = {"model_id": row["model_id"], "provider_id": row["model"]["provider_id"], "alias": row["alias"]}
    answer = here.delete("models/by-id/aliases", **where, confirm=confirm, terminate=terminate)
    here.tell(answer, f"Deleted {row['alias']}.")


@verb(app, "import", examples=["lineup aliases import aliases.json --mode upsert --dry-run"])
def import_aliases(
    here: Session,
    file: Annotated[typer.FileText, typer.Argument(metavar="FILE.json", help="`-` for standard input.")],
    mode: Annotated[
        Literal["create", "upsert"] | None,
        typer.Option(help="Whether an alias that is there is a conflict, or changed.", show_default="create"),
    ] = None,
    dry_run: DryRun = False,
    confirm: Confirm = False,
) -> None:
    """Import many aliases: all of them or none. The file lists objects of alias, model_id and provider_id."""
    body = _import_body(file.read(), file.name)
    if mode:
        body["mode"] = mode
    here.answer(here.post("models/import-aliases", body, dry_run=dry_run, confirm=confirm), _tell_import)


def _import_body(text: str, name: str) -> dict[str, Any]:
    """The API's body: the file may be it, or just its list. Raises Refused."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise refuse("malformed_json", f"{name} is not JSON: {error}.") from None
    if isinstance(found, list):
        return {"aliases": found}
    if isinstance(found, dict):
        return dict(found)
    raise refuse("malformed_json", f"{name} must hold a list of aliases, or an object with such a list.")


def _tell_import(result: dict[str, Any]) -> None:
    lead = "Dry run, nothing stored. " if result["dry_run"] else ""
    change = f" Change {result['change_id']}." if result["change_id"] else ""
    counts = f"{result['created']} created, {result['updated']} updated, {result['unchanged']} unchanged."
    show.line(f"{lead}{counts}{change}")
    for warning in result["warnings"]:
        show.note(f"Warning: {warning}")
