"""The same change to many models: `/api/admin/models/bulk/…`; all of them or none."""

from typing import Annotated, Any, Literal

from msgspec import UNSET
from pydantic import ConfigDict, Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, receipt_headers
from model_lineup.api.bodies import Body, GroupIds, Line, RowId, RowIds, said
from model_lineup.api.dependencies import AsAdmin, By, Confirm, DryRun, There
from model_lineup.api.strict import noun
from model_lineup.api.terminating import Terminate, end_running_of_bulk
from model_lineup.catalog.shapes import BulkResult, GroupsEdit, ModelFilter, Selection, Source, Status, Task
from model_lineup.errors import InvalidInput
from model_lineup.journal.shapes import Receipt

router = noun("Models", "/api/admin")


class FilterBody(Body):
    """Everything that is said must hold."""

    q: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    provider_id: RowId | None = None
    visible: bool | None = None
    agents_enabled: bool | None = None
    supports_tools: bool | Literal["unknown"] | None = None
    supports_vision: bool | Literal["unknown"] | None = None
    supports_streaming: bool | Literal["unknown"] | None = None
    status: Status | None = None
    source: Source | None = None
    task: Task | None = None
    has_alias: bool | None = None
    limited: bool | None = None
    group_id: RowId | None = None


def _one_way(schema: dict[str, Any]) -> None:
    """Either way of choosing, in the words of JSON Schema."""
    schema["oneOf"] = [{"required": ["model_ids"]}, {"required": ["filter"]}]
    schema["dependentRequired"] = {"exclude": ["filter"]}
    for field in ("model_ids", "filter", "exclude"):
        schema["properties"][field].pop("default", None)


class ChosenBody(Body):
    """Row ids; or a filter, without some ids."""

    model_config = ConfigDict(json_schema_extra=_one_way)

    model_ids: RowIds = Field(default_factory=list)
    filter: FilterBody = Field(default_factory=FilterBody)
    exclude: RowIds = Field(default_factory=list)


class VisibilityBody(ChosenBody):
    visible: bool


class AgentsBody(ChosenBody):
    agents_enabled: bool


def _one_edit(schema: dict[str, Any]) -> None:
    """`set`, or else the others, in the words of JSON Schema."""
    _one_way(schema)
    schema["allOf"] = [
        {"anyOf": [{"required": ["set"]}, {"required": ["add"]}, {"required": ["remove"]}]},
        {"not": {"required": ["set", "add"]}},
        {"not": {"required": ["set", "remove"]}},
    ]
    for field in ("set", "add", "remove"):
        schema["properties"][field].pop("default", None)


class GroupsBody(ChosenBody):
    """`set`: these groups and no others, none: everybody. Or `add` and `remove`; who is left with none is open."""

    model_config = ConfigDict(json_schema_extra=_one_edit)

    set: GroupIds = Field(default_factory=list)
    add: GroupIds = Field(default_factory=list)
    remove: GroupIds = Field(default_factory=list)


@router.put("/models/bulk/visibility", responses=documented(BulkResult))
def set_visibility(
    body: VisibilityBody,
    there: There,
    _: AsAdmin,
    by: By,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    terminate: Terminate = False,
) -> Response:
    """Show or hide many models at once; all of them or none. Hiding holds on the next request."""
    chosen = selection_of(body)
    result = there.bulk.set_flag(chosen, "visible", body.visible, by, dry_run=dry_run, confirm=confirm)
    if terminate:
        end_running_of_bulk(there, result, body.model_ids)
    return answer(result, headers=_bulk_headers(result))


@router.put("/models/bulk/agents-enabled", responses=documented(BulkResult))
def set_agents_enabled(
    body: AgentsBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False, terminate: Terminate = False
) -> Response:
    """Allow or forbid agents to use many models at once; all of them or none."""
    result = there.bulk.set_flag(selection_of(body), "agents_enabled", body.agents_enabled, by, dry_run=dry_run)
    if terminate:
        end_running_of_bulk(there, result, body.model_ids)
    return answer(result, headers=_bulk_headers(result))


@router.put("/models/bulk/groups", responses=documented(BulkResult))
def set_groups(
    body: GroupsBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False, terminate: Terminate = False
) -> Response:
    """Limit many models to groups, or open them to everybody; all of them or none. It holds on the next request."""
    values = said(body)
    edit = GroupsEdit(set=values.get("set", UNSET), add=body.add, remove=body.remove)
    result = there.bulk.set_groups(selection_of(body), edit, by, dry_run=dry_run)
    if terminate:
        end_running_of_bulk(there, result, body.model_ids)
    return answer(result, headers=_bulk_headers(result))


@router.post("/models/bulk/delete", responses=documented(BulkResult))
def delete_models(
    body: ChosenBody,
    there: There,
    _: AsAdmin,
    by: By,
    dry_run: DryRun = False,
    confirm: Confirm = False,
    terminate: Terminate = False,
) -> Response:
    """Delete many models and their aliases at once; all of them or none. Each can be restored."""
    result = there.bulk.delete(selection_of(body), by, dry_run=dry_run, confirm=confirm)
    if terminate:
        end_running_of_bulk(there, result, body.model_ids)
    return answer(result, headers=_bulk_headers(result))


def selection_of(body: ChosenBody) -> Selection:
    """Raises InvalidInput when both or neither way of choosing was used."""
    values = said(body)
    if ("model_ids" in values) == ("filter" in values):
        raise InvalidInput.at("/model_ids", "say which models: either `model_ids` or `filter` (with `exclude`)")
    if "model_ids" in values:
        if "exclude" in values:
            raise InvalidInput.at("/exclude", "goes with `filter` only")
        return Selection(model_ids=body.model_ids)
    return Selection(filter=ModelFilter(**said(body.filter)), exclude=body.exclude)


def _bulk_headers(result: BulkResult) -> dict[str, str]:
    return receipt_headers(Receipt(result.revision, result.change_id))
