"""More of `lineup models`: hide, unhide, agents on and off, delete; for named models or for all that match."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from model_lineup.cli import choosing, completion, finding, show, staging
from model_lineup.cli.client import Answer
from model_lineup.cli.misused import Misused
from model_lineup.cli.models import app
from model_lineup.cli.options import Confirm, DryRun, Terminate
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL", help="Ids, model_ids, slug/model_ids or aliases.", autocompletion=completion.models
    ),
]
But = Annotated[list[str] | None, typer.Option("--but", metavar="MODEL", help="Not this one; goes with filters.")]
All = Annotated[bool, typer.Option("--all", help="All models; with filters, all that match.")]


def _bulk(name: str, does: str, done: str, method: str, path: str, body: Mapping[str, Any], example: str) -> None:
    """One verb on many models: all of them or none, in one change."""

    def change(
        here: Session,
        models: Names = None,
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
        but: But = None,
        every: All = False,
        dry_run: DryRun = False,
        confirm: Confirm = False,
        terminate: Terminate = False,
        at: staging.At = None,
        announce: staging.Announce = None,
        announce_from: staging.AnnounceFrom = None,
        successor: staging.Successor = None,
    ) -> None:
        words = locals()
        later = staging.Later(at, announce, announce_from, successor)
        later.refuse_now()
        filters = choosing.body(here, {word: words[word] for word in choosing.NAMES})
        chosen = _chosen(here, models or [], filters, but or [], every)
        if at is not None:
            return _stage(here, path, {**chosen, **body}, later, dry_run, confirm)
        query = {
            "dry_run": dry_run,
            "terminate": terminate,
            **({"confirm": confirm} if "agents-enabled" not in path else {}),
        }
        return _tell(here, here.admin.call(method, path, query=query, body={**chosen, **body}), done)

    change.__doc__ = f"{does} Named models, or all that match the filters: all of them or none."
    verb(app, name, examples=[example])(change)


def _stage(
    here: Session, path: str, change: dict[str, Any], later: staging.Later, dry_run: bool, confirm: bool
) -> None:
    """Raises Misused for what cannot be staged."""
    if path not in STAGED:
        raise Misused("Deleting is not staged: hide them at that moment, and delete them when you like.")
    staging.stage(here, {"operation": STAGED[path], **change}, later, dry_run=dry_run, confirm=confirm)


def _chosen(here: Session, names: list[str], filters: dict[str, Any], but: list[str], every: bool) -> dict[str, Any]:
    """Raises Misused where it is not clear what is meant."""
    if names and (filters or every or but):
        raise Misused("Name models, or choose them with filters; not both.")
    if names:
        return {"model_ids": finding.models(here, names)}
    if not (filters or every):
        raise Misused("Say which models: name them, filter them, or say --all.")
    return {"filter": filters, "exclude": finding.models(here, but)}


def _tell(here: Session, answer: Answer, done: str) -> None:
    def as_text(result: dict[str, Any]) -> None:
        lead = "Dry run, nothing stored. " if result["dry_run"] else ""
        same = f", {result['unchanged']} needed nothing" if result["unchanged"] else ""
        change = f" Change {result['change_id']}." if result["change_id"] else ""
        show.line(f"{lead}{show.count(result['changed'], 'model')} {done}{same}.{change}")
        if impact := result.get("impact"):
            show.line(show.impact_in_words(impact))

    here.answer(answer, as_text)


VISIBILITY, AGENTS = "models/bulk/visibility", "models/bulk/agents-enabled"
STAGED = {VISIBILITY: "models.visibility", AGENTS: "models.agents_enabled"}
_bulk(
    "unhide",
    "Let people call models from now on.",
    "made visible",
    "PUT",
    VISIBILITY,
    {"visible": True},
    "lineup models unhide gpt-4o claude-sonnet",
)
_bulk(
    "hide",
    "Let nobody call models any more; holds on the next request.",
    "hidden",
    "PUT",
    VISIBILITY,
    {"visible": False},
    "lineup models hide --provider openai --but gpt-4o --dry-run",
)
_bulk(
    "agents-on",
    "Let agents call models.",
    "enabled for agents",
    "PUT",
    AGENTS,
    {"agents_enabled": True},
    "lineup models agents-on --tools true",
)
_bulk(
    "agents-off",
    "Keep agents from calling models.",
    "disabled for agents",
    "PUT",
    AGENTS,
    {"agents_enabled": False},
    "lineup models agents-off --all",
)
_bulk(
    "delete",
    "Delete models and their aliases; `restore` brings each back.",
    "deleted",
    "POST",
    "models/bulk/delete",
    {},
    "lineup models delete --status vanished --dry-run",
)
