"""Providers: `/api/admin/providers`, their fetch and their test."""

from typing import Annotated, Any

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from model_lineup.api.answers import answer, documented, done, etag, rehearsed, written
from model_lineup.api.bodies import Body, Line, Name, Patch, RowIds, Text, pattern, said
from model_lineup.api.dependencies import (
    AsAdmin,
    AsViewer,
    By,
    Confirm,
    DryRun,
    IfMatch,
    Limit,
    Offset,
    PathId,
    There,
    version_wanted,
)
from model_lineup.api.strict import noun
from model_lineup.api.terminating import Terminate, end_running
from model_lineup.catalog.check_schedule import LONGEST_DAYS, MOST_TOKENS, CheckSchedule
from model_lineup.catalog.discovery import FetchPlan, ProviderTest
from model_lineup.catalog.fetch_rules import LONGEST, FetchRules
from model_lineup.catalog.fetch_rules import MOST as MOST_RULES
from model_lineup.catalog.fetch_schedule import LONGEST_MINUTES, SHORTEST_MINUTES, FetchSchedule
from model_lineup.catalog.plan_outcomes import DOABLE, Doable
from model_lineup.catalog.provider_rules import ALLOWED_HEADERS, TIMEOUT_CEILINGS
from model_lineup.catalog.shapes import NetworkScope, NewProvider, Provider, ProviderChanges
from model_lineup.upstream import registry
from model_lineup.upstream.contract import FormField
from model_lineup.upstream.presets import PRESETS, Preset

router = noun("Providers", "/api/admin", follows_configuration=True)
BaseUrl = Annotated[Line, Field(min_length=1, max_length=2_048), pattern(r"^https?://[^/?#@\s]+(/[!-~]*)?$")]
Proxy = Annotated[Line, Field(max_length=2_048), pattern(r"^http://[^/?#@\s]+$")]
Secret = Annotated[str, Field(min_length=1, max_length=4_096), pattern("^[!-~]+$")]
Headers = Annotated[
    dict[str, str],
    Field(
        max_length=16,
        json_schema_extra={
            "propertyNames": {"enum": sorted(ALLOWED_HEADERS)},
            "additionalProperties": {"type": "string", "pattern": "^[ -~]{0,512}$"},
        },
    ),
]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Timeouts = Annotated[
    dict[str, Seconds],
    Field(
        max_length=16,
        json_schema_extra={
            "properties": {
                name: {"type": "number", "exclusiveMinimum": 0, "maximum": most}
                for name, most in TIMEOUT_CEILINGS.items()
            },
            "additionalProperties": False,
        },
    ),
]
Kind = Annotated[Line, Field(max_length=40, json_schema_extra={"enum": list(registry.offered())})]


Rule = Annotated[Line, Field(min_length=1, max_length=LONGEST)]


class FetchRulesBody(Body):
    """Ids, or globs with `*`, `?`, `[…]`, compared byte for byte: with `include` only entries of the provider's list
    that one of them meets are looked at; those that `ignore` meets never are."""

    include: Annotated[list[Rule], Field(max_length=MOST_RULES)] = Field(default_factory=list)
    ignore: Annotated[list[Rule], Field(max_length=MOST_RULES)] = Field(default_factory=list)


class FetchScheduleBody(Body):
    """How often the list is read, and which outcomes are applied without being looked at; the others wait in a plan."""

    every_minutes: Annotated[int, Field(ge=SHORTEST_MINUTES, le=LONGEST_MINUTES)]
    apply: Annotated[list[Doable], Field(max_length=len(DOABLE))] = Field(default_factory=list)


class CheckScheduleBody(Body):
    """How often the visible models are tested, by one short request each, and after how many tokens of tests and
    benchmarks in a day no further one begins by itself. `capabilities_every_days`: their capabilities are tested too,
    that often and when they are stale; never without it."""

    every_minutes: Annotated[int, Field(ge=SHORTEST_MINUTES, le=LONGEST_MINUTES)]
    tokens_per_day: Annotated[int, Field(ge=1, le=MOST_TOKENS)]
    capabilities_every_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = None


class NewProviderBody(Body):
    name: Name
    type: Kind
    base_url: BaseUrl
    slug: Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")] | None = None
    api_key: Secret | None = None
    enabled: bool = True
    network_scope: NetworkScope = "public"
    headers: Headers = Field(default_factory=dict)
    api_version: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")] | None = None
    ca_bundle: Annotated[Text, Field(max_length=65_536)] | None = None
    proxy: Proxy | None = None
    timeouts: Timeouts = Field(default_factory=dict)
    fetch_rules: FetchRulesBody = Field(default_factory=FetchRulesBody)
    fetch_schedule: FetchScheduleBody | None = None
    check_schedule: CheckScheduleBody | None = None


class ProviderPatch(Patch):
    """Only what is said changes; null removes a key, headers, a version, a bundle, a proxy, timeouts, rules or a
    schedule."""

    name: Name = ""
    base_url: BaseUrl = ""
    api_key: Secret | None = None
    enabled: bool = True
    network_scope: NetworkScope = "public"
    headers: Headers | None = None
    api_version: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")] | None = None
    ca_bundle: Annotated[Text, Field(max_length=65_536)] | None = None
    proxy: Proxy | None = None
    timeouts: Timeouts | None = None
    fetch_rules: FetchRulesBody | None = None
    fetch_schedule: FetchScheduleBody | None = None
    check_schedule: CheckScheduleBody | None = None


class Toggle(Body):
    enabled: bool


class Order(Body):
    provider_ids: RowIds


class ProviderPage(msgspec.Struct, frozen=True):
    providers: list[Provider]
    total: int
    limit: int
    offset: int


class ProviderKind(msgspec.Struct, frozen=True):
    """One sort of provider, with the settings that its form has."""

    type: str
    label: str
    default_base_url: str | None
    key_needed: bool
    fields: tuple[FormField, ...]


class ProviderKinds(msgspec.Struct, frozen=True):
    """`presets`: what a form can fill in for well-known services and servers; each is only a proposal."""

    kinds: list[ProviderKind]
    presets: tuple[Preset, ...]


@router.get("/provider-kinds", responses=documented(ProviderKinds))
def list_kinds(there: There, _: AsViewer) -> Response:
    """The kinds of provider that this Lineup offers."""
    kinds = [
        ProviderKind(kind.name, kind.label, kind.default_base_url, kind.key_needed, kind.fields)
        for kind in registry.offered(drills=there.settings.drills).values()
    ]
    return answer(ProviderKinds(kinds, PRESETS))


@router.get("/providers", responses=documented(ProviderPage))
def list_providers(there: There, _: AsViewer, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Providers in their order: of several that have a model, the first one available answers."""
    found, total = there.providers.page(limit=limit, offset=offset)
    return answer(ProviderPage(found, total, limit, offset))


@router.post("/providers", status_code=201, responses=documented(Provider, status=201, with_receipt=True))
def create_provider(body: NewProviderBody, there: There, _: AsAdmin, by: By) -> Response:
    """Its key is sealed, and never shown again."""
    provider, receipt = there.providers.create(NewProvider(**provider_fields(body)), by)
    headers = {"location": f"/api/admin/providers/{provider.id}", **etag(provider.id, provider.version)}
    return written(provider, receipt, status=201, headers=headers)


@router.put("/providers/order", responses=documented(ProviderPage))
def order_providers(
    body: Order, there: There, _: AsAdmin, by: By, confirm: Confirm = False, dry_run: DryRun = False
) -> Response:
    """Name every provider once, in the order in which they win an id that several have."""
    found, receipt = there.providers.reorder(body.provider_ids, by, confirm=confirm, dry_run=dry_run)
    return written(ProviderPage(found, len(found), len(found), 0), receipt)


@router.get("/providers/{provider_id:row}", responses=documented(Provider))
def get_provider(provider_id: PathId, there: There, _: AsViewer) -> Response:
    provider = there.providers.get(provider_id)
    return answer(provider, headers=etag(provider.id, provider.version))


@router.put("/providers/{provider_id:row}", responses=documented(Provider, with_receipt=True))
def change_provider(
    provider_id: PathId,
    body: ProviderPatch,
    there: There,
    _: AsAdmin,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """A base URL of another origin needs the key again, in the same request."""
    return _changed(
        provider_id, ProviderChanges(**provider_fields(body)), there, by, confirm, dry_run, if_match, terminate
    )


@router.put("/providers/{provider_id:row}/toggle", responses=documented(Provider, with_receipt=True))
def toggle_provider(
    provider_id: PathId,
    body: Toggle,
    there: There,
    _: AsAdmin,
    by: By,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    terminate: Terminate = False,
) -> Response:
    """While it is off none of its models is available; their own flags stay."""
    return _changed(provider_id, ProviderChanges(enabled=body.enabled), there, by, confirm, dry_run, None, terminate)


@router.delete("/providers/{provider_id:row}", status_code=204, responses=rehearsed())
def delete_provider(
    provider_id: PathId,
    there: There,
    _: AsAdmin,
    by: By,
    force: Annotated[bool, Query(description="Delete its models and their aliases with it.")] = False,
    confirm: Confirm = False,
    dry_run: DryRun = False,
    if_match: IfMatch = None,
    terminate: Terminate = False,
) -> Response:
    """With models it needs `force`; the refusal tells the impact."""
    wanted = version_wanted(provider_id, if_match)
    deleted = there.providers.delete(provider_id, by, force=force, confirm=confirm, if_match=wanted, dry_run=dry_run)
    if terminate and not dry_run:
        end_running(there, deleted.revision, providers=[provider_id])
    return done(deleted)


@router.post("/providers/{provider_id:row}/fetch", responses=documented(FetchPlan))
async def fetch_models(
    provider_id: PathId, there: There, _: AsAdmin, by: By, dry_run: DryRun = False, confirm: Confirm = False
) -> Response:
    """Read the provider's list to its last page; new models arrive hidden, nothing is deleted, pins stay."""
    return answer(await there.discovery.fetch(provider_id, by, dry_run=dry_run, confirm=confirm))


@router.post("/providers/{provider_id:row}/test", responses=documented(ProviderTest))
async def check_provider(provider_id: PathId, there: There, _: AsAdmin) -> Response:
    """Whether the list can be read. Some providers list without a valid key: a model's test tells more."""
    return answer(await there.discovery.test(provider_id))


def provider_fields(body: NewProviderBody | ProviderPatch) -> dict[str, Any]:
    """What was said, in the catalog's shapes."""
    fields = said(body)
    if isinstance(rules := fields.get("fetch_rules"), FetchRulesBody):
        fields["fetch_rules"] = FetchRules(tuple(rules.include), tuple(rules.ignore))
    if isinstance(schedule := fields.get("fetch_schedule"), FetchScheduleBody):
        fields["fetch_schedule"] = FetchSchedule(schedule.every_minutes, tuple(dict.fromkeys(schedule.apply)))
    if isinstance(checks := fields.get("check_schedule"), CheckScheduleBody):
        fields["check_schedule"] = CheckSchedule(**said(checks))
    return fields


def _changed(
    provider_id: int,
    changes: ProviderChanges,
    there: Any,
    by: Any,
    confirm: bool,
    dry_run: bool,
    if_match: str | None,
    terminate: bool,
) -> Response:
    wanted = version_wanted(provider_id, if_match)
    provider, receipt = there.providers.change(
        provider_id, changes, by, if_match=wanted, confirm=confirm, dry_run=dry_run
    )
    if terminate and not dry_run:
        end_running(there, receipt.revision, providers=[provider_id])
    return written(provider, receipt, headers=etag(provider.id, provider.version))
