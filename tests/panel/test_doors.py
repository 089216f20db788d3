"""Who may open what, on every page of the panel there is, and what a page answers to an address that means nothing.

The pages come from the routers themselves, so a new one is asked about before anybody thinks of it.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from fastapi.routing import APIRoute

from model_lineup.access.actor import Role
from model_lineup.panel.application import ROUTERS
from model_lineup.panel.visitors import Shows
from tests.fakes.counts import SEED, count
from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import fake_provider, hello, reply
from tests.fakes.server import PASSWORD, Answer, Server, Workbench, by_id, running_server

T = TypeVar("T")
NEEDED = {
    "/aliases/one": "?alias=team&model={row_id}",
    "/aliases/delete": "?alias=team&model={row_id}",
    "/aliases/stage": "?alias=team",
    "/aliases/rollout": "?alias=team&model={row_id}",
    "/aliases/groups": "?alias=team&model={row_id}",
    "/providers/{provider_id:row}/enabled": "?on=false",
    "/providers/{provider_id:row}/move": "?direction=up",
    "/models/{row_id:row}/confirm": "?flag=visible&to=false",
    "/models/{row_id:row}/switch": "?flag=visible&to=false",
    "/models/pick": "?field=model",
    "/start/check": "?provider={provider_id}",
    "/runs/tests": "?since=0&id={row_id}",
    "/runs/capabilities": "?model={row_id}",
    "/runs/compare": "?id={run_id}&id={run_id}",
    "/playground/steps": "?name=team",
    "/usage/export": "?format=csv",
}
"""What an address has to say beside its path."""
NOT_HERE = {
    "/models/{row_id:row}/restore": 409,
    "/setup": 410,
    "/account/keys/{key_id:row}/delete": 404,
    "/account/connect": 404,
}
"""Pages of rows that are not there, or not in that state; and of single sign-on, which this server does not have."""
ENDLESS = "/runs/live"
FILES = (
    "/models/export.json",
    "/models/export.csv",
    "/usage/export",
    "/settings/as-code/lineup.toml",
    "/runs/{run_id:row}/events",
    "/runs/{run_id:row}/file",
)
BAD_IDS = ("0", "-1", "abc", "1.5", "99999999", str(2**53), "9" * 400, "%00", "%FF", "1%0a", "1'--", "..%2f1", "%D9%A1")
BAD_VALUES = ("abc", "-1", "9" * 30, "1e9", "NaN", "%00", "%FF", "%0d%0aset-cookie:x", "evil;drop", "x" * 3_000, "[]")
USUAL = ("limit", "offset", "sort", "q", "provider_id", "visible", "id", "since", "show", "days", "by")


FOREIGN: tuple[dict[str, Any], ...] = (
    {"fields": {"form_token": ""}},
    {"fields": {"form_token": "00" * 64}},
    {"fields": {"form_token": "no hex"}},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"content_type": "application/json"},
    {"content_type": "text/plain"},
    {"content_type": "multipart/form-data; boundary=x"},
)
"""What makes a form one that is none of ours."""


@dataclass(frozen=True)
class Door:
    """`role` that it takes; None where a stranger may come in. `asked`: names of what its address may say."""

    method: str
    path: str
    role: Role | None
    asked: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors() -> list[Door]:
    found = []
    for route in (one for router in ROUTERS for one in router.routes):
        assert isinstance(route, APIRoute)
        asked = tuple(sorted(_asked(route.dependant)))
        methods = sorted({*(route.methods or ())} - {"HEAD"})
        found += [Door(one, route.path.removeprefix("/admin"), _role(route.dependant), asked) for one in methods]
    return found


def _asked(dependant: Any) -> set[str]:
    """What its address may say, to it and to all that it depends on."""
    return {one.alias for one in dependant.query_params}.union(*(_asked(one) for one in dependant.dependencies))


def _role(dependant: Any) -> Role | None:
    """The highest of those that its dependencies ask for, however deep."""
    own = [one.call.role for one in dependant.dependencies if isinstance(one.call, Shows)]
    inner = [role for one in dependant.dependencies if (role := _role(one)) is not None]
    return min([*own, *inner], key=list(Role).index, default=None)  # the enumeration begins with the highest


DOORS = doors()
PAGES = [door for door in DOORS if door.method == "GET"]
FORMS = [door for door in DOORS if door.method == "POST"]


@dataclass
class House:
    """A server with a row of each sort, and one visitor of each role."""

    server: Server
    rows: dict[str, int]
    visitors: dict[Role, Looker]
    workbench: Workbench

    def address(self, door: Door) -> str:
        path = re.sub(r"\{(\w+)(:row)?\}", lambda found: str(self.rows.get(found[1], "x")), door.path)
        return f"/admin{path}{NEEDED.get(door.path, '').format(**self.rows)}"

    def changes(self) -> int:
        """How many the journal knows."""
        return int(self.workbench.admin.must("GET", "/api/admin/changes?limit=1")["total"])


def in_a_month() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).isoformat()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with fake_provider() as provider, running_server(tmp_path_factory.mktemp("house")) as server:
        provider.answer("/chat/completions", hello())
        workbench = Workbench(server.admin())
        made = workbench.provider(provider.base_url)
        model = workbench.model(made["id"], "m", visible=True)
        workbench.alias("m", "team")
        run = workbench.admin.must("POST", by_id("m", "/benchmark"), {"requests": 1, "warmup": 0})
        people = {role: workbench.person(role.value)[0] for role in Role}
        own = workbench.key("user")
        provider.answer("/models", reply({"data": [{"id": "listed"}]}))
        plan = workbench.admin.must("POST", f"/api/admin/providers/{made['id']}/plans")
        where = {"name": "team", "url": f"{provider.base_url}/hook", "network_scope": "loopback", "enabled": False}
        hook = workbench.admin.must("POST", "/api/admin/webhooks", where)
        hidden = {"operation": "models.visibility", "model_ids": [model["id"]], "visible": False}
        wanted = {"change": hidden, "at": in_a_month()}
        staged = workbench.admin.must("POST", "/api/admin/staged", wanted)
        rows = {
            "staged_id": staged["id"],
            "plan_id": plan["id"],
            "provider_id": made["id"],
            "row_id": model["id"],
            "run_id": run["run_id"],
            "person_id": people[Role.USER]["id"],
            "key_id": own["id"],
            "change_id": 1,
            "webhook_id": hook["id"],
            "group_id": workbench.admin.must("POST", "/api/admin/groups", {"name": "research"})["id"],
        }
        visitors = {role: _signed_in(server, one["email"]) for role, one in people.items()}
        for visitor in visitors.values():
            visitor.get("/admin/account")  # has a form, and so a token
        yield House(server, rows, visitors, workbench)


def _signed_in(server: Server, email: str) -> Looker:
    visitor = Looker(server.client())
    visitor.get("/admin/sign-in")
    assert visitor.send("/admin/sign-in", {"email": email, "password": PASSWORD}).status == 303
    return visitor


def some(every: Sequence[T], few: int, door: Door) -> Sequence[T]:
    """Each day a few, others for each door; in `make hard` all."""
    return count(random.Random(f"{SEED} {door}").sample(every, few), every)


def is_a_page(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html") and b"<h1" in answer.body


def well_refused(answer: Answer, *statuses: int) -> None:
    """As a page for people, with the words of the error; never as JSON, never as a failure of ours."""
    assert answer.status in statuses, answer
    assert is_a_page(answer), answer
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_only_what_strangers_need_is_open() -> None:
    assert {door.path for door in DOORS if door.role is None} == {
        "/setup",
        "/sign-in",
        "/sign-in/callback",
        "/sign-in/single",
        "/sign-out",
        "/sign-out/provider",
        "/signed-out",
        "/theme",
        "/static/{version}/{name}",
    }
    assert {door.method for door in DOORS} == {"GET", "POST"}
    own_look = {"/models/columns"}  # of one's own browser
    assert {door.role for door in FORMS if door.path in own_look} == {Role.VIEWER}
    others = [door for door in FORMS if not door.path.startswith("/account") and door.path not in own_look]
    assert {door.role for door in others} == {None, Role.ADMIN}


@pytest.mark.parametrize("door", [page for page in PAGES if page.role is not None], ids=str)
def test_a_page_opens_for_whom_it_is_meant(house: House, door: Door) -> None:
    assert door.role is not None
    address = house.address(door)
    stranger = Looker(house.server.client()).get(address)
    assert stranger.status == 303
    assert stranger.headers["location"].startswith("/admin/sign-in")
    for role, visitor in house.visitors.items():
        if not role.reaches(door.role):
            answer = visitor.get(address)
            well_refused(answer, 403)
            assert f"needs the role '{door.role.value}'" in text_of(answer)
        elif door.path != ENDLESS:
            answer = visitor.get(address)
            assert answer.status in (200, 303, NOT_HERE.get(door.path)), answer
            assert answer.status == 303 or door.path in FILES or is_a_page(answer) or b"<!doctype" not in answer.body


@pytest.mark.hard
@pytest.mark.parametrize("door", [form for form in FORMS if form.role is not None], ids=str)
def test_a_form_changes_nothing_for_whom_it_is_not_meant(house: House, door: Door) -> None:
    assert door.role is not None
    address, before = house.address(door), house.changes()
    stranger = Looker(house.server.client())
    stranger.get("/admin/sign-in")
    assert stranger.send(address).headers["location"].startswith("/admin/sign-in")
    for role, visitor in house.visitors.items():
        if not role.reaches(door.role):
            well_refused(visitor.send(address, {"on": "false", "apply": "true", "name": "x"}), 403)
            word = visitor.send(address, hx_request="true")
            assert (word.status, word.headers["hx-reswap"], word.body) == (403, "none", b"")
    for foreign in some(FOREIGN, 3, door):
        well_refused(house.visitors[Role.ADMIN].send(address, **foreign), 400, 403, 415)
    assert house.changes() == before


@pytest.mark.hard
@pytest.mark.parametrize("door", [one for one in DOORS if ":row}" in one.path], ids=str)
def test_a_row_that_is_none_is_a_page_that_says_so(house: House, door: Door) -> None:
    admin = house.visitors[Role.ADMIN]
    for bad in some(BAD_IDS, 4, door):
        path = re.sub(r"\{\w+:row\}", bad, door.path)
        address = f"/admin{path}{NEEDED.get(door.path, '').format(**house.rows)}"
        well_refused(admin.get(address) if door.method == "GET" else admin.send(address), 400, 404, 409, 422)


@pytest.mark.hard
@pytest.mark.parametrize("door", [page for page in PAGES if page.path != ENDLESS], ids=str)
def test_an_address_that_means_nothing_is_told_to_people(house: House, door: Door) -> None:
    admin, address = house.visitors[Role.ADMIN], house.address(door)
    joint = "&" if "?" in address else "?"
    every = [(name, bad) for name in sorted({*door.asked, *USUAL}) for bad in BAD_VALUES]
    for name, bad in some(every, 3, door):
        for said in (f"{name}={bad}", f"{name}=1&{name}={bad}"):
            answer = admin.get(f"{address}{joint}{said}")
            assert answer.status < 500, (said, answer)
            assert "cookie:x" not in answer.headers.get("set-cookie", ""), said
            if answer.status >= 400:
                assert is_a_page(answer), (said, answer)


@pytest.mark.parametrize(
    "address",
    [
        "/models?limit=abc",
        "/models?sort=evil",
        "/models?offset=-1",
        "/models?provider_id=x",
        "/models?visible=perhaps",
        "/runs?offset=abc",
        "/runs?state=evil",
        "/aliases?offset=x",
        "/keys?offset=x",
        "/people?offset=x",
        "/playground?as=king",
        "/runs/compare?id=x",
        "/runs/tests?since=x&id=1",
        "/activity/notices?kind=evil",
        "/settings/webhooks/{webhook_id}?offset=x",
        "/start/models?provider=x",
    ],
)
def test_what_cannot_be_listed_like_that_is_said_on_a_page(house: House, address: str) -> None:
    well_refused(house.visitors[Role.ADMIN].get(f"/admin{address.format_map(house.rows)}"), 400, 422)
