"""Aliases: of one model, of all, and imported in bulk; and what a name means."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query
from msgspec import UNSET, UnsetType
from pydantic import ConfigDict, FailFast, Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, done, receipt_headers, rehearsed, written
from model_lineup.api.bodies import (
    MOST_INTEGER,
    Body,
    Description,
    GroupIds,
    Line,
    ModelId,
    Patch,
    RowId,
    pattern,
    said,
)
from model_lineup.api.dependencies import (
    AsAdmin,
    AsViewer,
    By,
    Confirm,
    DryRun,
    Limit,
    Offset,
    TheModel,
    There,
)
from model_lineup.api.strict import noun
from model_lineup.api.terminating import Terminate, end_running
from model_lineup.catalog.names import ALIAS
from model_lineup.catalog.shapes import Alias, AliasChanges, AliasPage, ImportItem, ImportResult, NewAlias
from model_lineup.errors import InvalidInput
from model_lineup.journal.shapes import Receipt
from model_lineup.rooms import Rooms
from model_lineup.routing.route import Explanation
from model_lineup.routing.standing import Standing, of_key, of_person

router = noun("Aliases", "/api/admin", follows_configuration=True)
AliasName = Annotated[Line, Field(min_length=1, max_length=128), pattern(f"^{ALIAS.pattern}$")]
AliasOfQuery = Annotated[Line, Query(min_length=1, max_length=128)]
Fallbacks = Annotated[list[RowId], Field(max_length=8, description="Row ids, tried in order before the first byte.")]


class NewAliasBody(Body):
    alias: AliasName
    description: Description | None = None
    fallbacks: Fallbacks = Field(default_factory=list)
    groups: GroupIds = Field(default_factory=list)
    allow_shadow: Annotated[bool, Field(description="Let the alias win over a visible model of this name.")] = False


def _one_target(schema: dict[str, Any]) -> None:
    """One way of saying where to point, in the words of JSON Schema."""
    schema["not"] = {"required": ["id", "model_id"]}
    schema["dependentRequired"] = {"provider_id": ["model_id"]}
    for field in schema["properties"].values():
        field.pop("default", None)


class AliasPatch(Patch):
    """`model_id` (with `provider_id` where several have it) or the row id `id`: the model to point at from now on."""

    model_config = ConfigDict(json_schema_extra=_one_target)

    model_id: ModelId = ""
    provider_id: RowId | None = None
    id: RowId = 1
    description: Description | None = None
    fallbacks: Fallbacks = Field(default_factory=list)
    groups: GroupIds = Field(default_factory=list)


class ImportItemBody(Body):
    model_id: ModelId
    alias: Annotated[Line, Field(min_length=1, max_length=512)]
    provider_id: RowId | None = None
    description: Description | None = None


class ImportBody(Body):
    """`create`: an alias that is there with another meaning is a conflict; `upsert`: it is changed."""

    aliases: Annotated[list[ImportItemBody], Field(min_length=1, max_length=100_000), FailFast()]
    mode: Literal["create", "upsert"] = "create"


class AliasesOfModel(msgspec.Struct, frozen=True):
    aliases: list[Alias]
    total: int


@router.get("/models/by-id/aliases", responses=documented(AliasesOfModel))
def list_aliases_of_model(_: AsViewer, model: TheModel, there: There) -> Response:
    """The aliases that point at this model."""
    found = there.aliases.of_model(model.id)
    return answer(AliasesOfModel(found, len(found)))


@router.post("/models/by-id/aliases", status_code=201, responses=documented(Alias, status=201, with_receipt=True))
def create_alias(
    _: AsAdmin, body: NewAliasBody, model: TheModel, there: There, by: By, confirm: Confirm = False
) -> Response:
    """A second name for this model, unique without regard to case."""
    alias, receipt = there.aliases.create(model.id, NewAlias(**said(body)), by, confirm=confirm)
    return written(alias, receipt, status=201)


@router.put("/models/by-id/aliases", responses=documented(Alias, with_receipt=True))
def change_alias(
    _: AsAdmin,
    body: AliasPatch,
    alias: AliasOfQuery,
    model: TheModel,
    there: There,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    terminate: Terminate = False,
) -> Response:
    """Point an alias of this model elsewhere, describe it, or declare its fallbacks."""
    values: dict[str, Any] = said(body)
    changes = AliasChanges(
        target=target_of(values, there),
        description=values.get("description", UNSET),
        fallbacks=values.get("fallbacks", UNSET),
        groups=values.get("groups", UNSET),
    )
    changed, receipt = there.aliases.change(model.id, alias, changes, by, confirm=confirm, dry_run=dry_run)
    if terminate and not dry_run:
        end_running(there, receipt.revision, aliases=[alias])
    return written(changed, receipt)


def target_of(values: dict[str, Any], there: Rooms) -> int | UnsetType:
    """The row to point at. Raises InvalidInput for two ways of saying it, ModelNotFound, AmbiguousModel."""
    if "model_id" in values:
        if "id" in values:
            raise InvalidInput.at("/id", "say `model_id` or `id`, not both")
        return there.models.find(values["model_id"], values.get("provider_id")).id
    if "provider_id" in values:
        raise InvalidInput.at("/provider_id", "goes with `model_id`")
    target: int | UnsetType = values.get("id", UNSET)
    return target


@router.delete("/models/by-id/aliases", status_code=204, responses=rehearsed())
def delete_alias(
    _: AsAdmin,
    alias: AliasOfQuery,
    model: TheModel,
    there: There,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    terminate: Terminate = False,
) -> Response:
    """Its name is free at once."""
    receipt = there.aliases.delete(model.id, alias, by, confirm=confirm, dry_run=dry_run)
    if terminate and not dry_run:
        end_running(there, receipt.revision, aliases=[alias])
    return done(receipt)


@router.get("/aliases", responses=documented(AliasPage))
def list_aliases(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """All aliases with their targets."""
    return answer(there.aliases.page(limit=limit, offset=offset))


@router.post("/models/import-aliases", responses=documented(ImportResult))
def import_aliases(
    body: ImportBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False, confirm: Confirm = False
) -> Response:
    """Many aliases in one transaction: any conflict, and nothing is stored, with every item reported."""
    items = [ImportItem(**said(item)) for item in body.aliases]
    result = there.alias_import.run(items, by, mode=body.mode, dry_run=dry_run, confirm=confirm)
    return answer(result, headers=receipt_headers(Receipt(result.revision, result.change_id)))


@router.get("/resolve", tags=["Names"], responses=documented(Explanation))
def resolve(
    there: There,
    _: AsViewer,
    name: Annotated[Line, Query(min_length=1, max_length=1_024, description="What a caller puts into `model`.")],
    caller: Annotated[Literal["user", "agent"], Query(alias="as")] = "user",
    key_id: Annotated[int | None, Query(ge=1, le=MOST_INTEGER, description="As this key, instead of `as`.")] = None,
    person_id: Annotated[
        int | None, Query(ge=1, le=MOST_INTEGER, description="As such a key of this person; not with `key_id`.")
    ] = None,
) -> Response:
    """What a caller who says this name gets, and why, step by step, through the resolver itself.

    Without `key_id` and `person_id`: whatever groups the caller belongs to. With one of them: with the groups of that
    key and its owner, or of that person. Whether they are disabled is not asked.
    """
    if key_id is not None and person_id is not None:
        raise InvalidInput.at("person_id", "say key_id or person_id, not both")
    standing = Standing(caller)
    if key_id is not None:
        standing = of_key(there.keys.get(key_id))
    elif person_id is not None:
        standing = of_person(there.people.get(person_id), caller)
    return answer(there.routes.explain(name, standing.kind, standing.groups, who=standing.who))
