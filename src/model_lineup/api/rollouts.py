"""Rolling an alias out to another model by a share of its keys: who moves, stopping, finishing."""

from typing import Annotated, Any

from msgspec import UNSET
from pydantic import ConfigDict, Field
from starlette.responses import Response

from model_lineup.api.aliases import AliasOfQuery, target_of
from model_lineup.api.answers import answer, documented, etag, written
from model_lineup.api.bodies import Body, ModelId, RowId, said
from model_lineup.api.dependencies import (
    AsAdmin,
    AsViewer,
    By,
    DryRun,
    IfMatch,
    Limit,
    Offset,
    TheModel,
    There,
    version_wanted,
)
from model_lineup.api.strict import noun
from model_lineup.api.terminating import Terminate, end_running
from model_lineup.catalog.rollouts import Sticky
from model_lineup.catalog.shapes import Alias
from model_lineup.changes.rollouts.shapes import NewRollout, RolloutState
from model_lineup.errors import InvalidInput
from model_lineup.journal.shapes import Receipt
from model_lineup.rooms import Rooms

router = noun("Aliases", "/api/admin", follows_configuration=True)


def _one_model(schema: dict[str, Any]) -> None:
    """As `_one_target`, and one of them must be said."""
    schema["oneOf"] = [{"required": ["id"]}, {"required": ["model_id"]}]
    schema["dependentRequired"] = {"provider_id": ["model_id"]}
    for field in ("id", "model_id", "provider_id"):
        schema["properties"][field].pop("default", None)


class RolloutBody(Body):
    """`model_id` (with `provider_id` where several have it) or the row id `id`: the model to roll out."""

    model_config = ConfigDict(json_schema_extra=_one_model)

    model_id: ModelId = ""
    provider_id: RowId | None = None
    id: RowId = 1
    share: Annotated[float, Field(ge=0.01, le=100, description="Percent, in steps of 0.01.")]
    sticky: Annotated[
        Sticky, Field(description="What stays with one model: all requests of a key, or each request by itself.")
    ] = "key"
    gate: Annotated[bool, Field(description="Only if tests have proven of it what the alias's own model declares.")] = (
        False
    )


@router.get("/models/by-id/aliases/rollout", responses=documented(RolloutState))
def read_rollout(
    _: AsViewer, alias: AliasOfQuery, model: TheModel, there: There, limit: Limit = 100, offset: Offset = 0
) -> Response:
    """The keys that a rollout of this alias moves, and those that stay, each with the reason."""
    state = there.rollouts.get(model.id, alias, limit=limit, offset=offset)
    return answer(state, headers=etag(state.alias.id, state.alias.version))


@router.put("/models/by-id/aliases/rollout", responses=documented(RolloutState, with_receipt=True))
def roll_out(
    _: AsAdmin,
    body: RolloutBody,
    alias: AliasOfQuery,
    model: TheModel,
    there: There,
    by: By,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Response:
    """Give a share of the alias's keys another model, or change that share. `?dry_run=true` names the keys."""
    values: dict[str, Any] = said(body)
    target = target_of(values, there)
    if target is UNSET:
        raise InvalidInput.at("/model_id", "say the model to roll out: `model_id` or `id`")
    chosen = {name: values[name] for name in ("share", "sticky", "gate") if name in values}
    new = NewRollout(target=target, **chosen)
    wanted = _version_wanted(there, model.id, alias, if_match)
    state, receipt = there.rollouts.set(model.id, alias, new, by, if_match=wanted, dry_run=dry_run)
    return written(state, receipt, headers=etag(state.alias.id, state.alias.version))


@router.delete("/models/by-id/aliases/rollout", responses=documented(Alias, with_receipt=True))
def stop_rollout(
    _: AsAdmin,
    alias: AliasOfQuery,
    model: TheModel,
    there: There,
    by: By,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    terminate: Terminate = False,
) -> Response:
    """Everybody gets the alias's own model again, with the next request."""
    wanted = _version_wanted(there, model.id, alias, if_match)
    stopped, receipt = there.rollouts.stop(model.id, alias, by, if_match=wanted, dry_run=dry_run)
    return _ended(there, stopped, receipt, terminate=terminate)


@router.post("/models/by-id/aliases/rollout/finish", responses=documented(Alias, with_receipt=True))
def finish_rollout(
    _: AsAdmin,
    alias: AliasOfQuery,
    model: TheModel,
    there: There,
    by: By,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
    terminate: Terminate = False,
) -> Response:
    """Everybody gets the model that was rolled out: the alias leads there from now on."""
    wanted = _version_wanted(there, model.id, alias, if_match)
    finished, receipt = there.rollouts.finish(model.id, alias, by, if_match=wanted, dry_run=dry_run)
    return _ended(there, finished, receipt, terminate=terminate)


def _ended(there: Rooms, alias: Alias, receipt: Receipt, *, terminate: bool) -> Response:
    if terminate and receipt.dry_run is not True:
        end_running(there, receipt.revision, aliases=[alias.alias])
    return written(alias, receipt, headers=etag(alias.id, alias.version))


def _version_wanted(there: Rooms, row_id: int, alias: str, if_match: str | None) -> int | None:
    """A tag names the alias's own row. Raises NotFound."""
    if if_match is None:
        return None
    found = next((one for one in there.aliases.of_model(row_id) if one.alias == alias), None)
    return version_wanted(0 if found is None else found.id, if_match)
