"""Who may do what, on every route there is, generated from the routes: in this process, with every sort of credential.

`test_routes.py` asks a real server the same of fewer credentials. A cell is right when its status is the one that the
route's policy and the credential's role give; what is behind the door is not asked, for no body here is taken.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from fastapi.routing import APIRoute

from model_lineup.access.actor import Role
from model_lineup.access.shapes import NewKey
from model_lineup.access.tokens import PREFIXES, new_token
from model_lineup.api import application
from model_lineup.api.dependencies import Needs, policy_of
from model_lineup.rooms import Rooms
from tests.access.office import BY, NEW_PASSWORD, Office, actor_of
from tests.fakes.asgi import InProcess
from tests.fakes.clock import ManualClock
from tests.fakes.counts import HARD, count

ALWAYS = {"nobody", "user", "viewer", "admin", "admin key as viewer", "revoked key", "expired key"}
"""Asked of every route each day; of the others every fourth, in turn, and all of them in `make hard`."""
Credential = tuple[Role | None, str | None]
"""The role that it has (None: it is refused), and the token."""


def routes() -> list[tuple[str, str, Role | None]]:
    """Method, path with ids filled in, needed role (None: open to all)."""
    found = []
    for route in application.build(cast(Any, None)).routes:
        assert isinstance(route, APIRoute)
        policy = policy_of(route.dependant)
        path = re.sub(r"\{.*?\}", "99999", route.path_format)
        needed = policy.role if isinstance(policy, Needs) else None
        found += [(method, path, needed) for method in sorted(route.methods or ())]
    return found


ROUTES = routes()


def credentials(office: Office, clock: ManualClock) -> dict[str, Credential]:
    """One of every sort. What ends by time is made first, before the time goes on."""
    rooms = office.rooms
    root = office.person("root@example.com")
    made: dict[str, Credential] = {}
    made["expired key"] = None, office.key(root, expires_at=clock.now() + timedelta(minutes=5))[1]
    made["expired access token"] = None, office.sign_in("root@example.com").access_token
    clock.advance(20 * 60)
    for role in Role:
        person = office.person(f"{role}@example.com", role)
        pair = office.sign_in(person.email)
        made[f"{role}"] = role, pair.access_token
        made[f"refresh token of {role}"] = None, pair.refresh_token
        for kind in ("user", "agent"):
            new = NewKey(name="own", kind=kind)
            made[f"{kind} key of {role}"] = None, rooms.keys.create(new, actor_of(person), BY)[1]
    made["admin key as admin"] = Role.ADMIN, office.key(root)[1]
    made["admin key as viewer"] = Role.VIEWER, office.key(root, role=Role.VIEWER)[1]
    made |= ended(office)
    made["nobody"] = None, None
    made["nonsense"] = None, "nonsense"
    made["mistyped"] = None, str(made["admin"][1])[:-1] + "-"
    made |= {f"invented {kind} token": (None, new_token(kind)) for kind in PREFIXES}
    return made


def ended(office: Office) -> dict[str, Credential]:
    """Credentials that were good, and what ended them."""
    rooms = office.rooms
    endings: dict[str, Callable[[Any, str], object]] = {
        "disabled": lambda person, _: office.change(person, disabled=True),
        "deleted": lambda person, _: rooms.people.delete(person.id, BY),
        "of an old password": lambda person, _: office.change(person, password=NEW_PASSWORD),
        "signed out": lambda _, family: rooms.sessions.sign_out(family),
    }
    made: dict[str, Credential] = {}
    for number, (how, end) in enumerate(endings.items()):
        person = office.person(f"ended{number}@example.com")
        pair = office.sign_in(person.email)
        key = office.key(person)[1]
        end(person, office.session(pair))
        made[f"session {how}"] = None, pair.access_token
        made[f"key of a person {how}"] = (None if how in ("disabled", "deleted") else Role.ADMIN), key
    demoted = office.person("demoted@example.com")
    made["key of a person demoted"] = None, office.key(demoted)[1]
    made["session of a person demoted"] = Role.USER, office.sign_in(demoted.email).access_token
    office.change(demoted, role=Role.USER)
    revoked, disabled = office.key(office.person("maker@example.com")), office.key(office.person("other@example.com"))
    rooms.keys.delete(revoked[0].id, BY)
    office.change_key(disabled[0], disabled=True)
    return {**made, "revoked key": (None, revoked[1]), "disabled key": (None, disabled[1])}


def wanted(needed: Role | None, has: Role | None) -> set[int]:
    """The statuses of a door: shut, not for this role, or open (whatever is behind it says to a body of nonsense)."""
    if needed is None:
        return set()
    if has is None:
        return {401}
    return set() if has.reaches(needed) else {403}


def behind(needed: Role | None, name: str) -> set[int]:
    """What may be answered once inside. Some operations are for people and not for keys."""
    if needed is None:
        return {200, 400, 401, 403, 422, 429}
    return {200, 404, 422, *([403] if "key" in name else [])}


@pytest.mark.hard
@pytest.mark.parametrize("kind", ["sqlite"])
def test_every_route_with_every_credential(rooms: Rooms, clock: ManualClock) -> None:
    known = credentials(Office(rooms), clock)
    client = InProcess(rooms)
    deviations, cells = [], 0
    for number, (method, path, needed) in enumerate(ROUTES):
        body = [{"nonsense": True}] if method in ("POST", "PUT") else []
        asked = [
            (name, has, {} if token is None else {"authorization": f"Bearer {token}"})
            for other, (name, (has, token)) in enumerate(known.items())
            if HARD or name in ALWAYS or (number + other) % 4 == 0
            if has is None or path != "/api/auth/logout"  # which takes no body to be stopped by, and would end it
        ]
        answers = client.at_once([client.send(method, path, *body, **headers) for _, _, headers in asked])
        for (name, has, _), answer in zip(asked, answers, strict=True):
            cells += 1
            if answer.status not in (wanted(needed, has) or behind(needed, name)):
                deviations.append((method, path, name, answer.status))
    assert deviations == []
    assert len(known) >= 30
    assert cells > count(900, 2_000)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_two_credentials_that_differ_are_refused_on_every_route(rooms: Rooms, clock: ManualClock) -> None:
    known = credentials(Office(rooms), clock)
    client = InProcess(rooms, known["admin"][1])
    for method, path, needed in ROUTES:
        if needed is None:
            continue
        for other in ("viewer", "admin key as admin", "revoked key", "user key of user"):
            answer = client.call(method, path, x_api_key=str(known[other][1]))
            assert (answer.status, answer.code) == (400, "conflicting_credentials"), (method, path, other)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_refusals_tell_nothing_of_why(rooms: Rooms, clock: ManualClock) -> None:
    """Z-15: revoked, expired, disabled, unknown: the same body, so that nobody learns what there is."""
    known = credentials(Office(rooms), clock)
    client, bodies = InProcess(rooms), set()
    for name in (
        "revoked key",
        "disabled key",
        "expired key",
        "invented admin token",
        "session signed out",
        "nonsense",
    ):
        client.token = known[name][1]
        bodies.add(client.call("GET", "/api/admin/me").body)
    assert len(bodies) == 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nobody_gives_themselves_more(rooms: Rooms, clock: ManualClock) -> None:
    """Z-04: fields that would widen a role are refused or not for this role, and nothing changes."""
    office = Office(rooms)
    office.person("root@example.com")
    user = office.person("user@example.com", Role.USER)
    client = InProcess(rooms, office.sign_in(user.email).access_token)
    widening = {
        "role": "admin",
        "kind": "admin",
        "is_admin": True,
        "owner_id": 1,
        "scopes": ["*"],
        "allowed_routes": [],
    }
    for field, value in widening.items():
        body = {"name": "x", "kind": "user", field: value}
        assert client.call("POST", "/api/me/keys", body).status == 422, field
        assert client.call("PUT", f"/api/admin/people/{user.id}", {field: value}).status == 403
        change = {"current_password": "x", "new_password": "0123456789", field: value}
        assert client.call("PUT", "/api/me/password", change).status == 422
    assert rooms.people.get(user.id) == user
    assert rooms.keys.page(limit=1, offset=0)[1] == 0


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_belongs_to_others_does_not_exist(rooms: Rooms, clock: ManualClock) -> None:
    """Z-14: one's own keys, by any id; answers kept for repetition are in `test_idempotency.py`."""
    office = Office(rooms)
    ada, bob = office.person(), office.person("bob@example.com", Role.USER)
    keys = [office.key(person, "user")[0] for person in (ada, bob)]
    client = InProcess(rooms, office.sign_in(bob.email).access_token)
    listed = client.call("GET", "/api/me/keys").json
    assert [key["id"] for key in listed["keys"]] == [keys[1].id]
    absent = client.call("DELETE", "/api/me/keys/99999")
    foreign = client.call("DELETE", f"/api/me/keys/{keys[0].id}")
    assert foreign.status == absent.status == 404
    assert foreign.body.replace(str(keys[0].id).encode(), b"99999") == absent.body
    assert client.call("DELETE", f"/api/me/keys/{keys[1].id}").status == 204
