"""Who used what: sums that agree with the requests, however they are grouped."""

from datetime import date, timedelta
from typing import Any

import pytest

from model_lineup.access.actor import Actor, Role
from model_lineup.access.groups.shapes import NewGroup, Who
from model_lineup.access.shapes import NewKey, NewPerson
from model_lineup.ledger.shapes import UsageReport, Wanted, WantedEntries
from model_lineup.ledger.sums import bucket_of, percentile
from model_lineup.rooms import Rooms
from tests.fakes.clock import START, ManualClock
from tests.fakes.desk import BY, Desk
from tests.fakes.usage import entry

TODAY = START.date()
WANTED = Wanted(first=TODAY - timedelta(days=29), last=TODAY)


@pytest.fixture
def used(rooms: Rooms, clock: ManualClock) -> Rooms:
    """Ten requests yesterday and six today: two models, two keys, one of them for people behind a front end."""
    desk = Desk(rooms)
    provider = desk.provider()
    first, second = desk.model(provider, "first").id, desk.model(provider, "second").id
    keys = [
        rooms.keys.create(NewKey(name=name, kind="user"), Actor("tester", Role.ADMIN), BY)[0].id
        for name in ("app", "chat")
    ]
    where = {"provider_id": provider.id}
    for number in range(10):
        rooms.ledger.note(entry(f"y{number}", key_id=keys[0], model_row=first, name="best", **where))
    rooms.ledger.flush()
    clock.advance(86_400)
    for number in range(4):
        user = "ann" if number % 2 else "bob"
        more = {"on_behalf_of": user, "cached_tokens": 1, "nanodollars": 500_000_000, **where}
        rooms.ledger.note(entry(f"t{number}", key_id=keys[1], model_row=second, name="second", **more))
    failed = {"outcome": "upstream_failed", "code": "upstream_timeout", "status": 504, "first_content_at": None}
    unknown = {"prompt_tokens": None, "completion_tokens": None, "token_source": "none"}
    rooms.ledger.note(entry("f", key_id=keys[1], model_row=second, name="second", **failed, **unknown, **where))
    refused = {"outcome": "refused", "code": "model_not_found", "status": 404, "first_content_at": None}
    nowhere = {"model_row": None, "provider_id": None, "name": "nope"}
    rooms.ledger.note(entry("n", key_id=keys[1], **refused, **unknown, **nowhere))
    return rooms


SPAN = Wanted(first=TODAY - timedelta(days=29), last=TODAY + timedelta(days=1))


def report(rooms: Rooms, *by: Any, limit: int = 100, offset: int = 0, **narrower: Any) -> UsageReport:
    values = {"first": TODAY - timedelta(days=29), "last": TODAY + timedelta(days=1), **narrower}
    return rooms.usage.report(Wanted(**values), by, limit=limit, offset=offset)


def test_models_are_listed_with_what_they_were_used_for(used: Rooms) -> None:
    found = report(used, "model")
    shown = [(group.model.model_id if group.model else None, group.requests) for group in found.groups]
    assert shown == [("first", 10), ("second", 5), (None, 1)]
    second = found.groups[1]
    assert (second.prompt_tokens, second.completion_tokens, second.cached_tokens) == (20, 8, 4)
    assert (second.outcomes.completed, second.outcomes.upstream_failed, second.requests_with_tokens) == (4, 1, 4)
    assert (second.cost_usd, second.requests_priced) == (2.0, 4)
    nowhere = found.groups[2]
    assert (nowhere.prompt_tokens, nowhere.cost_usd, nowhere.ttft_ms.p50, nowhere.ttft_ms.mean) == (None,) * 4
    assert (found.totals.requests, found.totals.outcomes.refused, found.total) == (16, 1, 3)


def test_times_are_told_by_mean_and_within_5_percent_by_percentile(used: Rooms) -> None:
    group = report(used, "model").groups[0]
    assert group.ttft_ms.mean == pytest.approx(100, rel=0.01)
    assert group.ttft_ms.p50 == pytest.approx(100, rel=0.05)
    assert (group.ttft_ms.p95, group.ttft_ms.n) == (None, 10), "a p95 of ten requests is a guess"
    assert group.duration_ms == pytest.approx(500, rel=0.01)
    assert report(used, "key").groups[0].ttft_ms.p50 is None


def test_what_is_known_of_a_span_already_is_not_summed_up_again(used: Rooms) -> None:
    by_day, by_model = report(used, "day"), report(used, "model")
    assert by_day.totals == report(used, "day", limit=1).totals == by_model.totals
    again = used.usage.report(SPAN, ("model",), limit=100, offset=0, totals=by_day.totals)
    assert again == by_model


def test_days_come_newest_first(used: Rooms) -> None:
    groups = report(used, "day", "name").groups
    assert [(group.day, group.name, group.requests) for group in groups] == [
        (TODAY + timedelta(days=1), "second", 5),
        (TODAY + timedelta(days=1), None, 1),
        (TODAY, "best", 10),
    ]


def test_keys_people_and_users_of_front_ends_are_told_apart(used: Rooms) -> None:
    keys = [(group.key.name, group.requests) for group in report(used, "key").groups if group.key]
    assert keys == [("app", 10), ("chat", 6)]
    users = [(group.on_behalf_of, group.requests) for group in report(used, "on_behalf_of").groups]
    assert users == [(None, 12), ("ann", 2), ("bob", 2)]
    assert [group.person for group in report(used, "person").groups] == [None]
    assert [group.outcome for group in report(used, "outcome").groups] == ["completed", "refused", "upstream_failed"]
    assert [group.provider.slug for group in report(used, "provider").groups if group.provider] == ["acme"]


@pytest.mark.parametrize(
    ("narrower", "requests"),
    [
        ({"model_id": "first"}, 10),
        ({"model_id": "nobody's"}, 0),
        ({"outcome": "refused"}, 1),
        ({"on_behalf_of": "ann"}, 2),
        ({"name": "best"}, 10),
        ({"last": TODAY}, 10),
        ({"first": TODAY + timedelta(days=1)}, 6),
        ({"first": TODAY + timedelta(days=2), "last": TODAY + timedelta(days=3)}, 0),
    ],
)
def test_filters_narrow_what_is_added_up(used: Rooms, narrower: dict[str, Any], requests: int) -> None:
    found = report(used, "model", "day", **narrower)
    assert found.totals.requests == requests == sum(group.requests for group in found.groups)


def test_pages_know_how_many_groups_there_are(used: Rooms) -> None:
    for offset, shown in ((0, 1), (2, 1), (5, 0)):
        page = report(used, "model", limit=1, offset=offset)
        assert (len(page.groups), page.total) == (shown, 3)


def test_single_requests_are_paged_newest_first(used: Rooms) -> None:
    seen: list[str] = []
    before: tuple[int, int] | None = None
    while True:
        page = used.usage.requests(WantedEntries(first=TODAY, last=TODAY + timedelta(days=1), before=before), limit=5)
        seen += [request.request_id for request in page.requests]
        if page.next is None:
            break
        moment, row_id = page.next.split("-")
        before = int(moment), int(row_id)
    assert len(seen) == len(set(seen)) == 16
    assert seen.index("t0") < seen.index("y9")


def test_a_request_is_found_by_its_id_on_whatever_day(used: Rooms) -> None:
    long_ago = date(2020, 1, 1)
    [found] = used.usage.requests(WantedEntries(first=long_ago, last=long_ago, request_id="f"), limit=9).requests
    assert (found.outcome, found.code, found.status, found.name) == (
        "upstream_failed",
        "upstream_timeout",
        504,
        "second",
    )
    assert found.key is not None
    assert (found.key.name, found.model.model_id if found.model else None) == ("chat", "second")
    assert (found.prompt_tokens, found.token_source, found.ttft_ms) == (None, "none", None)


def test_what_was_deleted_is_still_called_by_its_name(used: Rooms) -> None:
    for model in ("first", "second"):
        used.models.delete(used.models.find(model).id, BY)
    for key in used.keys.page(limit=9, offset=0)[0]:
        used.keys.delete(key.id, BY)
    found = report(used, "model", "key").groups[0]
    assert (found.model.model_id if found.model else None, found.key.name if found.key else None) == ("first", "app")


@pytest.mark.parametrize("time_us", [1, 900, 12_345, 3_600_000_000])
def test_a_percentile_is_within_five_percent(time_us: int) -> None:
    found = percentile({bucket_of(time_us): 7}, 0.5)
    assert found is not None
    assert found * 1000 == pytest.approx(time_us, rel=0.05)


def group_of(rooms: Rooms, name: str, *, people: tuple[int, ...] = (), keys: tuple[int, ...] = ()) -> int:
    group, _ = rooms.groups.create(NewGroup(name=name), BY)
    rooms.groups.add_members(group.id, Who(people=list(people), keys=list(keys)), BY)
    return group.id


def test_groups_are_told_what_their_keys_used_and_a_key_of_two_counts_for_both(used: Rooms) -> None:
    app, chat = (group.key.id for group in report(used, "key").groups if group.key)
    both, chatters = group_of(used, "both", keys=(app, chat)), group_of(used, "chatters", keys=(chat,))
    empty = group_of(used, "empty")
    found = report(used, "group")
    assert [(group.group.name if group.group else None, group.requests) for group in found.groups] == [
        ("both", 16),
        ("chatters", 6),
    ]
    assert found.totals.requests == 16, "each request once"
    assert report(used, "group", limit=1, offset=1).groups[0].requests == 6
    assert [group.requests for group in report(used, "group", "model", group_id=both).groups] == [10, 5, 5, 1, 1]
    assert report(used, "model", group_id=empty).totals.requests == 0
    assert report(used, "model", group_id=both).groups[0].ttft_ms.p50 is None, "kept by day, model and provider only"
    wanted = WantedEntries(first=SPAN.first, last=SPAN.last, group_id=chatters)
    assert len(used.usage.requests(wanted, limit=100).requests) == 6


def test_a_group_used_what_the_keys_of_its_people_used_revoked_ones_too(used: Rooms) -> None:
    person, _ = used.people.create(
        NewPerson(email="ann@example.com", role=Role.USER, password="canary horse battery"), BY
    )
    hers = Actor("ann", Role.ADMIN, person_id=person.id)
    mine = used.keys.create(NewKey(name="hers", kind="user"), hers, BY)[0]
    group_id = group_of(used, "readers", people=(person.id,), keys=(mine.id,))
    used.ledger.note(entry("hers", key_id=mine.id, person_id=person.id))
    used.keys.delete(mine.id, BY)
    shown = [(group.group.id if group.group else None, group.requests) for group in report(used, "group").groups]
    assert shown == [(None, 16), (group_id, 1)], "once, though the key belongs to it in two ways"
    used.groups.remove_members(group_id, Who(people=[person.id]), BY)
    assert report(used, "model", group_id=group_id).totals.requests == 1, "its own membership counts"
