"""People: the first administrator, the last one, and what is true of all between them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import repeat

import pytest

from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson, Person
from model_lineup.access.tokens import kind_of, new_token
from model_lineup.errors import (
    DuplicatePerson,
    InvalidInput,
    LastAdmin,
    LineupError,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    SetupDone,
)
from tests.access.office import BY, NEW_PASSWORD, PASSWORD, Office
from tests.fakes.clock import ManualClock

HALF_AN_HOUR = timedelta(minutes=30)


def outcome(office: Office, token: str, number: int) -> Person | LineupError:
    try:
        return office.rooms.people.use_setup_link(token, f"admin{number}@example.com", PASSWORD)
    except LineupError as error:
        return error


def test_of_twenty_setups_with_one_link_one_makes_an_administrator(office: Office) -> None:
    token = office.rooms.people.new_setup_link(HALF_AN_HOUR)
    with ThreadPoolExecutor(20) as everybody:
        outcomes = list(everybody.map(outcome, repeat(office), repeat(token), range(20)))
    admins = [one for one in outcomes if isinstance(one, Person)]
    assert len(admins) == 1
    assert {type(one) for one in outcomes} == {Person, NotAllowed}
    assert office.rooms.people.page(limit=100, offset=0) == (admins, 1)


def test_of_twenty_first_administrators_at_once_one_stays(office: Office) -> None:
    def make(number: int) -> bool:
        try:
            office.rooms.people.first_admin(f"admin{number}@example.com", PASSWORD)
        except SetupDone:
            return False
        return True

    with ThreadPoolExecutor(20) as everybody:
        assert sum(everybody.map(make, range(20))) == 1
    assert office.rooms.people.page(limit=100, offset=0)[1] == 1


def test_a_setup_link_makes_one_administrator_who_can_sign_in(office: Office) -> None:
    people = office.rooms.people
    assert not people.set_up()
    token = people.new_setup_link(HALF_AN_HOUR)
    assert kind_of(token) == "setup"
    assert people.setup_link_is_valid(token)
    person = people.use_setup_link(token, "Ada@example.com", PASSWORD)
    assert (person.role, person.password_set, person.disabled) == (Role.ADMIN, True, False)
    assert people.set_up()
    assert office.may(office.sign_in()) is Role.ADMIN
    assert not people.setup_link_is_valid(token)
    with pytest.raises(NotAllowed):
        people.use_setup_link(token, "eve@example.com", PASSWORD)


def test_a_setup_link_is_late_after_its_life(office: Office, clock: ManualClock) -> None:
    people = office.rooms.people
    token = people.new_setup_link(HALF_AN_HOUR)
    clock.advance(1800 - 0.001)
    assert people.setup_link_is_valid(token)
    clock.advance(0.001)
    assert not people.setup_link_is_valid(token)
    with pytest.raises(NotAllowed):
        people.use_setup_link(token, "ada@example.com", PASSWORD)
    assert not people.set_up()


def test_only_the_newest_setup_link_works(office: Office) -> None:
    people = office.rooms.people
    old, new = people.new_setup_link(HALF_AN_HOUR), people.new_setup_link(HALF_AN_HOUR)
    for token in (old, new_token("setup"), new_token("admin"), new[:-1], "", "ß"):
        assert not people.setup_link_is_valid(token)
        with pytest.raises(NotAllowed):
            people.use_setup_link(token, "ada@example.com", PASSWORD)
    assert people.use_setup_link(new, "ada@example.com", PASSWORD).role is Role.ADMIN


def test_a_refused_setup_does_not_use_the_link_up(office: Office) -> None:
    people = office.rooms.people
    token = people.new_setup_link(HALF_AN_HOUR)
    for email, password in (("no address", PASSWORD), ("ada@example.com", "short"), ("ada@example.com", "password123")):
        with pytest.raises(InvalidInput):
            people.use_setup_link(token, email, password)
    assert people.use_setup_link(token, "ada@example.com", PASSWORD).role is Role.ADMIN


def test_a_setup_link_is_worth_nothing_where_an_administrator_is(office: Office) -> None:
    token = office.rooms.people.new_setup_link(HALF_AN_HOUR)
    office.person()
    with pytest.raises(SetupDone):
        office.rooms.people.use_setup_link(token, "eve@example.com", PASSWORD)
    with pytest.raises(SetupDone):
        office.rooms.people.first_admin("eve@example.com", PASSWORD)


def test_others_who_were_there_first_do_not_stand_in_the_way_of_the_first_administrator(office: Office) -> None:
    people = office.rooms.people
    office.person("vera@example.com", Role.VIEWER)
    office.person("invited@example.com", Role.ADMIN, password=None)
    assert not people.set_up(), "nobody of them can sign in and change anything"
    with pytest.raises(DuplicatePerson):
        people.first_admin("VERA@example.com", PASSWORD)
    people.use_setup_link(people.new_setup_link(HALF_AN_HOUR), "ada@example.com", PASSWORD)
    assert people.set_up()
    assert office.may(office.sign_in()) is Role.ADMIN


@pytest.mark.parametrize("email", ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "a\n@example.com"])
def test_what_is_no_address_is_refused(office: Office, email: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        office.person(email)
    assert "/email" in str(refused.value.facts)


@pytest.mark.parametrize(
    ("password", "why"),
    [("nine char", "10 to 256"), ("x" * 257, "10 to 256"), ("aaaaabbbbbccc", "anybody"), ("Password123", "anybody")],
)
def test_a_weak_password_is_refused_and_not_repeated(office: Office, password: str, why: str) -> None:
    person = office.person()
    with pytest.raises(InvalidInput, match=why) as refused:
        office.person("bob@example.com", password=password)
    assert password not in refused.value.detail
    with pytest.raises(InvalidInput, match=why):
        office.change(person, password=password)
    with pytest.raises(InvalidInput, match=why):
        office.rooms.people.change_own_password(person.id, PASSWORD, password, BY)
    assert office.may(office.sign_in()) is Role.ADMIN


@pytest.mark.parametrize(("first", "second"), [("ada@x.org", "ADA@X.org"), ("josé@x.org", "JOSÉ@X.ORG")])
def test_an_address_belongs_to_one_person_whatever_its_case(office: Office, first: str, second: str) -> None:
    person, other = office.person(first), office.person("other@x.org")
    with pytest.raises(DuplicatePerson) as refused:
        office.person(second)
    assert refused.value.facts["id"] == person.id
    with pytest.raises(DuplicatePerson):
        office.change(other, email=second)
    assert office.change(person, email=second).email == second


def test_the_address_of_a_deleted_person_is_free_again(office: Office) -> None:
    office.person("other@example.com")
    gone = office.person()
    pair = office.sign_in()
    office.rooms.people.delete(gone.id, BY)
    again = office.person(role=Role.USER)
    assert again.id != gone.id
    assert office.may(pair) is None


def test_of_twenty_people_with_one_address_one_is_made(office: Office) -> None:
    def make(number: int) -> bool:
        try:
            office.person("ADA@example.com" if number % 2 else "ada@example.com", Role.USER, password=None)
        except DuplicatePerson:
            return False
        return True

    with ThreadPoolExecutor(20) as everybody:
        assert sum(everybody.map(make, range(20))) == 1


def test_a_person_who_is_gone_is_not_found(office: Office) -> None:
    office.person("other@example.com")
    gone = office.person()
    office.rooms.people.delete(gone.id, BY)
    for ask in (
        lambda: office.rooms.people.get(gone.id),
        lambda: office.change(gone, role=Role.USER),
        lambda: office.rooms.people.delete(gone.id, BY),
        lambda: office.rooms.people.get(999_999),
    ):
        with pytest.raises(NotFound):
            ask()
    assert [person.email for person in office.rooms.people.page(limit=10, offset=0)[0]] == ["other@example.com"]


def test_people_are_paged(office: Office) -> None:
    for number in range(5):
        office.person(f"p{number}@example.com", Role.USER, password=None)
    found, total = office.rooms.people.page(limit=2, offset=3)
    assert ([person.email for person in found], total) == (["p3@example.com", "p4@example.com"], 5)


def test_a_change_against_an_old_version_is_refused_with_the_current_state(office: Office) -> None:
    old = office.person()
    new = office.change(old, email="countess@example.com", if_match=old.version)
    assert new.version == old.version + 1
    with pytest.raises(PreconditionFailed) as refused:
        office.change(old, role=Role.USER, if_match=old.version)
    assert refused.value.facts["current"] == new
    assert office.rooms.people.get(old.id) == new


def test_the_last_administrator_cannot_go(office: Office) -> None:
    last = office.person()
    office.person("no-password@example.com", password=None)
    office.person("viewer@example.com", Role.VIEWER)
    office.change(office.person("disabled@example.com"), disabled=True)
    office.rooms.people.delete(office.person("gone@example.com").id, BY)
    pair = office.sign_in()
    for role in (Role.USER, Role.VIEWER):
        with pytest.raises(LastAdmin):
            office.change(last, role=role)
    with pytest.raises(LastAdmin):
        office.change(last, disabled=True)
    with pytest.raises(LastAdmin):
        office.rooms.people.delete(last.id, BY)
    assert office.rooms.people.get(last.id) == last
    assert office.may(pair) is Role.ADMIN, "a refused change ends no session"


def test_an_administrator_may_go_when_another_can_sign_in(office: Office) -> None:
    first = office.person()
    second = office.person("second@example.com", password=None)
    with pytest.raises(LastAdmin):
        office.rooms.people.delete(first.id, BY)
    office.change(second, password=NEW_PASSWORD)
    office.rooms.people.delete(first.id, BY)
    with pytest.raises(LastAdmin):
        office.rooms.people.delete(second.id, BY)


def test_of_administrators_who_are_all_removed_at_once_one_stays(office: Office) -> None:
    admins = [office.person(f"admin{number}@example.com") for number in range(6)]

    def remove(person: Person) -> bool:
        try:
            office.rooms.people.delete(person.id, BY)
        except LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(6) as everybody:
        assert sum(everybody.map(remove, admins)) == 5
    assert office.rooms.people.page(limit=10, offset=0)[1] == 1


def test_where_there_is_no_administrator_others_can_still_be_changed(office: Office) -> None:
    viewer = office.person("viewer@example.com", Role.VIEWER)
    invited = office.person("invited@example.com", password=None)
    assert office.change(viewer, role=Role.USER).role is Role.USER
    office.rooms.people.delete(viewer.id, BY)
    assert office.change(invited, disabled=True).disabled


def test_a_person_holds_no_password_and_no_hash(office: Office) -> None:
    person = office.rooms.people.create(NewPerson(email="a@b.c", role=Role.USER, password=PASSWORD), BY)[0]
    assert PASSWORD not in repr(person)
    assert "argon2" not in repr(person)


def test_a_password_that_was_replaced_meanwhile_cannot_be_changed_with_the_old_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = office.person()
    passwords = office.rooms.sessions._passwords
    check = passwords.check

    def slow(stored: str | None, password: str) -> bool:
        right = check(stored, password)
        monkeypatch.undo()
        office.change(person, password="set by an administrator")
        return right

    monkeypatch.setattr(passwords, "check", slow)
    with pytest.raises(NotAllowed):
        office.rooms.people.change_own_password(person.id, PASSWORD, NEW_PASSWORD, BY)
    assert office.may(office.sign_in(password="set by an administrator")) is Role.ADMIN
