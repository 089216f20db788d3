"""The security log: what is written, how floods are folded, what is found again, and what goes."""

from datetime import timedelta

import pytest

from model_lineup.access.actor import Role
from model_lineup.errors import NotSignedIn, SignInThrottled
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms
from model_lineup.security.log import MOST_FOLDS, SecurityLog
from model_lineup.security.shapes import SecurityEntry, SecurityEvent
from model_lineup.security.visit import Visit, printable
from tests.access.office import NEW_PASSWORD, PASSWORD, Office
from tests.fakes.clock import ManualClock

HERE = Visit("192.0.2.1", "curl/8", "r-1")
E = SecurityEvent


def entries(rooms: Rooms, **wanted: object) -> list[SecurityEntry]:
    return rooms.security.page(limit=100, offset=0, **wanted).entries  # type: ignore[arg-type]


def events(rooms: Rooms) -> list[SecurityEvent]:
    """Oldest first."""
    return [entry.event for entry in reversed(entries(rooms))]


def test_a_session_is_told_from_its_beginning_to_its_end(rooms: Rooms, clock: ManualClock) -> None:
    office = Office(rooms)
    office.person()
    pair = rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)
    rooms.sessions.refresh(pair.refresh_token, HERE)
    clock.advance(11)
    with pytest.raises(NotSignedIn):
        rooms.sessions.refresh(pair.refresh_token, Visit("203.0.113.9"))
    pair = rooms.sessions.sign_in("ada@example.com", PASSWORD, HERE)
    rooms.sessions.sign_out(office.session(pair), HERE, "ada@example.com")
    assert events(rooms) == [E.PERSON_MADE, E.SIGNED_IN, E.REFRESH_REUSED, E.SIGNED_IN, E.SIGNED_OUT]
    reused = entries(rooms, event=E.REFRESH_REUSED)[0]
    assert (reused.actor, reused.address) == ("ada@example.com", "203.0.113.9")
    assert entries(rooms)[0].user_agent == "curl/8"
    assert entries(rooms)[0].request_id == "r-1"


def test_what_is_done_to_people_and_keys_is_read_off_the_journal(rooms: Rooms) -> None:
    office = Office(rooms)
    by = Author("root@example.com", "r-2", "192.0.2.7", "lineup/1")
    rooms.people.use_setup_link(rooms.people.new_setup_link(timedelta(minutes=5)), "root@example.com", PASSWORD, HERE)
    person = office.person()
    key, _ = office.key(person)
    office.change_key(key, disabled=True)
    office.change_key(key, disabled=False)
    office.change(person, role=Role.VIEWER)
    office.change(person, password=NEW_PASSWORD, disabled=True)
    rooms.people.delete(person.id, by)
    assert events(rooms) == [
        *(E.SETUP_DONE, E.PERSON_MADE, E.PERSON_MADE, E.KEY_MADE, E.KEY_CHANGED, E.KEY_CHANGED),
        *(E.PERSON_CHANGED, E.PASSWORD_CHANGED, E.PERSON_CHANGED, E.KEY_REVOKED, E.PERSON_DELETED),
    ]
    last = entries(rooms)[0]
    assert (last.actor, last.address, last.user_agent, last.request_id) == (
        *("root@example.com", "192.0.2.7"),
        *("lineup/1", "r-2"),
    )
    assert last.details["person"] == "ada@example.com"
    assert "role" in entries(rooms, event=E.PERSON_CHANGED)[-1].details["fields"]


def test_a_key_that_is_refused_a_hundred_times_is_one_row(rooms: Rooms, clock: ManualClock) -> None:
    office = Office(rooms)
    key, secret = office.key(office.person())
    rooms.keys.delete(key.id, Author("tester"))
    for _ in range(100):
        assert rooms.keys.admin_actor(secret, HERE) is None
    clock.advance(20)
    rooms.keys.admin_actor(secret, HERE)
    refused = entries(rooms, event=E.KEY_REFUSED)
    assert [(entry.count, entry.actor, entry.details) for entry in refused] == [
        (101, f"key 'ci' ({key.id})", {"reason": "revoked"})
    ]
    assert refused[0].last_at - refused[0].at == timedelta(seconds=20)
    clock.advance(3600)
    rooms.keys.admin_actor(secret, HERE)
    assert [entry.count for entry in entries(rooms, event=E.KEY_REFUSED)] == [1, 101], "a new hour, a new row"


def test_processes_add_to_the_same_row(rooms: Rooms, clock: ManualClock) -> None:
    logs = [SecurityLog(rooms.database, clock, kept=timedelta(days=1)) for _ in range(2)]
    for log in logs:
        for _ in range(3):
            log.note_refusal(E.SIGN_IN_THROTTLED, HERE, account="x")
        log.flush()
    assert [entry.count for entry in entries(rooms)] == [6]


def test_a_flood_from_everywhere_fills_neither_memory_nor_table(rooms: Rooms, clock: ManualClock) -> None:
    log = SecurityLog(rooms.database, clock, kept=timedelta(days=1))
    log._waiting = {str(number): object() for number in range(MOST_FOLDS)}  # type: ignore[misc]
    log._forget_written = lambda: None  # type: ignore[method-assign]
    for number in range(20):
        log.note_refusal(E.KEY_REFUSED, Visit(f"198.51.100.{number}"), reason="unknown")
    assert len(log._waiting) == MOST_FOLDS + 1
    assert [(entry.address, entry.details) for entry in entries(rooms)] == [(None, {"others": True})]


def test_every_reason_for_which_a_key_is_refused(rooms: Rooms, clock: ManualClock) -> None:
    office = Office(rooms)
    office.person("root@example.com")
    person = office.person()
    expiring, disabled, demoted, orphan = (
        office.key(person, expires_at=clock.now() + timedelta(seconds=1))[1],
        office.key(person),
        office.key(person)[1],
        office.key(person, role=Role.VIEWER)[1],
    )
    clock.advance(1)
    office.change_key(disabled[0], disabled=True)
    office.change(person, role=Role.VIEWER)
    assert office.key_may(orphan) is Role.VIEWER
    for secret in (expiring, disabled[1], demoted):
        assert office.key_may(secret) is None
    office.change(person, disabled=True)
    assert office.key_may(orphan) is None
    reasons = [entry.details["reason"] for entry in reversed(entries(rooms, event=E.KEY_REFUSED))]
    assert reasons == [
        *("expired", "disabled", "its owner does not reach that far any more"),
        "its owner is disabled or deleted",
    ]


def test_filters_and_pages(rooms: Rooms, clock: ManualClock) -> None:
    office = Office(rooms)
    for name in ("ada", "bob"):
        office.person(f"{name}@example.com")
        clock.advance(60)
        for _ in range(3):
            rooms.sessions.sign_in(f"{name}@example.com", PASSWORD, HERE)
    page = rooms.security.page(limit=2, offset=1, event=E.SIGNED_IN)
    assert (page.total, len(page.entries)) == (6, 2)
    assert len(entries(rooms, actor="ada@example.com")) == 3
    assert len(entries(rooms, since=clock.now())) == 3
    assert entries(rooms, since=clock.now() + timedelta(seconds=1)) == []


def test_old_entries_go_a_few_at_a_time(rooms: Rooms, clock: ManualClock) -> None:
    log = SecurityLog(rooms.database, clock, kept=timedelta(days=90))
    with rooms.database.write_activity() as connection:
        for _ in range(620):
            log.note(connection, E.SIGNED_IN, HERE)
    clock.advance(90 * 86_400 + 1)
    left = []
    for _ in range(3):
        log.note_by_itself(E.SIGNED_OUT, HERE)
        left.append(log.page(limit=1, offset=0, event=E.SIGNED_IN).total)
    assert left == [120, 0, 0]


def test_what_a_stranger_sends_is_shown_without_tricks() -> None:
    assert printable("curl/8\x1b[31m\r\nfake: line\u202e\x00") == "curl/8[31mfake: line"
    assert len(printable("x" * 10_000)) == 200
    assert printable("Mozilla/5.0 (Ünïcödé)") == "Mozilla/5.0 (Ünïcödé)"


def test_locked_out_attempts_are_counted_and_not_listed_one_by_one(rooms: Rooms) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            rooms.sessions.sign_in("x@example.com", "a wrong password", HERE)
    for _ in range(7):
        with pytest.raises(SignInThrottled):
            rooms.sessions.sign_in("x@example.com", "a wrong password", HERE)
    counts = [(entry.event, entry.count) for entry in entries(rooms)]
    assert counts == [(E.SIGN_IN_THROTTLED, 7), *[(E.SIGN_IN_FAILED, 1)] * 5]
