"""Rolling an alias out by a share of its keys: who moves, what is refused, stopping, finishing, undoing."""

from datetime import timedelta
from typing import Any

import pytest

from model_lineup.access.actor import Role
from model_lineup.access.shapes import KeyChanges
from model_lineup.catalog.shapes import AliasChanges, ImportItem, Model, ModelChanges
from model_lineup.changes.rollouts.shapes import NewRollout, RolloutState
from model_lineup.errors import (
    InvalidInput,
    ManagedByFile,
    NotFound,
    NotProven,
    PreconditionFailed,
    TargetNotAvailable,
    TooFewKeys,
)
from model_lineup.gateway.resolve import route_of
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY, Desk


@pytest.fixture
def desk(rooms: Rooms) -> Desk:
    return Desk(rooms)


@pytest.fixture
def pair(desk: Desk) -> tuple[Model, Model]:
    """`old` with the alias `chat`, and `new` beside it."""
    at = desk.provider()
    models = [desk.model(at, name, visible=True, agents_enabled=True) for name in ("old", "new")]
    desk.alias(models[0], "chat")
    return models[0], models[1]


def keys(desk: Desk, count: int = 12, **fields: Any) -> list[int]:
    return [desk.key(f"key-{number}", **fields).id for number in range(count)]


def roll_out(desk: Desk, pair: tuple[Model, Model], share: float = 50, **more: Any) -> RolloutState:
    options = {name: more.pop(name) for name in ("dry_run", "if_match") if name in more}
    new = NewRollout(target=pair[1].id, share=share, **more)
    return desk.rooms.rollouts.set(pair[0].id, "chat", new, BY, **options)[0]


def answered(desk: Desk, request_id: str = "r") -> dict[int, int]:
    """Which model each key gets, through the gateway's own resolver."""
    snapshot = desk.rooms.follower.current()
    callers = snapshot.callers.values()
    return {one.key_id: route_of(snapshot, "chat", one, request_id).models[0].id for one in callers}


def test_the_keys_that_a_preview_names_are_those_that_move(desk: Desk, pair: tuple[Model, Model]) -> None:
    owner = desk.person("ann@example.com")
    keys(desk, owner=owner.id)
    seen = roll_out(desk, pair, dry_run=True)
    assert set(answered(desk).values()) == {pair[0].id}, "a preview moves nobody"
    assert (seen.moving_total + seen.staying_total, len(seen.moving)) == (12, seen.moving_total)
    first = [*seen.moving, *seen.staying][0]
    assert (first.owner, len(first.last4), first.moved_before) == ("ann@example.com", 4, False)
    assert {one.reason for one in seen.staying} <= {"share"}
    roll_out(desk, pair)
    moved = {key_id for key_id, row in answered(desk).items() if row == pair[1].id}
    assert moved == {one.id for one in seen.moving}
    assert 0 < len(moved) < 12
    told = desk.rooms.rollouts.get(pair[0].id, "chat", limit=100, offset=0)
    assert {one.id for one in told.moving} == moved
    change = desk.last_change()
    assert change.operation == "aliases.roll_out"
    assert change.entries is not None
    assert change.entries[0].after == {"rollout": {"target": pair[1].id, "share": 50.0, "sticky": "key"}}


def test_a_larger_share_adds_keys_and_says_which_are_new(desk: Desk, pair: tuple[Model, Model]) -> None:
    keys(desk)
    before = {one.id for one in roll_out(desk, pair, 30).moving}
    grown = roll_out(desk, pair, 80)
    assert before == {one.id for one in grown.moving if one.moved_before}
    revision = desk.revision()
    assert roll_out(desk, pair, 80).alias.version == grown.alias.version
    assert desk.revision() == revision, "the same again changes nothing"


def test_a_rollout_opens_a_model_to_nobody(desk: Desk, pair: tuple[Model, Model]) -> None:
    """Whom the new model is not for stays with the old one, and the preview says why."""
    old, new = pair
    inside, outside = keys(desk, 6), keys(desk, 6)
    agent = desk.key("bot", "agent").id
    group = desk.group(keys=[*inside, agent]).id
    desk.rooms.models.change(new.id, ModelChanges(groups=[group], agents_enabled=False), BY)
    state = roll_out(desk, pair, 100)
    assert {one.id for one in state.moving} == set(inside)
    assert {one.id: one.reason for one in state.staying} == {
        **dict.fromkeys(outside, "not_member"),
        agent: "not_for_agents",
    }
    found = answered(desk)
    assert {key_id for key_id, row in found.items() if row == new.id} == set(inside)
    assert {found[key_id] for key_id in [*outside, agent]} == {old.id}


def test_fewer_than_ten_active_keys_are_not_shared_out(
    desk: Desk, pair: tuple[Model, Model], clock: ManualClock
) -> None:
    made = keys(desk, 9)
    late = desk.key("late", expires_at=clock.now() + timedelta(hours=1)).id
    desk.key("boss", "admin", role=Role.ADMIN)
    assert roll_out(desk, pair, dry_run=True).alias.rollout is not None
    clock.advance(3_601)
    with pytest.raises(TooFewKeys, match='sticky: "request"') as refused:
        roll_out(desk, pair)
    assert refused.value.facts["active_keys"] == 9
    assert late not in made
    assert roll_out(desk, pair, sticky="request").alias.rollout is not None
    desk.key("tenth")
    roll_out(desk, pair)
    desk.rooms.keys.change(made[0], KeyChanges(disabled=True), BY)
    with pytest.raises(TooFewKeys):
        roll_out(desk, pair, 60)


def test_requests_are_placed_one_by_one_and_always_alike(desk: Desk, pair: tuple[Model, Model]) -> None:
    key = desk.key().id
    roll_out(desk, pair, 25, sticky="request")
    found = [answered(desk, f"request {number}")[key] for number in range(400)]
    assert 60 < found.count(pair[1].id) < 140
    assert found == [answered(desk, f"request {number}")[key] for number in range(400)]


def test_stopping_takes_everybody_back_and_finishing_moves_everybody(desk: Desk, pair: tuple[Model, Model]) -> None:
    old, new = pair
    keys(desk)
    desk.rooms.aliases.change(old.id, "chat", AliasChanges(fallbacks=[new.id]), BY)
    roll_out(desk, pair)
    stopped, _ = desk.rooms.rollouts.stop(old.id, "chat", BY)
    assert stopped.rollout is None
    assert set(answered(desk).values()) == {old.id}
    with pytest.raises(NotFound, match="not being rolled out"):
        desk.rooms.rollouts.stop(old.id, "chat", BY)
    roll_out(desk, pair)
    finished, _ = desk.rooms.rollouts.finish(old.id, "chat", BY)
    assert (finished.model.id, finished.rollout, finished.fallbacks) == (new.id, None, [])
    assert set(answered(desk).values()) == {new.id}
    with pytest.raises(NotFound):
        desk.rooms.rollouts.get(new.id, "chat", limit=1, offset=0)


@pytest.mark.parametrize("by", ["change", "import"])
def test_pointing_the_alias_at_the_new_model_ends_the_rollout(desk: Desk, pair: tuple[Model, Model], by: str) -> None:
    old, new = pair
    roll_out(desk, pair, sticky="request")
    if by == "change":
        desk.rooms.aliases.change(old.id, "chat", AliasChanges(target=new.id), BY)
    else:
        desk.rooms.alias_import.run([ImportItem(model_id="new", alias="chat")], BY, mode="upsert")
    assert desk.rooms.aliases.of_model(new.id)[0].rollout is None
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.aliases.of_model(old.id)[0].rollout is not None


def test_every_step_is_taken_back(desk: Desk, pair: tuple[Model, Model]) -> None:
    old, new = pair
    roll_out(desk, pair, 10, sticky="request")
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.aliases.of_model(old.id)[0].rollout is None
    roll_out(desk, pair, 10, sticky="request")
    roll_out(desk, pair, 20, sticky="request")
    desk.rooms.undo.undo([desk.last_change().id], BY)
    held = desk.rooms.aliases.of_model(old.id)[0].rollout
    assert held is not None
    assert held.share == 10
    desk.rooms.rollouts.finish(old.id, "chat", BY)
    desk.rooms.undo.undo([desk.last_change().id], BY)
    assert desk.rooms.aliases.of_model(old.id)[0].rollout == held
    desk.rooms.rollouts.stop(old.id, "chat", BY)
    stopped = desk.last_change().id
    desk.rooms.models.delete(new.id, BY)
    back = desk.rooms.undo.undo([stopped], BY)
    assert [(one.fields, one.reason) for one in back.left_out] == [
        (["rollout"], f"Model {new.id} is deleted; restored, it counts again.")
    ]
    assert desk.answers("chat") == old.id
    desk.rooms.models.restore(new.id, BY)
    assert desk.rooms.aliases.of_model(old.id)[0].rollout == held


def test_a_model_that_nobody_reaches_is_not_rolled_out(desk: Desk, pair: tuple[Model, Model]) -> None:
    """And one that becomes so later leaves everybody with the alias's own model, which is told."""
    old, new = pair
    made = keys(desk)
    desk.rooms.models.change(new.id, ModelChanges(visible=False), BY)
    with pytest.raises(TargetNotAvailable, match="hidden"):
        roll_out(desk, pair)
    desk.rooms.models.change(new.id, ModelChanges(visible=True), BY)
    roll_out(desk, pair, 100)
    desk.rooms.models.change(new.id, ModelChanges(visible=False), BY)
    assert set(answered(desk).values()) == {old.id}
    alias = desk.rooms.aliases.of_model(old.id)[0]
    assert ["everybody stays" in one for one in alias.warnings] == [True]
    state = desk.rooms.rollouts.get(old.id, "chat", limit=100, offset=0)
    assert {one.reason for one in state.staying} == {"not_available"}
    assert len(state.staying) == len(made)
    with pytest.raises(TargetNotAvailable):
        desk.rooms.rollouts.finish(old.id, "chat", BY)
    codes = [one.rule for one in desk.rooms.linter.page(rule=None, severity=None, limit=99, offset=0).findings]
    assert "rollout-leads-nowhere" in codes


def test_what_is_hidden_knows_the_aliases_that_are_rolled_out_to_it(desk: Desk, pair: tuple[Model, Model]) -> None:
    roll_out(desk, pair, sticky="request")
    impact = desk.rooms.impacts.of(pair[1].id, "r")
    assert [(one.alias, one.role) for one in impact.aliases] == [("chat", "rollout")]
    _, receipt = desk.rooms.models.change(pair[1].id, ModelChanges(visible=False), BY, dry_run=True)
    assert receipt.impact.aliases == 1  # type: ignore[union-attr]


def test_what_cannot_be_meant_is_refused(desk: Desk, pair: tuple[Model, Model]) -> None:
    old, _ = pair
    with pytest.raises(InvalidInput):
        desk.rooms.rollouts.set(old.id, "chat", NewRollout(target=old.id, share=10), BY)
    for share in (0, 100.5, 0.001, float("nan")):
        with pytest.raises(InvalidInput):
            roll_out(desk, pair, share)
    with pytest.raises(NotFound):
        desk.rooms.rollouts.set(old.id, "nobody", NewRollout(target=pair[1].id, share=10), BY)
    with pytest.raises(PreconditionFailed):
        roll_out(desk, pair, sticky="request", if_match=99)


def test_a_gate_asks_for_proof_of_what_the_old_model_declares(desk: Desk, pair: tuple[Model, Model]) -> None:
    old, _ = pair
    desk.rooms.models.change(old.id, ModelChanges(pins={"supports_tools": True, "supports_streaming": True}), BY)
    with pytest.raises(NotProven, match="streaming, tools") as refused:
        roll_out(desk, pair, sticky="request", gate=True)
    assert refused.value.facts["capabilities"] == ["streaming", "tools"]
    assert desk.rooms.aliases.of_model(old.id)[0].rollout is None


def test_who_asks_what_a_key_gets_is_told_of_the_rollout(desk: Desk, pair: tuple[Model, Model]) -> None:
    old, new = pair
    keys(desk)
    state = roll_out(desk, pair)
    mover, stayer = state.moving[0].id, state.staying[0].id
    told = desk.rooms.routes.explain("chat", "user")
    assert (told.model.id, told.rollout.moved) == (old.id, None)  # type: ignore[union-attr]
    for key_id, row in ((mover, new.id), (stayer, old.id)):
        told = desk.rooms.routes.explain("chat", "user", who=f"key {key_id}")
        assert (told.model.id, told.rollout.moved) == (row, row == new.id)  # type: ignore[union-attr]
        page = desk.rooms.sights.of("user", frozenset(), who=f"key {key_id}", limit=9, offset=0)
        assert {one.name: one.alias_of for one in page.names}["chat"] == ("new" if row == new.id else "old")


def test_a_file_says_what_is_rolled_out(desk: Desk, pair: tuple[Model, Model]) -> None:
    """It is a state like any other: whoever applies it answers for how many keys there are."""
    roll_out(desk, pair, 12.5, sticky="request")
    text = desk.rooms.export.export().text
    assert 'rollout = { model = "acme/new", share = 12.5, sticky = "request" }' in text
    desk.rooms.rollouts.stop(pair[0].id, "chat", BY)
    desk.rooms.apply.apply(text, BY, label="lineup.toml", keys={})
    assert desk.rooms.export.export().text == text
    with pytest.raises(ManagedByFile):
        desk.rooms.rollouts.stop(pair[0].id, "chat", BY)
    for wrong in ("share = 0", "share = 0.001", "share = 101", 'sticky = "person"', "share = 1\nshare = 2"):
        with pytest.raises(InvalidInput):
            desk.rooms.apply.apply(text.replace("share = 12.5", wrong), BY, label="lineup.toml", keys={})


def test_a_model_that_ends_leaves_its_rollouts(desk: Desk, pair: tuple[Model, Model], clock: ManualClock) -> None:
    """The successor that was being rolled out gets the alias, and nothing is left to roll out."""
    old, new = pair
    roll_out(desk, pair, sticky="request")
    ends = clock.now() + timedelta(hours=1)
    lifecycle = {"sunset_at": ends.isoformat(), "successor_id": new.id}
    desk.rooms.models.change(old.id, ModelChanges(pins={"lifecycle": lifecycle}), BY)
    clock.advance(3_601)
    assert desk.answers("chat") == new.id
    desk.rooms.retirement.carry_out([old.id])
    alias = desk.rooms.aliases.of_model(new.id)[0]
    assert (alias.rollout, desk.answers("chat")) == (None, new.id)


def test_the_model_that_is_rolled_out_may_end_too(desk: Desk, pair: tuple[Model, Model], clock: ManualClock) -> None:
    keys(desk)
    roll_out(desk, pair, 100)
    lifecycle = {"sunset_at": (clock.now() + timedelta(hours=1)).isoformat()}
    desk.rooms.models.change(pair[1].id, ModelChanges(pins={"lifecycle": lifecycle}), BY)
    assert set(answered(desk).values()) == {pair[1].id}
    clock.advance(3_601)
    assert set(answered(desk).values()) == {pair[0].id}
    state = desk.rooms.rollouts.get(pair[0].id, "chat", limit=1, offset=0)
    assert state.staying[0].reason == "not_available"
