"""Sessions: who gets in, for how long, and what ends it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_lineup.access.actor import Role
from model_lineup.access.shapes import Person
from model_lineup.access.tokens import PREFIXES, kind_of, new_token
from model_lineup.errors import NotAllowed, NotSignedIn
from tests.access.office import BY, NEW_PASSWORD, PASSWORD, Office
from tests.fakes.clock import ManualClock

MINUTE, DAY = 60, 86_400


def test_a_person_signs_in_with_address_and_password(office: Office) -> None:
    person = office.person(role=Role.VIEWER)
    pair = office.sign_in()
    assert (kind_of(pair.access_token), kind_of(pair.refresh_token)) == ("access", "refresh")
    assert (pair.token_type, pair.expires_in) == ("Bearer", 15 * MINUTE)
    actor = office.rooms.sessions.actor(pair.access_token)
    assert actor is not None
    assert (actor.label, actor.role, actor.person_id, actor.key_id) == (person.email, Role.VIEWER, person.id, None)


def test_whatever_is_wrong_the_words_are_the_same(office: Office) -> None:
    office.person()
    office.person("no-password@example.com", password=None)
    gone = office.person("gone@example.com")
    office.rooms.people.delete(gone.id, BY)
    office.change(office.person("disabled@example.com"), disabled=True)
    attempts = [
        ("nobody@example.com", PASSWORD),
        ("ada@example.com", "a wrong password"),
        ("ada@example.com", ""),
        ("no-password@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("disabled@example.com", PASSWORD),
        ("", ""),
    ]
    said = set()
    for email, password in attempts:
        with pytest.raises(NotSignedIn) as refused:
            office.sign_in(email, password)
        said.add((refused.value.detail, refused.value.code, str(refused.value.facts)))
    assert len(said) == 1


def test_an_unknown_address_takes_the_work_of_a_known_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.person()
    checked = []
    passwords = office.rooms.sessions._passwords
    check = passwords.check

    def counted(stored: str | None, password: str) -> bool:
        checked.append(stored is None)
        return check(stored, password)

    monkeypatch.setattr(passwords, "check", counted)
    for email in ("ada@example.com", "nobody@example.com"):
        with pytest.raises(NotSignedIn):
            office.sign_in(email, "a wrong password")
    assert checked == [False, True]


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Ada@Example.com", "aDA@eXAMPLE.COM"),
        ("josé@example.com", "JOSÉ@example.com"),
        ("ÄRGER@example.com", "ärger@EXAMPLE.com"),
        ("σοφίας@example.com", "ΣΟΦΊΑΣ@example.com"),
        ("юлия@пример.рф", "ЮЛИЯ@ПРИМЕР.РФ"),
        ("jose\u0301@example.com", "JOSÉ@example.com"),
        ("é@example.com", "E\u0301@example.com"),
    ],
)
def test_the_case_of_an_address_does_not_count(office: Office, stored: str, typed: str) -> None:
    person = office.person(stored)
    assert person.email == stored
    assert office.may(office.sign_in(typed)) is Role.ADMIN


def test_a_refresh_gives_a_new_pair_and_the_access_token_goes_on_until_its_end(office: Office) -> None:
    office.person()
    first = office.sign_in()
    second = office.rooms.sessions.refresh(first.refresh_token)
    assert len({first.access_token, first.refresh_token, second.access_token, second.refresh_token}) == 4
    assert office.may(first) is office.may(second) is Role.ADMIN
    assert office.session(first) == office.session(second)


def test_a_refresh_token_gives_the_same_successor_for_ten_seconds(office: Office, clock: ManualClock) -> None:
    office.person()
    first = office.sign_in()
    second = office.rooms.sessions.refresh(first.refresh_token)
    for seconds in (0, 5, 5):
        clock.advance(seconds)
        again = office.rooms.sessions.refresh(first.refresh_token)
        assert (again.access_token, again.refresh_token) == (second.access_token, second.refresh_token)
    assert office.may(second) is Role.ADMIN


def test_a_replay_after_ten_seconds_ends_the_session_with_all_its_tokens(office: Office, clock: ManualClock) -> None:
    office.person()
    first, other = office.sign_in(), office.sign_in()
    second = office.rooms.sessions.refresh(first.refresh_token)
    clock.advance(10.001)
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(first.refresh_token)
    assert office.may(first) is office.may(second) is None
    for pair in (first, second):
        with pytest.raises(NotSignedIn):
            office.rooms.sessions.refresh(pair.refresh_token)
    assert office.may(other) is Role.ADMIN, "another session of the same person has nothing to do with it"


def test_a_token_from_before_the_last_one_ends_the_session_within_the_grace_too(office: Office) -> None:
    office.person()
    first = office.sign_in()
    second = office.rooms.sessions.refresh(first.refresh_token)
    third = office.rooms.sessions.refresh(second.refresh_token)
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(first.refresh_token)
    assert office.may(third) is None


def test_tabs_that_refresh_at_once_get_the_same_pair(office: Office) -> None:
    office.person()
    first = office.sign_in()
    with ThreadPoolExecutor(8) as tabs:
        pairs = list(tabs.map(office.rooms.sessions.refresh, [first.refresh_token] * 8))
    assert len({pair.access_token for pair in pairs}) == len({pair.refresh_token for pair in pairs}) == 1
    assert office.may(pairs[0]) is Role.ADMIN


def test_an_access_token_lives_for_fifteen_minutes(office: Office, clock: ManualClock) -> None:
    office.person()
    pair = office.sign_in()
    clock.advance(15 * MINUTE - 0.001)
    assert office.may(pair) is Role.ADMIN
    clock.advance(0.001)
    assert office.may(pair) is None


def test_a_refresh_token_lives_for_fourteen_days(office: Office, clock: ManualClock) -> None:
    office.person()
    early, late = office.sign_in(), office.sign_in()
    clock.advance(14 * DAY - 0.001)
    assert office.may(office.rooms.sessions.refresh(early.refresh_token)) is Role.ADMIN
    clock.advance(0.001)
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(late.refresh_token)


def test_each_refresh_token_has_its_fourteen_days(office: Office, clock: ManualClock) -> None:
    office.person()
    pair = office.sign_in()
    for _ in range(6):
        clock.advance(14 * DAY - 1)
        pair = office.rooms.sessions.refresh(pair.refresh_token)
        assert office.may(pair) is Role.ADMIN
    clock.advance(14 * DAY)
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(pair.refresh_token)


def test_a_pair_never_promises_more_time_than_its_session_has_left(office: Office, clock: ManualClock) -> None:
    """However often it is refreshed, a session is over after ninety days."""
    office.person()
    last = office.sign_in()
    for _ in range(9):
        clock.advance(10 * DAY - 10)
        first, last = last, office.rooms.sessions.refresh(last.refresh_token)
    assert last.expires_in == 90
    clock.advance(10)
    assert office.rooms.sessions.refresh(first.refresh_token).expires_in == 80
    clock.advance(79.999)
    assert office.may(last) is Role.ADMIN
    clock.advance(0.001)
    assert office.may(last) is None
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(last.refresh_token)


def test_signing_in_forgets_sessions_whose_time_is_over(office: Office, clock: ManualClock) -> None:
    office.person()
    old = office.sign_in()
    clock.advance(15 * DAY)
    assert office.may(office.sign_in()) is Role.ADMIN
    assert office.may(old) is None


def test_signing_out_ends_this_session_at_once_and_no_other(office: Office) -> None:
    office.person()
    pair, other = office.sign_in(), office.sign_in()
    office.rooms.sessions.sign_out(office.session(pair))
    assert office.may(pair) is None
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(pair.refresh_token)
    assert office.may(other) is Role.ADMIN


def test_only_the_refresh_token_of_a_session_refreshes(office: Office) -> None:
    office.person()
    pair = office.sign_in()
    mistyped = [pair.refresh_token[:-1], pair.refresh_token + "0", "", "ß"]
    for token in (*map(new_token, PREFIXES), pair.access_token, *mistyped):
        with pytest.raises(NotSignedIn):
            office.rooms.sessions.refresh(token)
    assert office.may(pair) is Role.ADMIN


def test_an_unknown_access_token_is_nobody(office: Office) -> None:
    assert office.rooms.sessions.actor(new_token("access")) is None


ENDINGS: dict[str, Callable[[Office, Person], object]] = {
    "disabled": lambda office, person: office.change(person, disabled=True),
    "deleted": lambda office, person: office.rooms.people.delete(person.id, BY),
    "given a new password": lambda office, person: office.change(person, password=NEW_PASSWORD),
    "disabled and enabled again": lambda office, person: office.change(
        office.change(person, disabled=True), disabled=False
    ),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_sessions_of_somebody_end_at_once(office: Office, how: str) -> None:
    office.person("other@example.com")
    person = office.person()
    pairs = [office.sign_in(), office.sign_in()]
    spared = office.sign_in("other@example.com")
    ENDINGS[how](office, person)
    for pair in pairs:
        assert office.may(pair) is None
        with pytest.raises(NotSignedIn):
            office.rooms.sessions.refresh(pair.refresh_token)
    assert office.may(spared) is Role.ADMIN


def test_a_new_role_holds_from_the_next_lookup_on(office: Office) -> None:
    office.person("other@example.com")
    person = office.person()
    pair = office.sign_in()
    for role in (Role.USER, Role.VIEWER, Role.ADMIN):
        office.change(person, role=role)
        assert office.may(pair) is role


def test_a_new_address_ends_no_session(office: Office) -> None:
    person = office.person()
    pair = office.sign_in()
    office.change(person, email="countess@example.com")
    actor = office.rooms.sessions.actor(pair.access_token)
    assert actor is not None
    assert actor.label == "countess@example.com"
    with pytest.raises(NotSignedIn):
        office.sign_in("ada@example.com")
    assert office.may(office.sign_in("countess@example.com")) is Role.ADMIN


def test_ones_own_new_password_ends_all_other_sessions(office: Office) -> None:
    person = office.person()
    here, elsewhere = office.sign_in(), office.sign_in()
    family = office.session(here)
    office.rooms.people.change_own_password(person.id, PASSWORD, NEW_PASSWORD, BY)
    office.rooms.sessions.keep(family, person.id)
    assert office.may(here) is Role.ADMIN
    assert office.may(office.rooms.sessions.refresh(here.refresh_token)) is Role.ADMIN
    assert office.may(elsewhere) is None
    with pytest.raises(NotSignedIn):
        office.rooms.sessions.refresh(elsewhere.refresh_token)
    with pytest.raises(NotSignedIn):
        office.sign_in()
    assert office.may(office.sign_in(password=NEW_PASSWORD)) is Role.ADMIN


def test_a_session_that_was_signed_out_is_not_kept(office: Office) -> None:
    person = office.person()
    pair = office.sign_in()
    family = office.session(pair)
    office.rooms.sessions.sign_out(family)
    office.rooms.sessions.keep(family, person.id)
    assert office.may(pair) is None


def test_a_session_of_somebody_else_is_not_kept(office: Office) -> None:
    person, other = office.person(), office.person("other@example.com")
    pair = office.sign_in("other@example.com")
    family = office.session(pair)
    office.change(other, password=NEW_PASSWORD)
    office.change(person, password=NEW_PASSWORD)
    office.rooms.sessions.keep(family, person.id)
    assert office.may(pair) is None


def test_a_wrong_current_password_changes_nothing(office: Office) -> None:
    person = office.person()
    pair = office.sign_in()
    with pytest.raises(NotAllowed):
        office.rooms.people.change_own_password(person.id, "a wrong password", NEW_PASSWORD, BY)
    assert office.may(pair) is Role.ADMIN
    assert office.rooms.people.get(person.id).version == person.version


def test_a_session_is_not_kept_past_yet_another_password(office: Office) -> None:
    person = office.person()
    pair = office.sign_in()
    family = office.session(pair)
    office.rooms.people.change_own_password(person.id, PASSWORD, NEW_PASSWORD, BY)
    office.change(person, password="set by an administrator")
    office.rooms.sessions.keep(family, person.id)
    assert office.may(pair) is None
