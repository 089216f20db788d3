"""What a provider's list means for the rows that are there: who is new, changed, gone, back, or left alone. Pure.

The rules: new models are hidden; nothing is deleted; a pin, a deleted row and a row that an admin made are stronger
than any list. `discovery` asks the provider and writes what is decided here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from model_lineup.catalog import facts, fetch_rules
from model_lineup.catalog.facts import StatedFact
from model_lineup.catalog.fetch_rules import EVERYTHING, FetchRules
from model_lineup.catalog.shapes import Fact
from model_lineup.upstream.contract import ListedModel

NEWLY_READ = "Lineup reads more of this provider's list now; what it had read is as it was"
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class PlanItem(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One model of the plan. `changes`: field → before and after. `reason` says why a row is protected or flagged."""

    model_id: str
    id: int | None = None
    changes: dict[str, Any] = {}
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A row of the provider, as far as a list concerns it."""

    id: int
    source: str
    deleted: bool
    missing: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A model that is not there yet."""

    model_id: str
    stated: list[StatedFact]
    known: dict[str, Fact]


@dataclass(frozen=True, slots=True)
class Update:
    """A row that the list changes: its effective facts, and the fields that differ. It is not missing any more."""

    id: int
    model_id: str
    known: dict[str, Fact]
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(slots=True)
class Decision:
    """What is to be written, and the plan in words. `told`: row → what the provider says of it, where that is new."""

    arrivals: list[Arrival] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    told: dict[int, list[StatedFact]] = field(default_factory=dict)
    gone: dict[int, str] = field(default_factory=dict)
    changed: list[PlanItem] = field(default_factory=list)
    reactivated: list[PlanItem] = field(default_factory=list)
    vanished: list[PlanItem] = field(default_factory=list)
    protected: list[PlanItem] = field(default_factory=list)
    ignored: list[PlanItem] = field(default_factory=list)
    unchanged: int = 0

    @property
    def newly_read(self) -> int:
        """How many of the changed say nothing but what an earlier Lineup did not read."""
        return sum(item.reason == NEWLY_READ for item in self.changed)


def decide(
    listed: Sequence[ListedModel],
    stored: Mapping[str, StoredModel],
    stated: Mapping[int, list[StatedFact]],
    at: datetime,
    rules: FetchRules = EVERYTHING,
    *,
    reads_more: bool = False,
) -> Decision:
    """`stored`: the provider's rows by `model_id`, deleted ones too; `stated`: every source's word, by row.
    `reads_more`: what is stored comes from a Lineup that read less of the list than this one.

    What the rules ignore is left alone, whether it is there or not; what the list does not have is no entry of it, so
    no rule holds for it.
    """
    decision, why_ignored = Decision(), fetch_rules.why_ignored(rules)
    for one in listed:
        row = stored.get(one.model_id)
        reason = why_ignored(one.model_id)
        if reason is not None:
            decision.ignored.append(PlanItem(one.model_id, row.id if row else None, reason=reason))
        elif row is None:
            said = _stated(one, at)
            decision.arrivals.append(Arrival(one.model_id, said, facts.effective(one.model_id, said, at)))
        elif row.deleted:
            decision.protected.append(PlanItem(one.model_id, row.id, reason="deleted; restore brings it back"))
        else:
            _merge(decision, one, row, stated[row.id], at, reads_more)
    _judge_absent(decision, {one.model_id for one in listed}, stored)
    return decision


def _merge(
    decision: Decision,
    listed: ListedModel,
    row: StoredModel,
    stated: Sequence[StatedFact],
    at: datetime,
    reads_more: bool,
) -> None:
    """Take over what the list says, where no pin stands against it."""
    before = {fact.field: fact for fact in stated if fact.source == "provider"}
    others = [fact for fact in stated if fact.source != "provider"]
    told = [_with_first_date(before.get(fact.field), fact) for fact in _stated(listed, at)]
    changes: dict[str, Any] = {}
    if before != {fact.field: fact for fact in told}:
        decision.told[row.id] = told
        known = facts.effective(listed.model_id, [*others, *told], row.created_at)
        changes = _differences(facts.effective(listed.model_id, stated, row.created_at), known)
    if changes or row.missing:
        was = facts.effective(listed.model_id, stated, row.created_at)
        known = facts.effective(listed.model_id, [*others, *told], row.created_at)
        decision.updates.append(_update(listed.model_id, row, was, known, changes))
    pinned = [fact.field for fact in others if fact.source == "pin" and _contradicts(fact, told)]
    if row.missing:
        decision.reactivated.append(PlanItem(listed.model_id, row.id, changes))
    elif changes:
        reason = NEWLY_READ if reads_more and _says_only_more(row, before, told) else None
        decision.changed.append(PlanItem(listed.model_id, row.id, changes, reason))
    elif not pinned:
        decision.unchanged += 1
    if pinned:
        reason = f"pinned by an admin: {', '.join(sorted(pinned))}"
        decision.protected.append(PlanItem(listed.model_id, row.id, reason=reason))


def _judge_absent(decision: Decision, present: set[str], stored: Mapping[str, StoredModel]) -> None:
    """Discovered rows that the list no longer has. Rows that an admin made are none of the list's business."""
    for model_id, row in stored.items():
        if row.deleted or model_id in present:
            continue
        if row.source != "discovered":
            decision.protected.append(PlanItem(model_id, row.id, reason=f"{row.source}; not in the list"))
        elif row.missing:
            decision.unchanged += 1
        else:
            decision.gone[row.id] = model_id
            decision.vanished.append(PlanItem(model_id, row.id))


def _update(
    model_id: str, row: StoredModel, was: Mapping[str, Fact], known: dict[str, Fact], changes: Iterable[str]
) -> Update:
    before: dict[str, Any] = {name: facts.origin(was[name]) for name in changes if name in was}
    after: dict[str, Any] = {name: facts.origin(known[name]) if name in known else None for name in changes}
    if row.missing:
        before["missing"], after["missing"] = True, False
    return Update(row.id, model_id, known, before, after)


def _stated(listed: ListedModel, at: datetime) -> list[StatedFact]:
    return [
        StatedFact(name, "provider", _UNWANTED.sub("", value) if isinstance(value, str) else value, at)
        for name, value in listed.facts.items()
        if value is not None
    ]


def _says_only_more(row: StoredModel, before: Mapping[str, StatedFact], told: Iterable[StatedFact]) -> bool:
    """Whether all that the list had said of a model that was read from it still holds, word for word."""
    now = {fact.field: fact for fact in told}
    return (row.source == "discovered" or bool(before)) and all(now.get(name) == fact for name, fact in before.items())


def _with_first_date(old: StatedFact | None, new: StatedFact) -> StatedFact:
    """Where the list says the same as before, the fact keeps the date of the first time."""
    same = old is not None and old.value == new.value and type(old.value) is type(new.value)
    return old if old is not None and same else new


def _contradicts(pin: StatedFact, told: Iterable[StatedFact]) -> bool:
    return any(fact.field == pin.field and fact.value != pin.value for fact in told)


def _differences(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> dict[str, Any]:
    fields = {name: (old.get(name), new.get(name)) for name in {**old, **new}}
    return {
        name: {"before": before and before.value, "after": after and after.value}
        for name, (before, after) in fields.items()
        if (before and (before.value, before.source)) != (after and (after.value, after.source))
    }
