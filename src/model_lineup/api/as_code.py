"""The configuration as one file: written out, planned and applied; and rows taken over from it."""

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, receipt_headers
from model_lineup.api.bodies import MOST_INTEGER, Body, Line, RowIds, Text, pattern
from model_lineup.api.dependencies import AsAdmin, AsViewer, By, Confirm, DryRun, There
from model_lineup.api.providers import Secret
from model_lineup.api.strict import noun
from model_lineup.changes.as_code.applying import LONGEST_LABEL
from model_lineup.changes.as_code.planned import Applied
from model_lineup.changes.as_code.releasing import TakenOver
from model_lineup.journal.shapes import Receipt

router = noun("As code", "/api/admin", follows_configuration=True)
KINDS = {"toml": "application/toml", "json": "application/json"}
_FILE: dict[int | str, Any] = {
    200: {
        "description": "The file.",
        "content": {
            "application/toml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


@router.get("/export", responses=_FILE)
def export_configuration(there: There, _: AsViewer, format: Literal["toml", "json"] = "toml") -> Response:
    """Groups, providers, models and aliases as administrators decided them, as one file. The same configuration is the
    same bytes. Keys are not in it: it says where each is, and `x-lineup-placeholders` names the providers whose key was
    entered by hand, so that the file can only say which variable to set.
    """
    found = there.export.export(format)
    headers = {"x-lineup-revision": str(found.revision), "x-lineup-placeholders": ",".join(found.by_hand)}
    return Response(found.text, headers=headers, media_type=KINDS[format])


Label = Annotated[Line, Field(min_length=1, max_length=LONGEST_LABEL, description="What its rows say they belong to.")]
Reference = Annotated[Line, Field(max_length=1_024), pattern("^(env:[A-Za-z_]|file:/)[!-~]*$")]


class ApplyConfigurationBody(Body):
    """`file`: TOML, or JSON when it begins with a brace. `keys`: the value of each reference in it that is new or was
    rotated; the server reads neither its environment nor its files for a request. `revision`: the `base_revision` of
    the plan that was looked at."""

    file: Annotated[Text, Field(min_length=1, max_length=5 * 2**20)]
    label: Label = "lineup.toml"
    keys: Annotated[dict[Reference, Secret], Field(max_length=500)] = Field(default_factory=dict)
    prune: bool = False
    revision: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = None


@router.post("/apply", responses=documented(Applied))
def apply_configuration(
    body: ApplyConfigurationBody, there: There, _: AsAdmin, by: By, confirm: Confirm = False, dry_run: DryRun = False
) -> Response:
    """Make the configuration as the file says: all of it or nothing, in one change set; twice changes nothing more.

    Rows that the file names belong to it from then on: they are changed there, or taken over. Rows that it does not
    name stay as they are; those that it named before go with `prune`. With `dry_run=true` the answer is the plan.
    409 `plan_overtaken` names what changed since the plan.
    """
    applied = there.apply.apply(
        body.file,
        by,
        label=body.label,
        keys=body.keys,
        prune=body.prune,
        revision=body.revision,
        dry_run=dry_run,
        confirm=confirm,
    )
    return answer(applied, headers=receipt_headers(Receipt(applied.revision, applied.change_id)))


class TakeOverBody(Body):
    """Row ids, or the label of a file: then all of its rows."""

    providers: RowIds = Field(default_factory=list)
    models: RowIds = Field(default_factory=list)
    aliases: RowIds = Field(default_factory=list)
    label: Label | None = None


@router.post("/take-over", responses=documented(TakenOver))
def take_over(body: TakeOverBody, there: There, _: AsAdmin, by: By, dry_run: DryRun = False) -> Response:
    """Rows that belong to a configuration file are changed by hand again. The file takes those back that it still
    names when it is applied the next time."""
    rows = {"provider": body.providers, "model": body.models, "alias": body.aliases}
    said = {entity: ids for entity, ids in rows.items() if ids}
    done = there.take_over.release(
        by, rows=None if body.label and not said else said, label=body.label, dry_run=dry_run
    )
    return answer(done, headers=receipt_headers(Receipt(done.revision, done.change_id)))
