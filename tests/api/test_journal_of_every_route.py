"""Every route that writes, taken from the application itself: one change set where the configuration changes, none
where nothing does, none for a dry run, and none for what is a record of its own.
"""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from fastapi.routing import APIRoute

from model_lineup.api import application
from model_lineup.journal import store
from model_lineup.rooms import Rooms
from tests.access.office import NEW_PASSWORD, PASSWORD, Office
from tests.fakes.asgi import InProcess
from tests.fakes.provider import fake_provider, reply
from tests.fakes.server import Answer


class Step(NamedTuple):
    """One request. `sets`: change sets that it writes; `again`: that the same request writes right after it."""

    method: str
    path: str
    body: Any = None
    sets: int = 1
    again: int = 0
    dry: bool = False
    """Whether the route has a dry run, which is tried before."""


BY_ID = "/api/admin/models/by-id"
KEY = {"name": "ci", "kind": "agent"}
CATALOGUE = {"openai": {"models": {"gpt": {"id": "gpt", "limit": {"context": 1}}}}}
FILE = '[providers.file]\nname = "F"\ntype = "openai"\nbase_url = "https://api.example.com/v1"'
HIDE = {"operation": "models.visibility", "model_ids": [1], "visible": False}
STAGED = {"change": HIDE, "at": "2026-06-01T00:00:00Z", "announce": {"message": "Bye."}}
ROLLOUT = {"model_id": "mini", "share": 50, "sticky": "request"}
PERSON = {"email": "bob@example.com", "role": "admin", "password": PASSWORD}


def steps(base_url: str) -> list[Step]:
    """In an order in which each finds what it needs: provider 1, models 1 to 3, person 2, keys 1 and 2."""
    provider = {"name": "Acme", "type": "openai", "base_url": base_url, "network_scope": "loopback"}
    alias = {"model_id": "gpt", "alias": "imported"}
    hook = {"name": "team", "url": f"{base_url}/hook", "network_scope": "loopback"}
    login = {"email": "ada@example.com", "password": PASSWORD}
    run = {"requests": 1, "warmup": 0}
    return [
        Step("POST", "/api/auth/login", login, sets=0),
        Step("POST", "/api/auth/refresh", {"refresh_token": "unknown"}, sets=0),
        Step("POST", "/api/admin/providers", provider, again=1),
        Step("PUT", "/api/admin/providers/2", {"enabled": False}),
        Step("PUT", "/api/admin/providers/2/toggle", {"enabled": True}),
        Step("POST", "/api/admin/changes/undo", {"change_ids": [5]}, dry=True),
        Step("POST", "/api/admin/changes/6/undo", dry=True),
        Step("PUT", "/api/admin/providers/order", {"provider_ids": [2, 1]}),
        Step("POST", "/api/admin/providers/1/test", sets=0),
        Step("DELETE", "/api/admin/providers/2"),
        Step("POST", "/api/admin/models", {"provider_id": 1, "model_id": "gpt", "visible": True}),
        Step("POST", "/api/admin/models", {"provider_id": 1, "model_id": "mini"}),
        Step("PUT", f"{BY_ID}?model_id=gpt", {"context_length": 8192}),
        Step("PUT", "/api/admin/models/1", {"description": "good"}),
        Step("PUT", "/api/admin/models/bulk/visibility", {"model_ids": [1, 2], "visible": True}, dry=True),
        Step("PUT", "/api/admin/models/bulk/agents-enabled", {"model_ids": [2], "agents_enabled": True}, dry=True),
        Step("POST", "/api/admin/groups", {"name": "research"}),
        Step("PUT", "/api/admin/groups/1", {"description": "who looks ahead"}, dry=True),
        Step("PUT", "/api/admin/models/bulk/groups", {"model_ids": [1, 2], "add": [1]}, dry=True),
        Step("PUT", "/api/admin/models/bulk/groups", {"model_ids": [1, 2], "set": []}, dry=True),
        Step("POST", "/api/admin/groups/1/members", {"people": [1]}, dry=True),
        Step("POST", "/api/admin/groups/1/members/remove", {"people": [1]}, dry=True),
        Step("DELETE", "/api/admin/groups/1", dry=True),
        Step("POST", f"{BY_ID}/test/connection?model_id=gpt", sets=0),
        Step("POST", f"{BY_ID}/test/capability?model_id=gpt", {"capabilities": ["stop"]}, sets=0),
        Step("POST", "/api/admin/models/bulk/test-capabilities", {"model_ids": [2], "capabilities": ["stop"]}, sets=0),
        Step("POST", f"{BY_ID}/benchmark?model_id=mini", run, sets=0),
        Step("PUT", "/api/admin/runs/1/baseline", sets=0),
        Step("DELETE", "/api/admin/runs/1/baseline", sets=0),
        Step("POST", "/api/admin/runs/pairs", {**run, "base": 1, "other": 2}, sets=0),
        Step("DELETE", "/api/admin/runs/1", sets=0),
        Step("POST", "/api/admin/staged", STAGED, again=1),
        Step("DELETE", "/api/admin/staged/1", dry=True),
        Step("DELETE", "/api/admin/turns", sets=0),
        Step("POST", f"{BY_ID}/aliases?model_id=gpt", {"alias": "fast"}),
        Step("PUT", f"{BY_ID}/aliases?model_id=gpt&alias=fast", {"description": "for drafts"}),
        Step("POST", "/api/admin/models/import-aliases", {"aliases": [alias]}, dry=True),
        Step("PUT", f"{BY_ID}/aliases/rollout?model_id=gpt&alias=fast", ROLLOUT, dry=True),
        Step("DELETE", f"{BY_ID}/aliases/rollout?model_id=gpt&alias=fast", dry=True),
        Step("PUT", f"{BY_ID}/aliases/rollout?model_id=gpt&alias=fast", {**ROLLOUT, "share": 0.5}, dry=True),
        Step("POST", f"{BY_ID}/aliases/rollout/finish?model_id=gpt&alias=fast", dry=True),
        Step("PUT", f"{BY_ID}/aliases?model_id=mini&alias=fast", {"id": 1}),
        Step("DELETE", f"{BY_ID}/aliases?model_id=gpt&alias=fast"),
        Step("POST", "/api/admin/models/bulk/delete", {"model_ids": [2]}, dry=True),
        Step("POST", "/api/admin/models/2/restore"),
        Step("DELETE", "/api/admin/models/2"),
        Step("DELETE", f"{BY_ID}?model_id=gpt"),
        Step("POST", "/api/admin/providers/1/fetch-rules/check", {"ignore": ["*-mini"]}, sets=0),
        Step("POST", "/api/admin/providers/1/fetch-schedule/run", sets=0),
        Step("POST", "/api/admin/providers/1/plans", sets=0),
        Step("POST", "/api/admin/plans/3/apply", {"items": [1]}, dry=True),
        Step("DELETE", "/api/admin/plans/3", sets=0),
        Step("POST", "/api/admin/providers/1/fetch", dry=True),
        Step("POST", "/api/admin/catalog", CATALOGUE, dry=True),
        Step("PUT", "/api/admin/catalog", {"id": None}, dry=True),
        Step("POST", "/api/admin/webhooks", hook, again=1),
        Step("PUT", "/api/admin/webhooks/1", {"enabled": False}),
        Step("POST", "/api/admin/webhooks/1/test", sets=0),
        Step("DELETE", "/api/admin/webhooks/1"),
        Step("POST", "/api/admin/apply", {"file": FILE, "label": "f"}, dry=True),
        Step("POST", "/api/admin/take-over", {"label": "f"}, dry=True),
        Step("POST", "/api/admin/people", PERSON),
        Step("PUT", "/api/admin/people/2", {"role": "viewer"}),
        Step("DELETE", "/api/admin/people/2"),
        Step("POST", "/api/admin/keys", KEY, again=1),
        Step("PUT", "/api/admin/keys/1", {"disabled": True}),
        Step("DELETE", "/api/admin/keys/1"),
        Step("POST", "/api/me/keys", KEY, again=1),
        Step("DELETE", "/api/me/keys/3"),
        Step("PUT", "/api/me/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
        Step("POST", "/api/auth/logout", sets=0),
    ]


FIRST_START = {("POST", "/api/setup")}


def writing_routes() -> Iterator[tuple[str, str]]:
    for route in application.build(cast(Any, SimpleNamespace())).routes:
        assert isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            yield method, route.path_format


def template(method: str, path: str) -> tuple[str, str]:
    """The route of a path: the one with the fewest parameters that fits."""
    fitting = [
        (pattern.count("{"), pattern)
        for wanted, pattern in writing_routes()
        if wanted == method and re.fullmatch(re.sub(r"\{.*?\}", "[0-9]+", pattern), path.partition("?")[0])
    ]
    return method, min(fitting)[1]


def test_every_writing_route_is_among_the_steps() -> None:
    tried = {template(step.method, step.path) for step in steps("http://127.0.0.1:1")}
    assert tried | FIRST_START == set(writing_routes())


def test_each_writes_one_change_set_where_it_changes_something_and_none_elsewhere(
    office: Office, admin: InProcess
) -> None:
    rooms = office.rooms

    def change_sets() -> int:
        with rooms.database.read() as connection:
            total, revision = store.page(connection, limit=1, offset=0).total, store.revision(connection)
        assert total == revision
        return total

    async def do(step: Step, path: str, expected: int) -> Answer:
        before = change_sets()
        answer = await (
            admin.send(step.method, path) if step.body is None else admin.send(step.method, path, step.body)
        )
        assert answer.status < 500 or answer.status == 502, (step, answer)
        assert change_sets() - before == expected, (step, path, answer)
        return answer

    async def all_of_them(base_url: str) -> None:
        try:
            for step in steps(base_url):
                if step.dry:
                    await do(step, f"{step.path}{'&' if '?' in step.path else '?'}dry_run=true", 0)
                answer = await do(step, step.path, step.sets)
                assert step.sets == 0 or answer.status in {200, 201, 204}, (step, answer)
                await do(step, step.path, step.again)
        finally:
            await rooms.runs.close()
            await rooms.upstream.close()

    with fake_provider() as provider:
        provider.answer("/models", reply({"data": [{"id": "listed"}, {"id": "other"}]}))
        asyncio.run(all_of_them(provider.base_url))


def test_the_first_start_is_a_change_set_too(rooms: Rooms) -> None:
    token = rooms.people.new_setup_link(timedelta(minutes=5))
    for expected in (1, 1):
        InProcess(rooms).call("POST", "/api/setup", {"token": token, "email": "ada@example.com", "password": PASSWORD})
        with rooms.database.read() as connection:
            assert store.page(connection, limit=1, offset=0).total == expected
