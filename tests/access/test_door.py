"""The door: whoever guesses waits, whoever is in stays in, and strangers are treated like everybody."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_lineup.access import passwords as passwords_module
from model_lineup.access.actor import Role
from model_lineup.access.passwords import Passwords
from model_lineup.errors import InvalidInput, LineupError, NotAllowed, NotSignedIn, PasswordsBusy, SignInThrottled
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import Visit
from tests.access.office import BY, NEW_PASSWORD, PASSWORD, Office
from tests.fakes.clock import ManualClock
from tests.fakes.counts import count

HERE, ELSEWHERE = Visit("192.0.2.1", "curl/8"), Visit("192.0.2.2")
STRANGER = "nobody@example.com"


def guess(office: Office, email: str = "ada@example.com", visit: Visit = HERE) -> LineupError:
    with pytest.raises((NotSignedIn, SignInThrottled)) as refused:
        office.rooms.sessions.sign_in(email, "a wrong password", visit)
    return refused.value


@pytest.mark.parametrize("email", ["ada@example.com", STRANGER])
def test_five_failures_lock_an_account_out_whether_it_exists_or_not(
    office: Office, clock: ManualClock, email: str
) -> None:
    office.person()
    told = [guess(office, email) for _ in range(6)]
    assert [error.status for error in told] == [401] * 5 + [429]
    assert len({error.detail for error in told[:5]}) == 1
    assert told[5].facts == {"retry_after": 30}
    clock.advance(30)
    assert [guess(office, email).status for _ in range(2)] == [401, 429]
    assert guess(office, email).facts == {"retry_after": 60}


def test_both_kinds_of_accounts_are_told_the_same_words(office: Office) -> None:
    office.person()
    known, unknown = ([guess(office, email) for _ in range(7)] for email in ("ada@example.com", STRANGER))
    said = [[(error.status, error.code, error.detail, error.facts) for error in each] for each in (known, unknown)]
    assert said[0] == said[1]


def test_the_right_password_does_not_open_a_locked_account(office: Office, clock: ManualClock) -> None:
    office.person()
    for _ in range(5):
        guess(office)
    with pytest.raises(SignInThrottled):
        office.rooms.sessions.sign_in("ADA@example.com", PASSWORD, HERE)
    clock.advance(30)
    assert office.may(office.rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)) is Role.ADMIN
    assert [guess(office).status for _ in range(5)] == [401] * 5, "success cleared the failures"


def test_a_lock_is_for_one_address_and_takes_nothing_from_who_is_in(office: Office) -> None:
    person = office.person()
    _, key = office.key(person)
    pair = office.rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)
    for _ in range(6):
        guess(office)
    assert office.may(pair) is office.key_may(key) is Role.ADMIN
    assert office.may(office.rooms.sessions.refresh(pair.refresh_token, HERE)) is Role.ADMIN
    assert office.may(office.rooms.sessions.sign_in("ada@example.com", PASSWORD, ELSEWHERE)) is Role.ADMIN
    assert guess(office, STRANGER).status == 401


def test_one_host_cannot_use_all_addresses_of_its_network(office: Office) -> None:
    for number in range(5):
        guess(office, visit=Visit(f"2001:db8:1:2::{number + 1:x}"))
    assert guess(office, visit=Visit("2001:db8:1:2:ffff::1")).status == 429
    assert guess(office, visit=Visit("2001:db8:1:3::1")).status == 401


def test_disabled_people_are_refused_like_strangers(office: Office) -> None:
    office.person("root@example.com")
    office.change(office.person(), disabled=True)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            office.rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)
    with pytest.raises(SignInThrottled):
        office.rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)


def test_not_more_than_twenty_sign_ins_in_a_second(office: Office, clock: ManualClock) -> None:
    for number in range(20):
        guess(office, f"{number}@example.com", Visit(f"198.51.100.{number}"))
    refused = guess(office, "more@example.com", ELSEWHERE)
    assert (refused.status, refused.code) == (429, "sign_in_throttled")
    assert refused.facts["retry_after"] in (1, 2)
    clock.advance(2)
    assert guess(office, "more@example.com", ELSEWHERE).status == 401


def test_a_wrong_current_password_counts_as_a_wrong_sign_in(office: Office, clock: ManualClock) -> None:
    person = office.person()

    def change(current: str) -> object:
        return office.rooms.people.change_own_password(person.id, current, NEW_PASSWORD, BY, HERE)

    for _ in range(5):
        with pytest.raises(NotAllowed):
            change("a wrong password")
    for current in ("a wrong password", PASSWORD):
        with pytest.raises(SignInThrottled):
            change(current)
    assert guess(office).status == 429, "one budget for both ways of guessing"
    clock.advance(30)
    change(PASSWORD)


def test_set_up_links_are_not_guessed_either(office: Office) -> None:
    people = office.rooms.people
    for _ in range(7):
        with pytest.raises(InvalidInput):  # a weak password is no guess
            people.use_setup_link("lineup_set_x", "ada@example.com", "short", HERE)
    for _ in range(5):
        with pytest.raises(NotAllowed):
            people.use_setup_link("lineup_set_x", "ada@example.com", PASSWORD, HERE)
    with pytest.raises(SignInThrottled):
        people.use_setup_link("lineup_set_x", "ada@example.com", PASSWORD, HERE)


def test_the_owner_of_the_machine_is_not_throttled(office: Office) -> None:
    for _ in range(8):
        with pytest.raises(NotSignedIn):
            office.sign_in(password="a wrong password")


def test_guesses_at_once_get_no_more_answers_than_guesses_in_a_row(office: Office) -> None:
    office.person()
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: guess(office).status, range(16)))
    assert told.count(401) == 5


def test_what_a_stranger_typed_is_kept_nowhere(office: Office) -> None:
    """People type passwords into the wrong field."""
    guess(office, "MySecretPassword@oops")
    entry = office.rooms.security.page(limit=1, offset=0).entries[0]
    assert (entry.event, entry.actor, entry.address) == (SecurityEvent.SIGN_IN_FAILED, None, "192.0.2.1")
    assert "MySecretPassword" not in repr(entry)
    assert len(entry.details["account"]) == 12, "enough to see that it was the same account again"


def test_twenty_may_wait_for_their_password_to_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, started = Passwords(20), threading.Semaphore(0)
    real: Callable[..., object] = passwords._places.acquire

    def counted(**arguments: bool) -> object:
        got = real(**arguments)
        started.release()
        return got

    monkeypatch.setattr(passwords._places, "acquire", counted)
    somebody_is_at_it = threading.Event()
    passwords._hashing.submit(somebody_is_at_it.wait)
    with ThreadPoolExecutor(21) as threads:
        checks = [threads.submit(passwords.check, None, "x") for _ in range(21)]
        for _ in checks:
            started.acquire(timeout=10)
        with pytest.raises(PasswordsBusy) as busy:
            passwords.check(None, "x")
        assert busy.value.facts == {"retry_after": 1}
        somebody_is_at_it.set()
        assert [check.result() for check in checks] == [False] * 21


@pytest.mark.hard
@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_time_it_takes_does_not_tell_whether_an_account_exists(
    office: Office, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CASES B-16: who bets on the slower of two refusals wins as often as with a coin (AUC 0.5, within four sigma)."""
    monkeypatch.undo()  # the real, dear hasher
    passwords_module._hash_of_nobody.cache_clear()
    monkeypatch.setattr(office.rooms.sessions._passwords, "_nobody", passwords_module._hash_of_nobody())
    office.person()
    turns = count(15, 300)
    took: dict[str, list[float]] = {"ada@example.com": [], STRANGER: []}
    for _ in range(turns):
        for email, times in took.items():
            clock.advance(3600)
            began = time.perf_counter()
            assert guess(office, email).status == 401
            times.append(time.perf_counter() - began)
    passwords_module._hash_of_nobody.cache_clear()
    slower = sum(known > unknown for known in took["ada@example.com"] for unknown in took[STRANGER])
    sigma = math.sqrt((2 * turns + 1) / (12 * turns**2))
    assert abs(slower / turns**2 - 0.5) <= 4 * sigma
