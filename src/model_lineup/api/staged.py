"""Changes that are staged for a moment to come: `/api/admin/staged`."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.aliases import AliasName
from model_lineup.api.answers import answer, documented, done, rehearsed, written
from model_lineup.api.bodies import Body, Line, Moment, RowId
from model_lineup.api.bulk import ChosenBody, selection_of
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, Confirm, DryRun, Limit, Offset, PathId, There
from model_lineup.api.strict import noun
from model_lineup.changes.staged.shapes import (
    Announcement,
    FlagWanted,
    NewStaged,
    StagedChange,
    StagedPage,
    State,
    SwitchWanted,
    TargetWanted,
    Wanted,
)

router = noun("Staged changes", "/api/admin/staged", follows_configuration=True)


class StagedVisibility(ChosenBody):
    """Show or hide models."""

    operation: Literal["models.visibility"]
    visible: bool


class StagedAgents(ChosenBody):
    """Allow or forbid agents to use models."""

    operation: Literal["models.agents_enabled"]
    agents_enabled: bool


class StagedSwitch(Body):
    """Switch a provider on or off."""

    operation: Literal["providers.enabled"]
    provider_id: RowId
    enabled: bool


class StagedTarget(Body):
    """Point an alias at another model, named by its row id."""

    operation: Literal["aliases.target"]
    alias: AliasName
    target_id: RowId


Staged = Annotated[
    StagedVisibility | StagedAgents | StagedSwitch | StagedTarget,
    Field(discriminator="operation", description="What is done then; the rows are those that it means now."),
]


class AnnounceBody(Body):
    """What callers are told until then; from now on, or from `starts_at`."""

    starts_at: Moment | None = None
    message: Annotated[Line, Field(min_length=1, max_length=500)] | None = None
    successor_id: RowId | None = None


class StagedBody(Body):
    change: Staged
    at: Annotated[Moment, Field(description="With its time zone.")]
    announce: AnnounceBody | None = None


@router.post("", status_code=201, responses=documented(StagedChange, status=201, with_receipt=True))
def stage(
    body: StagedBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False, confirm: Confirm = False
) -> Response:
    """Keep a change for its moment, and tell callers until then. It is tried now, so that what would be refused is."""
    announce = None if body.announce is None else Announcement(**body.announce.model_dump())
    new = NewStaged(wanted=_wanted(body.change), at=body.at, announce=announce)
    found, receipt = there.staging.stage(new, by, confirm=confirm, dry_run=dry_run)
    place = {} if dry_run else {"location": f"/api/admin/staged/{found.id}"}
    return written(found, receipt, status=200 if dry_run else 201, headers=place)


@router.get("", responses=documented(StagedPage))
def list_staged(
    there: There,
    _: AsViewer,
    state: Annotated[State | None, Query(description="Those in this state alone.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Waiting ones first, soonest first; then those that ended, newest first."""
    return answer(there.staging.page(limit=limit, offset=offset, state=state))


@router.get("/{staged_id}", responses=documented(StagedChange))
def get_staged(staged_id: PathId, there: There, _: AsViewer) -> Response:
    """One of them, with what became of it."""
    return answer(there.staging.get(staged_id))


@router.delete("/{staged_id}", status_code=204, responses=rehearsed())
def cancel_staged(staged_id: PathId, there: There, _: AsAdmin, by: By, dry_run: DryRun = False) -> Response:
    """Callers are told no more, and nothing is done at its moment."""
    _cancelled, receipt = there.staging.cancel(staged_id, by, dry_run=dry_run)
    return done(receipt)


def _wanted(change: StagedVisibility | StagedAgents | StagedSwitch | StagedTarget) -> Wanted:
    if isinstance(change, StagedVisibility):
        return FlagWanted(chosen=selection_of(change), flag="visible", value=change.visible)
    if isinstance(change, StagedAgents):
        return FlagWanted(chosen=selection_of(change), flag="agents_enabled", value=change.agents_enabled)
    if isinstance(change, StagedSwitch):
        return SwitchWanted(provider_id=change.provider_id, enabled=change.enabled)
    return TargetWanted(alias=change.alias, target=change.target_id)
