"""What callers are told of a staged change until its moment, and what the moment brings."""

from datetime import timedelta
from typing import Any

import pytest

from model_lineup.catalog.shapes import Model, ModelChanges, Selection
from model_lineup.changes.staged.shapes import Announcement, FlagWanted, NewStaged, SwitchWanted, TargetWanted, Wanted
from tests.fakes.clock import ManualClock
from tests.fakes.desk import BY
from tests.fakes.provider import FakeProvider, reply
from tests.fakes.v1 import V1

ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
DAY = 86_400


@pytest.fixture
def old(v1: V1, provider: FakeProvider) -> Model:
    """`old` with the alias `chat`, and `new` beside it; for agents too."""
    at = v1.provider("Acme", provider.base_url)
    model = v1.desk.model(at, "old", visible=True, agents_enabled=True)
    v1.desk.model(at, "new", visible=True, agents_enabled=True)
    v1.desk.alias(model, "chat")
    provider.answer("/chat/completions", reply(ANSWER))
    return model


def stage(v1: V1, wanted: Wanted, *, days: float = 1, **announce: Any) -> int:
    at = v1.rooms.clock.now() + timedelta(days=days)
    told = Announcement(**announce) if announce else None
    return v1.rooms.staging.stage(NewStaged(wanted=wanted, at=at, announce=told), BY)[0].id


def hide(*ids: int, flag: Any = "visible") -> FlagWanted:
    return FlagWanted(chosen=Selection(model_ids=list(ids)), flag=flag, value=False)


def test_hide_at_a_moment_announce_from_now(v1: V1, old: Model, clock: ManualClock) -> None:
    new = v1.rooms.models.find("new").id
    staged = stage(v1, hide(old.id), message="Bitte wechseln", successor_id=new)
    for name in ("old", "chat"):
        got = v1.chat(name)
        assert got.status == 200
        assert got.headers["deprecation"] == f"@{int(clock.now().timestamp())}"
        assert got.headers["sunset"] == "Fri, 02 Jan 2026 12:00:00 GMT"
        assert '</v1/models/new>; rel="successor-version"' in got.headers["link"]
        assert "title*=UTF-8''Bitte%20wechseln" in got.headers["link"]
    assert "sunset" not in v1.chat("new").headers
    listed = {one["id"]: one for one in v1.call("/v1/models").json["data"]}
    assert [listed[name].get("successor") for name in ("old", "chat", "new")] == ["new", "new", None]
    chosen = {one.name: one.notice for one in v1.rooms.routes.choice("user", limit=9, offset=0).models}
    assert chosen["new"] is None
    assert chosen["chat"] is not None
    assert (chosen["chat"].successor, chosen["chat"].message) == ("new", "Bitte wechseln")
    clock.advance(DAY)
    assert v1.chat("old").status == 200, "what the database does not say has not happened"
    v1.rooms.staging.carry_out(staged)
    assert (v1.chat("old").code, v1.chat("chat").code) == ("model_not_found", "model_not_found")


def test_it_is_announced_from_the_moment_that_was_said(v1: V1, old: Model, clock: ManualClock) -> None:
    stage(v1, hide(old.id), days=3, starts_at=clock.now() + timedelta(days=1))
    assert "sunset" not in v1.chat("old").headers
    clock.advance(DAY - 1)
    assert "sunset" not in v1.chat("old").headers
    clock.advance(1)
    assert v1.chat("old").headers["deprecation"] == f"@{int(clock.now().timestamp())}"


def test_without_an_announcement_and_once_cancelled_nothing_is_said(v1: V1, old: Model) -> None:
    stage(v1, hide(old.id))
    assert "deprecation" not in v1.chat("old").headers
    told = stage(v1, hide(old.id), message="Bye.")
    assert "deprecation" in v1.chat("old").headers
    v1.rooms.staging.cancel(told, BY)
    assert "deprecation" not in v1.chat("old").headers


def test_what_is_taken_from_agents_is_told_to_agents(v1: V1, old: Model) -> None:
    stage(v1, hide(old.id, flag="agents_enabled"), message="Users only.")
    assert "sunset" in v1.chat("old", key=v1.agent).headers
    assert "sunset" not in v1.chat("old").headers
    entries = [v1.call("/v1/models/old", key=key).json.get("notice") for key in (v1.user, v1.agent)]
    assert entries == [None, "Users only."]


def test_a_provider_that_is_switched_off_ends_all_its_models(v1: V1, old: Model) -> None:
    stage(v1, SwitchWanted(provider_id=old.provider_id, enabled=False), message="Contract ends.")
    assert all("sunset" in v1.chat(name).headers for name in ("old", "new", "chat"))


def test_another_target_ends_nothing_and_is_told_where_people_choose(v1: V1, old: Model, clock: ManualClock) -> None:
    new = v1.rooms.models.find("new").id
    staged = stage(v1, TargetWanted(alias="chat", target=new), message="Better.")
    assert "sunset" not in v1.chat("chat").headers
    chosen = {one.name: one.notice for one in v1.rooms.routes.choice("user", limit=9, offset=0).models}
    assert chosen["old"] is None
    assert chosen["chat"] is not None
    assert (chosen["chat"].changes_at, chosen["chat"].sunset_at) == (clock.now() + timedelta(days=1), None)
    assert (chosen["chat"].successor, chosen["chat"].message) == ("new", "Better.")
    clock.advance(DAY)
    v1.rooms.staging.carry_out(staged)
    assert v1.chat("chat").headers["x-lineup-model"] == "new"


def test_of_several_ends_the_first_is_told(v1: V1, old: Model, clock: ManualClock) -> None:
    ends = clock.now() + timedelta(days=2)
    said = {"sunset_at": ends.isoformat(), "message": "Retired."}
    v1.rooms.models.change(old.id, ModelChanges(pins={"lifecycle": said}), BY)
    stage(v1, hide(old.id), days=3, message="Hidden later.")
    entry = v1.call("/v1/models/old").json
    assert (entry["notice"], entry["shutdown_date"]) == ("Retired.", ends.date().isoformat())
    stage(v1, hide(old.id), days=1, message="Hidden first.")
    entry = v1.call("/v1/models/old").json
    assert (entry["notice"], entry["shutdown_date"]) == ("Hidden first.", "2026-01-02")
    clock.advance(2 * DAY)
    assert v1.chat("old").code == "model_retired", "its own end comes all the same"
