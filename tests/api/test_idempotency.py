"""`Idempotency-Key`: a request that is sent again is answered again, and not carried out again."""

import re
from typing import Any, cast
from unittest.mock import patch

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select, text

from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewPerson
from model_lineup.api import application
from model_lineup.api.idempotency import key_of
from model_lineup.api.strict import takes_idempotency_key
from model_lineup.database.engines import Database
from model_lineup.errors import BadIdempotencyKey
from model_lineup.journal.record import Author
from model_lineup.repeats.claims import Claims
from model_lineup.repeats.tables import claims
from model_lineup.rooms import Rooms
from tests.access.office import Office
from tests.fakes.asgi import InProcess
from tests.fakes.clock import ManualClock
from tests.fakes.server import Answer

PEOPLE, KEYS = "/api/admin/people", "/api/admin/keys"
BOB = {"email": "bob@example.com", "role": "user", "password": "a password of bob"}
POSTS = sorted(
    route.path_format
    for route in application.build(cast(Any, None)).routes
    if isinstance(route, APIRoute) and takes_idempotency_key(route)
)


def post(client: InProcess, path: str, body: Any, key: str = "k1", **headers: str) -> Answer:
    return client.call("POST", path, body, idempotency_key=key, **headers)


def is_replay(answer: Answer) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


def people(rooms: Rooms) -> int:
    return rooms.people.page(limit=1, offset=0)[1]


def kept(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(claims)).all())


def test_a_repeated_request_gets_the_same_answer_and_changes_nothing(admin: InProcess) -> None:
    first = post(admin, PEOPLE, BOB)
    again = [post(admin, PEOPLE, {**dict(reversed(BOB.items()))}) for _ in range(3)]
    assert first.status == 201
    assert not is_replay(first)
    for answer in again:
        assert (answer.status, answer.body) == (first.status, first.body), "the order of fields is no difference"
        assert is_replay(answer)
        for name in ("location", "etag", "x-lineup-revision", "content-type"):
            assert answer.headers[name] == first.headers[name]
    assert people(admin.rooms) == 2


def test_without_the_header_everything_is_as_it_was(admin: InProcess) -> None:
    assert [admin.call("POST", PEOPLE, BOB).status for _ in range(2)] == [201, 409]
    assert kept(admin.rooms.database) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PEOPLE, {**BOB, "role": "viewer"}),
        (PEOPLE, {**BOB, "password": "another password"}),
        (PEOPLE, {"email": "bob@example.com", "role": "user"}),
        (PEOPLE, b"{"),
    ],
)
def test_the_same_key_with_another_body_is_refused(admin: InProcess, path: str, body: Any) -> None:
    post(admin, PEOPLE, BOB)
    answer = post(admin, path, body)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


def test_the_query_belongs_to_the_request(admin: InProcess) -> None:
    path = "/api/admin/models/by-id/test/connection?model_id="
    answers = [post(admin, path + name, b"") for name in ("a", "b", "a")]
    assert [answer.code for answer in answers] == ["model_not_found", "idempotency_key_reused", "model_not_found"]
    assert is_replay(answers[2])


def test_a_key_belongs_to_the_person_in_whatever_session_and_to_method_and_path(office: Office) -> None:
    office.person("eve@example.com")
    ada, again, eve = (
        InProcess(office.rooms, office.sign_in(email).access_token)
        for email in ("ada@example.com", "ada@example.com", "eve@example.com")
    )
    key = InProcess(office.rooms, office.key(office.person("kim@example.com"))[1])
    assert post(ada, KEYS, {"name": "ci", "kind": "user"}).status == 201
    assert is_replay(post(again, KEYS, {"name": "ci", "kind": "user"}))
    for other in (eve, key):
        answer = post(other, KEYS, {"name": "other", "kind": "user"})
        assert answer.status == 201
        assert not is_replay(answer)
    assert post(ada, "/api/me/keys", {"name": "ci", "kind": "user"}).status == 201


def test_a_secret_is_shown_once(admin: InProcess) -> None:
    for path in (KEYS, "/api/me/keys"):
        first, again = (post(admin, path, {"name": "ci", "kind": "agent"}) for _ in range(2))
        secret = first.json["key"]
        assert secret.startswith("lineup_agt_")
        assert "secret_already_shown" not in first.json
        assert again.json == {**first.json, "key": None, "secret_already_shown": True}
        assert secret not in repr(kept(admin.rooms.database))


def test_no_password_lies_in_what_is_kept(admin: InProcess) -> None:
    post(admin, PEOPLE, BOB)
    assert BOB["password"] not in repr(kept(admin.rooms.database))
    assert re.fullmatch("[0-9a-f]{64}", kept(admin.rooms.database)[0].digest)


def test_of_twenty_at_once_one_is_carried_out(admin: InProcess) -> None:
    answers = admin.at_once([admin.send("POST", PEOPLE, BOB, idempotency_key="k1") for _ in range(20)])
    made = [answer for answer in answers if answer.status == 201]
    assert made
    assert sum(not is_replay(answer) for answer in made) == 1
    for answer in answers:
        assert answer.status in (201, 409)
        if answer.status == 409:
            assert answer.code == "idempotency_in_progress"
            assert int(answer.headers["retry-after"]) >= 1
    assert people(admin.rooms) == 2
    assert is_replay(post(admin, PEOPLE, BOB))


def test_refusals_are_answered_again_too(admin: InProcess) -> None:
    for body, code in (
        ({"email": "ada@example.com", "role": "user"}, "duplicate_person"),
        ({"email": "x"}, "invalid_input"),
        (b"{", "malformed_json"),
    ):
        first, again = (post(admin, PEOPLE, body, key=code) for _ in range(2))
        assert first.code == code
        assert (again.status, again.body, is_replay(again)) == (first.status, first.body, True)


def test_what_may_go_better_next_time_is_not_kept(office: Office) -> None:
    viewer = office.person("vera@example.com", Role.VIEWER)
    client = InProcess(office.rooms, office.sign_in("vera@example.com").access_token)
    assert post(client, PEOPLE, BOB).status == 403
    office.change(viewer, role=Role.ADMIN)
    assert post(client, PEOPLE, BOB).status == 201
    nobody = InProcess(office.rooms)
    assert post(nobody, PEOPLE, BOB).status == 401
    path = "/api/admin/people"
    with patch.object(type(office.rooms.people), "create", side_effect=RuntimeError("broken")):
        failing = InProcess(office.rooms, client.token)
        with pytest.raises(RuntimeError):
            post(failing, path, {**BOB, "email": "x@example.com"}, key="k2")
    assert post(client, path, {**BOB, "email": "x@example.com"}, key="k2").status == 201


def test_a_dry_run_takes_no_key(admin: InProcess) -> None:
    for _ in range(2):
        answer = post(admin, "/api/admin/models/bulk/delete?dry_run=true", {"filter": {}})
        assert answer.status == 200
        assert not is_replay(answer)
    assert post(admin, "/api/admin/models/bulk/delete", {"filter": {}}).status == 200
    assert len(kept(admin.rooms.database)) == 1


def test_after_a_day_the_key_is_free_again(admin: InProcess, clock: ManualClock, office: Office) -> None:
    body = {"name": "ci", "kind": "user"}
    first = post(admin, KEYS, body)
    clock.advance(24 * 3600 - 1)
    admin.token = office.sign_in().access_token
    assert post(admin, KEYS, body).json["id"] == first.json["id"]
    clock.advance(2)
    assert post(admin, KEYS, body).json["id"] != first.json["id"]
    assert len(kept(admin.rooms.database)) == 1, "old ones went"


def died(rooms: Rooms, body: dict[str, Any], *, committed: bool) -> None:
    """What a process leaves that took the claim and was killed, before its change was committed or after it."""
    with patch.object(Claims, "keep"), patch.object(Claims, "release"):
        client = InProcess(rooms, Office(rooms).sign_in().access_token)
        if committed:
            assert post(client, PEOPLE, body).status == 201
        else:
            with patch.object(type(rooms.people), "create", side_effect=SystemExit), pytest.raises(SystemExit):
                post(client, PEOPLE, body)


def test_a_request_whose_process_died_before_the_change_is_carried_out_by_the_next(
    admin: InProcess, clock: ManualClock
) -> None:
    died(admin.rooms, BOB, committed=False)
    assert post(admin, PEOPLE, BOB).code == "idempotency_in_progress"
    clock.advance(30)
    answers = admin.at_once([admin.send("POST", PEOPLE, BOB, idempotency_key="k1") for _ in range(4)])
    assert sum(answer.status == 201 and not is_replay(answer) for answer in answers) == 1
    assert people(admin.rooms) == 2


def test_a_request_whose_process_died_after_the_change_is_not_done_twice(admin: InProcess, clock: ManualClock) -> None:
    died(admin.rooms, BOB, committed=True)
    clock.advance(30)
    for _ in range(2):
        answer = post(admin, PEOPLE, BOB)
        assert (answer.status, answer.code) == (409, "idempotency_answer_lost")
        change = admin.call("GET", f"/api/admin/changes/{answer.json['change_id']}")
        assert change.json["entries"][0]["label"] == "bob@example.com"
    assert people(admin.rooms) == 2


def test_a_slow_first_one_and_its_successor_do_not_both_change(admin: InProcess, clock: ManualClock) -> None:
    """The lease ended although the process lived: whoever commits first has done it, the other commits nothing."""
    rooms = admin.rooms
    claim = rooms.repeats.take(("person 1", "POST", PEOPLE, "k1"), "digest")
    assert isinstance(claim, str)
    clock.advance(30)
    assert rooms.repeats.take(("person 1", "POST", PEOPLE, "k1"), "digest") == claim
    author = Author("tester", claim=claim)
    rooms.people.create(NewPerson(email="bob@example.com", role=Role.USER), author)
    with pytest.raises(Exception, match="carried out a moment ago"):
        rooms.people.create(NewPerson(email="rob@example.com", role=Role.USER), author)
    assert people(rooms) == 2


def test_a_failure_after_the_change_does_not_free_the_key(admin: InProcess) -> None:
    real = type(admin.rooms.people).create

    def made_and_then_broken(*arguments: Any, **more: Any) -> Any:
        real(*arguments, **more)
        raise RuntimeError("broken")

    with patch.object(type(admin.rooms.people), "create", made_and_then_broken), pytest.raises(RuntimeError):
        post(admin, PEOPLE, BOB)
    assert post(admin, PEOPLE, BOB).code == "idempotency_answer_lost"


def test_an_answer_that_is_too_large_is_not_kept_and_not_done_twice(admin: InProcess) -> None:
    admin.rooms.repeats._answer_bytes = 10
    assert post(admin, PEOPLE, BOB).status == 201
    answer = post(admin, PEOPLE, BOB)
    assert (answer.code, answer.json["change_id"]) == ("idempotency_answer_lost", 2)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("path", POSTS)
def test_every_post_takes_part(admin: InProcess, path: str) -> None:
    filled = re.sub(r"\{.*?\}", "99999", path) + ("?model_id=x" if "by-id" in path else "")
    first, again = (post(admin, filled, {"nonsense": True}) for _ in range(2))
    assert first.status in (400, 404, 422), first
    assert is_replay(again), again
    assert post(admin, filled, {"other": True}).code == "idempotency_key_reused"
    assert post(admin, filled, {"other": True}, key="").code == "bad_idempotency_key"


def test_signing_in_takes_no_part() -> None:
    assert len(POSTS) >= 14
    assert not [path for path in POSTS if "auth" in path]


class _Sent:
    def __init__(self, *values: str) -> None:
        self.headers = self
        self.values = list(values)

    def getlist(self, _: str) -> list[str]:
        return self.values


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"8e03978e"', "8e03978e"),
        (r'"a\"b\\c d"', 'a"b\\c d'),
        ("x" * 255, "x" * 255),
        ('"' + "x" * 255 + '"', "x" * 255),
        ("!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
    ],
)
def test_what_is_a_key(said: str, key: str) -> None:
    assert key_of(_Sent(said)) == key  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said", ["", " ", '""', '"', '"x', "x y", "x" * 256, '"' + "x" * 256 + '"', "\xe9", r'"\x"', "\x7f"]
)
def test_what_is_none(said: str) -> None:
    for sent in (_Sent(said), _Sent("a", "b"), _Sent()):
        with pytest.raises(BadIdempotencyKey):
            key_of(sent)  # type: ignore[arg-type]


def test_what_is_kept_goes_in_time(admin: InProcess, clock: ManualClock, office: Office) -> None:
    for number in range(5):
        post(admin, KEYS, {"name": f"ci{number}", "kind": "user"}, key=f"k{number}")
    clock.advance(25 * 3600)
    admin.token = office.sign_in().access_token
    post(admin, KEYS, {"name": "ci", "kind": "user"}, key="new")
    with admin.rooms.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(claims)).scalar_one() == 1
        marks = connection.execute(text("SELECT claim FROM claimed_changes")).all()
    assert len(marks) == 6, "these are kept longer: what they prevent cannot be undone"
