"""From a name to the model that answers, with every step shown; the names there are; and targets ready to call."""

import difflib
import itertools
from datetime import UTC, datetime

import msgspec

from model_lineup.access.callers import Audience, CallerKind, GroupSet
from model_lineup.catalog import names
from model_lineup.catalog.models import Models
from model_lineup.catalog.providers import Providers
from model_lineup.routing.branching import RolloutSeen, seen
from model_lineup.routing.coming import as_told, due_s, retargeting
from model_lineup.routing.follow import Follower
from model_lineup.routing.listing import Listed, Meaning, fallbacks, listed, may_use, meaning, name_of
from model_lineup.routing.retirement import successor
from model_lineup.routing.snapshot import ModelState, RoutedModel, Snapshot
from model_lineup.upstream.contract import Target

SUGGESTIONS = 3
SUGGESTED_FROM = 20_000


class ResolutionStep(msgspec.Struct, frozen=True):
    """One rule that was tried: `matched` ends the search, `available` says whether callers reach what it found.

    `groups`: those that the alias is limited to, where it was one; the model has its own.
    """

    rule: str
    matched: bool
    model: RoutedModel | None
    available: bool
    groups: list[int] = []


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller who says `name` gets: a model, or this status and code. `rollout`: where the name is an alias that
    is being rolled out; `model` is the other model only where it is sure that the caller gets that one."""

    name: str
    caller: CallerKind
    status: int
    code: str | None
    message: str
    model: RoutedModel | None
    fallbacks: list[RoutedModel]
    steps: list[ResolutionStep]
    suggestions: list[str]
    revision: int
    rollout: RolloutSeen | None = None


class ComingChange(msgspec.Struct, frozen=True):
    """What is known of the end of a name's model, or of another one that will answer; as far as it is said.

    `sunset_at`: it answers no more from then on; `changes_at`: the alias leads to `successor` from then on.
    """

    deprecated_at: datetime | None
    sunset_at: datetime | None
    changes_at: datetime | None
    successor: str | None
    message: str | None


class CallableModel(msgspec.Struct, frozen=True, gc=False):
    """A name that callers of `/v1` may use, and what it stands for. What is unknown is null.

    `alias_of`: the provider's own id where the name is an alias; `notice`: null where nothing is said of its end.
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
    notice: ComingChange | None = None


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
        self._listed: dict[CallerKind, tuple[Snapshot, list[Listed]]] = {}

    def choice(
        self, kind: CallerKind, *, groups: GroupSet | None = None, search: str = "", limit: int, offset: int
    ) -> Choice:
        """The names that a user's or an agent's key may call and lists show; `search` in name and display name.

        `groups`: those that the key belongs to; None: whatever the groups.
        """
        snapshot = self._follower.current()
        kept = self._listed.get(kind)
        if kept is None or kept[0] is not snapshot:
            kept = self._listed[kind] = snapshot, listed(snapshot, Audience(kind, None))
        wanted, found, audience = search.casefold(), kept[1], Audience(kind, groups)
        if groups is not None:
            found = [one for one in found if one.is_for(audience)]
        if wanted:
            found = [one for one in found if wanted in f"{one.name}\n{one.model.display_name}".casefold()]
        page = [_callable(snapshot, one, audience) for one in found[offset : offset + limit]]
        return Choice(page, len(found), limit, offset, snapshot.revision)

    def explain(
        self, name: str, kind: CallerKind, groups: GroupSet | None = None, *, who: str | None = None
    ) -> Explanation:
        """The steps of resolving `name` for a user's or an agent's key, through the one resolver; `groups` as in
        `choice`; `who`: which key, as rollouts place it. The steps show administrators what is there, also to whom it
        is limited."""
        snapshot, audience = self._follower.current(), Audience(kind, groups)
        steps = [_step(snapshot, name, step) for step in names.explain(snapshot, name)]
        meant = meaning(snapshot, name)
        is_kept_from = meant is not None and not meant.is_for(audience)
        if is_kept_from:
            meant = None
        rollout = None if meant is None else seen(snapshot, meant, audience, who)
        model = None if meant is None else snapshot.routed(meant.model.id)
        status, code, message = _verdict(name, model, kind)
        if status == 200 and rollout is not None and rollout.moved:
            model = rollout.model
            message = _verdict(name, model, kind)[2]
        if is_kept_from:
            message = f"{name!r} is limited to groups, and this caller is not in them: it gets no model."
        model = None if status == 404 else model
        return Explanation(
            name=name,
            caller=kind,
            status=status,
            code=code,
            message=message,
            model=model,
            fallbacks=[] if meant is None else _fallbacks(snapshot, meant, audience, model),
            steps=steps,
            suggestions=[] if model is not None else _suggestions(snapshot, name, audience),
            revision=snapshot.revision,
            rollout=rollout if status == 200 else None,
        )

    def target(self, row_id: int) -> Target:
        """The model ready to call, whether or not users see it. Raises ModelNotFound, KeyUndecryptable."""
        model = self._models.get(row_id)
        return Target(self._providers.endpoint(model.provider_id), model.model_id, model.task)


def _callable(snapshot: Snapshot, one: Listed, audience: Audience) -> CallableModel:
    model = as_told(snapshot, one.model, audience.kind)
    return CallableModel(
        name=one.name,
        display_name=model.display_name,
        provider=snapshot.providers[model.provider_id].slug,
        alias_of=None if one.alias is None else model.model_id,
        task=model.task,
        context_length=model.context_length,
        max_output_tokens=model.max_output_tokens,
        supports_tools=model.supports_tools,
        supports_vision=model.supports_vision,
        supports_streaming=model.supports_streaming,
        agents_enabled=model.agents_enabled,
        notice=_coming(snapshot, one, model, audience),
    )


def _coming(snapshot: Snapshot, one: Listed, model: ModelState, audience: Audience) -> ComingChange | None:
    """`model`: with the notice that these callers get."""
    moving = None if one.alias is None else retargeting(snapshot, one.alias.id)
    if moving is not None and (model.notice is None or due_s(moving) <= (model.notice.sunset_at or due_s(moving))):
        following = snapshot.models.get(moving.successor or 0)
        named = _named(snapshot, following, audience)
        return ComingChange(None, None, _moment(due_s(moving)), named, moving.message)
    notice = model.notice
    if notice is None:
        return None
    named = _named(snapshot, successor(snapshot, model), audience)
    return ComingChange(_moment(notice.deprecated_at), _moment(notice.sunset_at), None, named, notice.message)


def _named(snapshot: Snapshot, model: ModelState | None, audience: Audience) -> str | None:
    """Only to those who may use it."""
    return name_of(snapshot, model) if model is not None and may_use(snapshot, model, audience) else None


def _moment(at_s: int | None) -> datetime | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC)


def _step(snapshot: Snapshot, name: str, step: names.Step) -> ResolutionStep:
    model = None if step.row is None else snapshot.routed(step.row)
    alias = None if step.row is None else snapshot.alias_used(step.rule, name)
    groups = [] if alias is None or alias.groups is None else sorted(alias.groups)
    return ResolutionStep(step.rule, step.row is not None, model, step.available, groups)


def _verdict(name: str, model: RoutedModel | None, caller: CallerKind) -> tuple[int, str | None, str]:
    if model is None:
        return 404, "model_not_found", f"No model answers to {name!r}."
    if caller == "agent" and not model.agents_enabled:
        return 403, "model_not_enabled_for_agents", f"{name!r} answers users, but is not enabled for agents."
    if model.retired:
        return 404, "model_retired", f"{name!r} was answered by {model.model_id!r} at {model.slug}, which is retired."
    return 200, None, f"{name!r} is answered by {model.model_id!r} at {model.slug}."


def _fallbacks(
    snapshot: Snapshot, meant: Meaning, audience: Audience, answering: RoutedModel | None
) -> list[RoutedModel]:
    """Those of the alias that answers, behind this model; a model that answers by its own name has none."""
    found = [snapshot.routed(model.id) for model in fallbacks(snapshot, meant, audience)]
    return [model for model in found if model is not None and (answering is None or model.id != answering.id)]


def _suggestions(snapshot: Snapshot, name: str, audience: Audience) -> list[str]:
    """Names close to this one that would answer this caller, and that lists may show."""
    known = dict.fromkeys([*snapshot.aliases, *snapshot.by_id])
    usable = itertools.islice((one for one in known if _may_be_shown(snapshot, one, audience)), SUGGESTED_FROM)
    return difflib.get_close_matches(name[:128], list(usable), n=SUGGESTIONS)


def _may_be_shown(snapshot: Snapshot, name: str, audience: Audience) -> bool:
    meant = meaning(snapshot, name)
    if meant is None or not meant.model.listed or not meant.is_for(audience):
        return False
    return may_use(snapshot, meant.model, audience)
