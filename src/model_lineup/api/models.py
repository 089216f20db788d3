"""Models: `/api/admin/models`, singly by row id or by `?model_id=`, and as a list. Many at once: `bulk`."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from model_lineup.api.answers import answer, documented, done, etag, rehearsed, written
from model_lineup.api.bodies import MOST_INTEGER, Body, GroupIds, Line, ModelId, Patch, RowId, pattern, said
from model_lineup.api.dependencies import (
    AsAdmin,
    AsViewer,
    By,
    Confirm,
    DryRun,
    IfMatch,
    PathId,
    TheModel,
    There,
    revision_reached,
    version_wanted,
    wait_for_revision,
)
from model_lineup.api.pins import Facts
from model_lineup.api.strict import noun
from model_lineup.api.terminating import Terminate, end_running
from model_lineup.catalog.models import FLAGS
from model_lineup.catalog.shapes import Model, ModelChanges, ModelFilter, ModelPage, NewModel, Source, Status, Task
from model_lineup.catalog.store.selecting import SORTABLE
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms

router = noun("Models", "/api/admin")
YesNo = Literal["true", "false"]
YesNoUnknown = Literal["true", "false", "unknown"]
_FIELD = f"-?({'|'.join(SORTABLE)})"
_SORT = f"^{_FIELD}(,{_FIELD}){{0,9}}$"
LINES_AT_ONCE = 500
_PLAIN: dict[Any, Any] = {"true": True, "false": False, "unknown": "unknown"}


class NewModelBody(Facts, Body):
    """Facts that are given are pinned; those left out are inherited, or unknown."""

    provider_id: RowId
    model_id: ModelId
    visible: bool = False
    listed: bool = True
    agents_enabled: bool = False
    groups: GroupIds = Field(default_factory=list)


class ModelPatch(Facts, Patch):
    """A merge patch: absent keeps, null goes back to the inherited value, a value is pinned. Flags take no null.

    `groups`: ids of those who may use it; none: everybody.
    """

    visible: bool = False
    listed: bool = True
    agents_enabled: bool = False
    groups: GroupIds = Field(default_factory=list)


class FilterQuery(BaseModel):
    """The filters of the list. An unknown parameter is refused: a misspelt filter would show everything."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Line, Field(min_length=1, max_length=100, description="Part of an id, a name or an alias.")] | None = (
        None
    )
    provider_id: Annotated[int, Field(ge=1, le=MOST_INTEGER)] | None = None
    visible: YesNo | None = None
    agents_enabled: YesNo | None = None
    supports_tools: YesNoUnknown | None = None
    supports_vision: YesNoUnknown | None = None
    supports_streaming: YesNoUnknown | None = None
    status: Status | None = None
    source: Source | None = None
    task: Task | None = None
    has_alias: YesNo | None = None
    limited: YesNo | None = None
    group_id: Annotated[int, Field(ge=1, le=MOST_INTEGER)] | None = None

    def wanted(self) -> ModelFilter:
        values: dict[str, Any] = {name: getattr(self, name) for name in FilterQuery.model_fields}
        return ModelFilter(**{name: _PLAIN.get(value, value) for name, value in values.items() if value is not None})


class StreamQuery(FilterQuery):
    wait_revision: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = None


class ListQuery(StreamQuery):
    sort: Annotated[
        str,
        Field(min_length=1, max_length=200, description="Fields, separated by commas; `-` descends."),
        pattern(_SORT),
    ] = "id"
    limit: Annotated[int, Field(ge=1, le=10_000)] = 100
    offset: Annotated[int, Field(ge=0, le=MOST_INTEGER)] = 0


class RestoredModel(Model, frozen=True, kw_only=True):
    """`aliases_lost` are those whose names were taken in the meantime."""

    aliases_restored: list[str]
    aliases_lost: list[str]


@router.get("/models", responses=documented(ModelPage))
async def list_models(request: Request, query: Annotated[ListQuery, Query()], there: There, _: AsViewer) -> Response:
    """Registered models, a page at a time; every filter and sort runs in the database."""
    await revision_reached(there, query.wait_revision)
    page = await _in_thread(there.models.page, query.wanted(), query.sort, query.limit, query.offset)
    return answer(page, headers=_links(request, page))


@router.get("/models.ndjson", responses={200: {"content": {"application/x-ndjson": {}}, "description": "Lines."}})
async def stream_models(query: Annotated[StreamQuery, Query()], there: There, _: AsViewer) -> Response:
    """Every registered model that the filter lets through, one JSON object a line."""
    await revision_reached(there, query.wait_revision)
    return StreamingResponse(_lines(there, query.wanted()), media_type="application/x-ndjson")


@router.post("/models", status_code=201, responses=documented(Model, status=201, with_receipt=True))
def create_model(body: NewModelBody, there: There, _: AsAdmin, by: By, confirm: Confirm = False) -> Response:
    """Register a model by hand. A duplicate answers 409 and names the row that is there."""
    model, receipt = there.models.create(new_model(body), by, confirm=confirm)
    headers = {"location": f"/api/admin/models/{model.id}", **etag(model.id, model.version)}
    return written(model, receipt, status=201, headers=headers)


@router.get("/models/by-id", responses=documented(Model), dependencies=[Depends(wait_for_revision)])
def get_by_model_id(_: AsViewer, model: TheModel) -> Response:
    """One model by the provider's own id."""
    return answer(model, headers=etag(model.id, model.version))


@router.put("/models/by-id", responses=documented(Model, with_receipt=True))
def change_by_model_id(
    _: AsAdmin,
    body: ModelPatch,
    model: TheModel,
    there: There,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """Change what is said and nothing else."""
    return _change(model.id, body, there, by, confirm, terminate and not dry_run, dry_run, if_match)


@router.delete("/models/by-id", status_code=204, responses=rehearsed())
def delete_by_model_id(
    _: AsAdmin,
    model: TheModel,
    there: There,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """Its aliases go in the same change; `POST …/{id}/restore` brings both back."""
    return _delete(model.id, there, by, confirm, terminate and not dry_run, dry_run, if_match)


@router.get("/models/{row_id:row}", responses=documented(Model), dependencies=[Depends(wait_for_revision)])
def get_model(row_id: PathId, there: There, _: AsViewer) -> Response:
    """One model by its row id."""
    model = there.models.get(row_id)
    return answer(model, headers=etag(model.id, model.version))


@router.put("/models/{row_id:row}", responses=documented(Model, with_receipt=True))
def change_model(
    row_id: PathId,
    body: ModelPatch,
    there: There,
    _: AsAdmin,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """Change what is said and nothing else."""
    return _change(row_id, body, there, by, confirm, terminate and not dry_run, dry_run, if_match)


@router.delete("/models/{row_id:row}", status_code=204, responses=rehearsed())
def delete_model(
    row_id: PathId,
    there: There,
    _: AsAdmin,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """Its aliases go in the same change; restoring brings both back."""
    return _delete(row_id, there, by, confirm, terminate and not dry_run, dry_run, if_match)


@router.post("/models/{row_id:row}/restore", responses=documented(RestoredModel, with_receipt=True))
def restore_model(row_id: PathId, there: There, _: AsAdmin, by: By, confirm: Confirm = False) -> Response:
    """Bring a deleted model back, with those of its aliases whose names are still free."""
    back = there.models.restore(row_id, by, confirm=confirm)
    values = {name: getattr(back.model, name) for name in back.model.__struct_fields__}
    restored = RestoredModel(**values, aliases_restored=back.aliases, aliases_lost=back.aliases_lost)
    return written(restored, back.receipt, headers=etag(back.model.id, back.model.version))


def new_model(body: NewModelBody) -> NewModel:
    """What the body says, as the catalog takes it."""
    return NewModel(provider_id=body.provider_id, model_id=body.model_id, pins=_pins(body), **_flags(body))


def changes_of(body: ModelPatch) -> ModelChanges:
    """What the body says, as the catalog takes it."""
    return ModelChanges(pins=_pins(body), **_flags(body))


async def _in_thread(operation: Any, wanted: ModelFilter, sort: str, limit: int, offset: int) -> ModelPage:
    page: ModelPage = await asyncio.to_thread(operation, wanted, sort=sort, limit=limit, offset=offset)
    return page


def _change(
    row_id: int,
    body: ModelPatch,
    there: Rooms,
    by: Author,
    confirm: bool,
    terminate: bool,
    dry_run: bool,
    if_match: str | None,
) -> Response:
    wanted = version_wanted(row_id, if_match)
    model, receipt = there.models.change(
        row_id, changes_of(body), by, if_match=wanted, confirm=confirm, dry_run=dry_run
    )
    if terminate:
        end_running(there, receipt.revision, models=[row_id])
    return written(model, receipt, headers=etag(model.id, model.version))


def _delete(
    row_id: int, there: Rooms, by: Author, confirm: bool, terminate: bool, dry_run: bool, if_match: str | None
) -> Response:
    wanted = version_wanted(row_id, if_match)
    receipt = there.models.delete(row_id, by, if_match=wanted, confirm=confirm, dry_run=dry_run)
    if terminate:
        end_running(there, receipt.revision, models=[row_id])
    return done(receipt)


def _pins(body: NewModelBody | ModelPatch) -> dict[str, Any]:
    return {name: _plain(value) for name, value in said(body).items() if name in Facts.model_fields}


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else value


def _flags(body: NewModelBody | ModelPatch) -> dict[str, Any]:
    return {name: value for name, value in said(body).items() if name in (*FLAGS, "groups")}


def _lines(there: Rooms, wanted: ModelFilter) -> Iterator[bytes]:
    """Each piece is made when the one before has gone out: a slow reader costs the memory of one."""
    models, encoder = there.models.stream(wanted), msgspec.json.Encoder()
    while piece := list(itertools.islice(models, LINES_AT_ONCE)):
        yield encoder.encode_lines(piece)


def _links(request: Request, page: ModelPage) -> dict[str, str]:
    """RFC 8288 links to the pages around this one, relative to the server."""
    offsets = {"first": 0, "prev": page.offset - page.limit, "next": page.offset + page.limit}
    if page.offset == 0:
        del offsets["prev"]
    if page.offset + page.limit >= page.total:
        del offsets["next"]
    links = [f'<{request.scope["path"]}?{_query(request, max(0, at))}>; rel="{rel}"' for rel, at in offsets.items()]
    return {"link": ", ".join(links)}


def _query(request: Request, offset: int) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
    return urlencode([*kept, ("offset", str(offset))])
