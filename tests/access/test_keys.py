"""Keys: what they reach, for how long, and what stops them on the next request."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec import UNSET
from sqlalchemy import event
from sqlalchemy.engine import Engine

from model_lineup.access.actor import LOCAL_ACTOR, Actor, Role
from model_lineup.access.shapes import Key, KeyChanges, Limits, NewKey, Person
from model_lineup.access.tokens import kind_of, new_token
from model_lineup.errors import InvalidInput, NotAllowed, NotFound, PreconditionFailed
from tests.access.office import BY, NEW_PASSWORD, Office, actor_of
from tests.fakes.clock import START, ManualClock

ROLES = (Role.ADMIN, Role.VIEWER, Role.USER)


@pytest.fixture
def admin(office: Office) -> Person:
    office.person("other@example.com")
    return office.person()


def test_an_admin_key_acts_for_its_owner(office: Office, admin: Person) -> None:
    key, secret = office.key(admin)
    assert (key.kind, key.role, key.owner_id, key.last4) == ("admin", Role.ADMIN, admin.id, secret[-4:])
    actor = office.rooms.keys.admin_actor(secret)
    assert actor == Actor(f"key 'ci' ({key.id})", Role.ADMIN, person_id=admin.id, key_id=key.id)


def test_a_key_for_applications_does_not_reach_the_admin_api(office: Office, admin: Person) -> None:
    for sort in ("user", "agent"):
        key, secret = office.key(admin, sort)
        assert (key.kind, key.role, kind_of(secret)) == (sort, None, sort)
        assert office.rooms.keys.admin_actor(secret) is None
        with pytest.raises(InvalidInput, match="only admin keys"):
            office.key(admin, sort, role=Role.VIEWER)


def test_a_key_never_reaches_further_than_its_maker(office: Office) -> None:
    for has in ROLES:
        maker = office.person(f"{has.value}@example.com", has, password=None)
        for wanted in (None, *ROLES):
            effective = has if wanted is None else wanted
            if effective is Role.USER:
                with pytest.raises(InvalidInput):
                    office.key(maker, role=wanted)
            elif not has.reaches(effective):
                with pytest.raises(NotAllowed):
                    office.key(maker, role=wanted)
            else:
                key, secret = office.key(maker, role=wanted)
                assert key.role is office.key_may(secret) is effective


def test_a_key_of_the_local_command_line_has_no_owner(office: Office) -> None:
    key, secret, _ = office.rooms.keys.create(NewKey(name="local", kind="admin"), LOCAL_ACTOR, BY)
    assert (key.owner_id, office.key_may(secret)) == (None, Role.ADMIN)


ENDINGS: dict[str, Callable[[Office, Person, Key], object]] = {
    "it is disabled": lambda office, _, key: office.change_key(key, disabled=True),
    "it is deleted": lambda office, _, key: office.rooms.keys.delete(key.id, BY),
    "its owner is disabled": lambda office, owner, _: office.change(owner, disabled=True),
    "its owner is deleted": lambda office, owner, _: office.rooms.people.delete(owner.id, BY),
    "its owner becomes a viewer": lambda office, owner, _: office.change(owner, role=Role.VIEWER),
    "its owner becomes a user": lambda office, owner, _: office.change(owner, role=Role.USER),
}


@pytest.mark.parametrize("when", ENDINGS)
def test_an_admin_key_stops_at_once_when(office: Office, admin: Person, when: str) -> None:
    key, secret = office.key(admin)
    assert office.key_may(secret) is Role.ADMIN
    ENDINGS[when](office, admin, key)
    assert office.key_may(secret) is None


def test_a_viewer_key_outlives_its_owners_fall_to_viewer_only(office: Office, admin: Person) -> None:
    _, secret = office.key(admin, role=Role.VIEWER)
    office.change(admin, role=Role.VIEWER)
    assert office.key_may(secret) is Role.VIEWER
    office.change(admin, role=Role.USER)
    assert office.key_may(secret) is None
    office.change(admin, role=Role.ADMIN)
    assert office.key_may(secret) is Role.VIEWER


def test_a_key_works_again_when_it_or_its_owner_is_enabled_again(office: Office, admin: Person) -> None:
    key, secret = office.key(admin)
    office.change_key(office.change_key(key, disabled=True), disabled=False)
    assert office.key_may(secret) is Role.ADMIN
    office.change(office.change(admin, disabled=True), disabled=False)
    assert office.key_may(secret) is Role.ADMIN


def test_a_new_password_ends_no_key(office: Office, admin: Person) -> None:
    _, secret = office.key(admin)
    office.change(admin, password=NEW_PASSWORD)
    assert office.key_may(secret) is Role.ADMIN


def test_a_key_ends_at_its_moment(office: Office, admin: Person, clock: ManualClock) -> None:
    in_tokyo = (START + timedelta(hours=1)).astimezone(timezone(timedelta(hours=9)))
    key, secret = office.key(admin, expires_at=in_tokyo)
    assert key.expires_at == START + timedelta(hours=1)
    clock.advance(3600 - 0.001)
    assert office.key_may(secret) is Role.ADMIN
    clock.advance(0.001)
    assert office.key_may(secret) is None
    office.change_key(key, expires_at=None)
    assert office.key_may(secret) is Role.ADMIN


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (datetime(2030, 1, 31, 12), "zone"),
        (START, "passed"),
        (START - timedelta(days=1), "passed"),
        ((START - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=14))), "passed"),
    ],
)
def test_an_end_without_zone_or_in_the_past_is_refused(office: Office, admin: Person, end: datetime, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        office.key(admin, expires_at=end)
    key, secret = office.key(admin)
    with pytest.raises(InvalidInput, match=why):
        office.change_key(key, expires_at=end)
    assert office.rooms.keys.get(key.id) == key
    assert office.key_may(secret) is Role.ADMIN


LIMITS = Limits(requests_per_minute=60, tokens_per_minute=1, tokens_per_month=10**10, cost_per_month=0.1)


def test_limits_are_kept_replaced_and_taken_away(office: Office, admin: Person) -> None:
    key, _ = office.key(admin, "user", limits=LIMITS)
    assert office.rooms.keys.get(key.id).limits == LIMITS
    fewer = Limits(requests_per_minute=1)
    assert office.change_key(key, limits=fewer).limits == fewer
    assert office.change_key(key, limits=None).limits == Limits()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "ci"},
        {"disabled": False},
        {"limits": LIMITS},
        {"expires_at": START + timedelta(hours=1)},
        {"name": "ci", "disabled": False, "limits": LIMITS, "expires_at": UNSET},
    ],
)
def test_what_is_said_as_it_is_changes_nothing(office: Office, admin: Person, changes: dict[str, Any]) -> None:
    key, _ = office.key(admin, "user", limits=LIMITS, expires_at=START + timedelta(hours=1))
    after, receipt = office.rooms.keys.change(key.id, KeyChanges(**changes), BY)
    assert (after, receipt.change_id) == (key, None)


def test_a_change_against_an_old_version_of_a_key_is_refused(office: Office, admin: Person) -> None:
    key, _ = office.key(admin)
    new, _ = office.rooms.keys.change(key.id, KeyChanges(name="deploy"), BY, if_match=key.version)
    assert (new.name, new.version) == ("deploy", key.version + 1)
    with pytest.raises(PreconditionFailed) as refused:
        office.rooms.keys.change(key.id, KeyChanges(disabled=True), BY, if_match=key.version)
    assert refused.value.facts["current"] == new
    assert office.rooms.keys.get(key.id) == new


def test_a_key_of_somebody_else_is_as_one_that_does_not_exist(office: Office, admin: Person) -> None:
    keys, stranger = office.rooms.keys, office.person("stranger@example.com", Role.USER)
    key, secret = office.key(admin)
    own, _ = office.key(stranger, "user")
    ownerless = keys.create(NewKey(name="local", kind="user"), LOCAL_ACTOR, BY)[0]
    for foreign in (key.id, ownerless.id, 999_999):
        for ask in (
            lambda it: keys.get(it, owner_id=stranger.id),
            lambda it: keys.change(it, KeyChanges(name="mine"), BY, owner_id=stranger.id),
            lambda it: keys.delete(it, BY, owner_id=stranger.id),
        ):
            with pytest.raises(NotFound) as refused:
                ask(foreign)
            assert refused.value.detail == f"There is no key {foreign}."
    assert office.key_may(secret) is Role.ADMIN
    assert keys.page(limit=10, offset=0, owner_id=stranger.id) == ([own], 1)
    assert keys.page(limit=10, offset=0) == ([key, own, ownerless], 3)
    assert keys.page(limit=1, offset=1) == ([own], 3)


def test_a_deleted_key_is_not_found(office: Office, admin: Person) -> None:
    key, _ = office.key(admin)
    office.rooms.keys.delete(key.id, BY)
    for ask in (
        lambda: office.rooms.keys.get(key.id),
        lambda: office.change_key(key, name="back"),
        lambda: office.rooms.keys.delete(key.id, BY),
    ):
        with pytest.raises(NotFound):
            ask()
    assert office.rooms.keys.page(limit=10, offset=0) == ([], 0)


def test_the_keys_of_a_deleted_person_are_gone(office: Office, admin: Person) -> None:
    key, _ = office.key(admin, "agent")
    office.rooms.people.delete(admin.id, BY)
    with pytest.raises(NotFound):
        office.rooms.keys.get(key.id)


def test_an_invented_key_is_nobody(office: Office, admin: Person) -> None:
    _, secret = office.key(admin)
    for invented in (new_token("admin"), new_token("user"), new_token("access"), secret[:-1], ""):
        assert office.key_may(invented) is None


HOSTILE = [
    "' OR 1=1 --",
    "\x00",
    '"; DROP TABLE keys',
    "lineup_adm_" + "a" * 49,
    "%",
    "é" * 60,
    "a" * 100_000,
]


def test_no_key_changes_a_statement(office: Office, admin: Person) -> None:
    """Z-01: what strangers send is bound to a statement or reaches none; its text is always the same."""
    _, secret = office.key(admin)
    texts: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "token_hash" in statement:  # the look-up; refusals are written down beside it
            texts.add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert office.key_may(secret) is Role.ADMIN
        known = set(texts)
        assert len(known) == 1
        for hostile in (*HOSTILE, *(new_token(kind) for kind in ("admin", "user", "access")), secret.upper()):
            assert office.key_may(hostile) is None
        assert texts == known
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_what_an_actor_says_of_itself_names_the_role_that_is_missing(office: Office, admin: Person) -> None:
    viewer = actor_of(office.change(admin, role=Role.VIEWER))
    viewer.must_reach(Role.VIEWER)
    viewer.must_reach(Role.USER)
    with pytest.raises(NotAllowed, match=r"'admin'; ada@example\.com has 'viewer'"):
        viewer.must_reach(Role.ADMIN)
