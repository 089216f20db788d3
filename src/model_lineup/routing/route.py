"""From a name to the model that answers, with every step shown; the names there are; and targets ready to call."""

import difflib
import itertools
from typing import Literal

import msgspec

from model_lineup.catalog import names
from model_lineup.catalog.models import Models
from model_lineup.catalog.providers import Providers
from model_lineup.routing.follow import Follower
from model_lineup.routing.listing import Listed, listed
from model_lineup.routing.snapshot import RoutedModel, Snapshot
from model_lineup.upstream.contract import Target

Caller = Literal["user", "agent"]
SUGGESTIONS = 3
SUGGESTED_FROM = 20_000


class ResolutionStep(msgspec.Struct, frozen=True):
    """One rule that was tried: `matched` ends the search, `available` says whether callers reach what it found."""

    rule: str
    matched: bool
    model: RoutedModel | None
    available: bool


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller who says `name` gets: a model, or this status and code."""

    name: str
    caller: Caller
    status: int
    code: str | None
    message: str
    model: RoutedModel | None
    fallbacks: list[RoutedModel]
    steps: list[ResolutionStep]
    suggestions: list[str]
    revision: int


class CallableModel(msgspec.Struct, frozen=True, gc=False):
    """A name that callers of `/v1` may use, and what it stands for. What is unknown is null.

    `alias_of`: the provider's own id where the name is an alias.
    """

    name: str
    display_name: str
    provider: str
    alias_of: str | None
    task: str
    context_length: int | None
    max_output_tokens: int | None
    supports_tools: bool | None
    supports_vision: bool | None
    supports_streaming: bool | None
    agents_enabled: bool


class Choice(msgspec.Struct, frozen=True):
    """One page of names, of `total` that were asked for."""

    models: list[CallableModel]
    total: int
    limit: int
    offset: int
    revision: int


class Routes:
    def __init__(self, follower: Follower, models: Models, providers: Providers) -> None:
        self._follower = follower
        self._models = models
        self._providers = providers
        self._listed: dict[Caller, tuple[Snapshot, list[Listed]]] = {}

    def choice(self, caller: Caller, *, search: str = "", limit: int, offset: int) -> Choice:
        """The names that a user's or an agent's key may call and lists show; `search` in name and display name."""
        snapshot = self._follower.current()
        kept = self._listed.get(caller)
        if kept is None or kept[0] is not snapshot:
            kept = self._listed[caller] = snapshot, listed(snapshot, caller)
        wanted, found = search.casefold(), kept[1]
        if wanted:
            found = [one for one in found if wanted in f"{one.name}\n{one.model.display_name}".casefold()]
        page = [_callable(snapshot, one) for one in found[offset : offset + limit]]
        return Choice(page, len(found), limit, offset, snapshot.revision)

    def explain(self, name: str, caller: Caller) -> Explanation:
        """The steps of resolving `name` for a user's or an agent's key, through the one resolver."""
        snapshot = self._follower.current()
        steps = [_step(snapshot, step) for step in names.explain(snapshot, name)]
        hit = names.resolve(snapshot, name)
        model = snapshot.routed(hit.row) if hit is not None and hit.available else None
        status, code, message = _verdict(name, model, caller)
        model = None if status == 404 else model
        return Explanation(
            name=name,
            caller=caller,
            status=status,
            code=code,
            message=message,
            model=model,
            fallbacks=_fallbacks(snapshot, name, hit.rule, caller) if hit is not None and hit.available else [],
            steps=steps,
            suggestions=[] if model is not None else _suggestions(snapshot, name, caller),
            revision=snapshot.revision,
        )

    def target(self, row_id: int) -> Target:
        """The model ready to call, whether or not users see it. Raises ModelNotFound, KeyUndecryptable."""
        model = self._models.get(row_id)
        return Target(self._providers.endpoint(model.provider_id), model.model_id, model.task)


def _callable(snapshot: Snapshot, one: Listed) -> CallableModel:
    model = one.model
    return CallableModel(
        name=one.name,
        display_name=model.display_name,
        provider=snapshot.providers[model.provider_id].slug,
        alias_of=model.model_id if one.alias else None,
        task=model.task,
        context_length=model.context_length,
        max_output_tokens=model.max_output_tokens,
        supports_tools=model.supports_tools,
        supports_vision=model.supports_vision,
        supports_streaming=model.supports_streaming,
        agents_enabled=model.agents_enabled,
    )


def _step(snapshot: Snapshot, step: names.Step) -> ResolutionStep:
    model = None if step.row is None else snapshot.routed(step.row)
    return ResolutionStep(step.rule, step.row is not None, model, step.available)


def _verdict(name: str, model: RoutedModel | None, caller: Caller) -> tuple[int, str | None, str]:
    if model is None:
        return 404, "model_not_found", f"No model answers to {name!r}."
    if caller == "agent" and not model.agents_enabled:
        return 403, "model_not_enabled_for_agents", f"{name!r} answers users, but is not enabled for agents."
    if model.retired:
        return 404, "model_retired", f"{name!r} was answered by {model.model_id!r} at {model.slug}, which is retired."
    return 200, None, f"{name!r} is answered by {model.model_id!r} at {model.slug}."


def _may_use(model: RoutedModel, caller: Caller) -> bool:
    return model.available and not model.retired and (caller == "user" or model.agents_enabled)


def _fallbacks(snapshot: Snapshot, name: str, rule: str, caller: Caller) -> list[RoutedModel]:
    """Those of the alias that answers; a model that answers by its own name has none."""
    found = {"alias": snapshot.aliases.get(name), "alias_without_case": snapshot.folded.get(names.fold(name))}
    alias = found.get(rule)
    rows = alias.fallbacks if alias is not None else ()
    models = [snapshot.routed(row) for row in rows]
    return [model for model in models if model is not None and _may_use(model, caller)]


def _suggestions(snapshot: Snapshot, name: str, caller: Caller) -> list[str]:
    """Names close to this one that would answer this caller, and that lists may show."""
    known = dict.fromkeys([*snapshot.aliases, *snapshot.by_id])
    usable = itertools.islice((one for one in known if _may_be_shown(snapshot, one, caller)), SUGGESTED_FROM)
    return difflib.get_close_matches(name[:128], list(usable), n=SUGGESTIONS)


def _may_be_shown(snapshot: Snapshot, name: str, caller: Caller) -> bool:
    hit = names.resolve(snapshot, name)
    model = None if hit is None else snapshot.routed(hit.row)
    return model is not None and model.listed and _may_use(model, caller)
