"""Three workers on one port, and three servers on one data directory: what one of them was told decides the very next
call of `/v1` at each of them. Hidden, moved to another model, rolled out, switched off, closed to agents, revoked,
deleted, limited to groups: no call is answered as it was before, nor refused as it was before.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.counts import SEED, count
from tests.fakes.provider import Got, fake_provider, reply
from tests.fakes.server import Answer, Client, Server, Workbench, by_id
from tests.fakes.several import one_client_each

PLACES = 3
FLIPS = count(2, 300)
"""Of each sort."""
MODELS = "/api/admin/models"
WAYS = count(["servers"], ["servers", "workers"])
"""Workers start from nothing, which takes seconds; they follow the database as servers do."""
Told = tuple[int, str | None]
"""Status, and the model that answered or the code of the refusal."""


@dataclass
class Town:
    """The same Lineup at three places, and what it serves: `gpt` and `mini` at one provider, `fast` for `gpt`."""

    admins: list[Client]
    callers: list[Client]
    provider: int
    gpt: int
    mini: int
    user: str
    agent: str
    group: int
    """Nobody belongs to it, but for whom a change puts there."""
    user_key: int
    short_lived: dict[str, Any] = field(default_factory=dict)
    """The newest key that is made to be revoked."""

    def ask(self, place: int, name: str, key: str) -> Told:
        """One chat. An answer must come from where its header says, under the name that was asked for."""
        body = {"model": name, "messages": [{"role": "user", "content": "x"}]}
        return told(self.callers[place].post("/v1/chat/completions", body, headers={"authorization": f"Bearer {key}"}))

    def look(self, place: int, name: str, key: str) -> bool:
        """Whether the list has the name; asking for that one alone must agree."""
        client, headers = self.callers[place], {"authorization": f"Bearer {key}"}
        listed = name in {entry["id"] for entry in client.get("/v1/models", headers=headers).json["data"]}
        assert (client.get(f"/v1/models/{name}", headers=headers).status == 200) is listed
        return listed


def told(answer: Answer) -> Told:
    if answer.status != 200:
        return answer.status, answer.json["error"]["code"]
    content = answer.json["choices"][0]["message"]["content"]
    assert content == answer.headers["x-lineup-model"]
    return 200, content


def echo(got: Got) -> Any:
    """Says which model it was asked for."""
    message = {"role": "assistant", "content": got.json["model"]}
    return reply({"model": got.json["model"], "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@contextmanager
def places(how: str, folder: Path) -> Iterator[tuple[list[Client], list[Client]]]:
    """An administrator and an anonymous caller at each place."""
    settings: dict[str, Any] = {"access_token_minutes": 1440, "log_level": "warning"}
    if how == "workers":
        with Server(folder, workers=PLACES, **settings) as server:
            admins = one_client_each(server, PLACES, server.sign_in())
            callers = one_client_each(server, PLACES)
            yield [admins[pid] for pid in sorted(admins)], [callers[pid] for pid in sorted(callers)]
        return
    servers = [Server(folder, **settings) for _ in range(PLACES)]
    try:
        for server in servers:
            server.start()
        token = servers[0].sign_in()
        yield [server.client(token) for server in servers], [server.client() for server in servers]
    finally:
        for server in servers:
            server.__exit__(None, None, None)


@contextmanager
def furnished(how: str, folder: Path) -> Iterator[Town]:
    with fake_provider() as upstream, places(how, folder) as (admins, callers):
        upstream.answer("/chat/completions", echo)
        bench = Workbench(admins[0])
        provider = bench.provider(upstream.base_url)["id"]
        gpt, mini = (bench.model(provider, name, visible=True, agents_enabled=True)["id"] for name in ("gpt", "mini"))
        bench.alias("gpt", "fast")
        user, agent = (bench.key(kind) for kind in ("user", "agent"))
        group = admins[0].must("POST", "/api/admin/groups", {"name": "research"})["id"]
        yield Town(admins, callers, provider, gpt, mini, user["key"], agent["key"], group, user["id"])


Looks = Callable[[int], list[tuple[Any, Any]]]
"""How a change is looked at from a place: pairs of found and expected."""
Flip = Callable[[Town, Client, bool], Looks]
"""Makes a change (True) or takes it back."""
UNKNOWN: Told = (404, "model_not_found")


def visibility(town: Town, admin: Client, on: bool) -> Looks:
    admin.must("PUT", f"{MODELS}/{town.gpt}", {"visible": not on})
    return _gone(town, "gpt", gone=on)


def deletion(town: Town, admin: Client, on: bool) -> Looks:
    if on:
        admin.must("DELETE", f"{MODELS}/{town.gpt}")
    else:
        admin.must("POST", f"{MODELS}/{town.gpt}/restore")
    return _gone(town, "gpt", gone=on)


def provider_toggle(town: Town, admin: Client, on: bool) -> Looks:
    admin.must("PUT", f"/api/admin/providers/{town.provider}/toggle", {"enabled": not on})
    return _gone(town, "mini", gone=on)


def _gone(town: Town, name: str, *, gone: bool) -> Looks:
    answered = UNKNOWN if gone else (200, name)
    behind = UNKNOWN if gone else (200, "gpt")
    return lambda place: [
        (town.ask(place, name, town.user), answered),
        (town.ask(place, "fast", town.agent), behind),
        (town.look(place, name, town.user), not gone),
    ]


def retarget(town: Town, admin: Client, on: bool) -> Looks:
    now, then, row = ("gpt", "mini", town.mini) if on else ("mini", "gpt", town.gpt)
    admin.must("PUT", by_id(now, "/aliases", alias="fast"), {"id": row})
    return lambda place: [
        (town.ask(place, "fast", town.user), (200, then)),
        (town.ask(place, "FAST", town.user), (200, then)),
    ]


def rollout(town: Town, admin: Client, on: bool) -> Looks:
    """For all requests, so that it is known what each gets; and stopped again."""
    path = by_id("gpt", "/aliases/rollout", alias="fast")
    if on:
        admin.must("PUT", path, {"id": town.mini, "share": 100, "sticky": "request"})
    else:
        admin.must("DELETE", path)
    return lambda place: [
        (town.ask(place, "fast", town.user), (200, "mini" if on else "gpt")),
        (town.ask(place, "FAST", town.agent), (200, "mini" if on else "gpt")),
        (town.ask(place, "gpt", town.user), (200, "gpt")),
    ]


def agents(town: Town, admin: Client, on: bool) -> Looks:
    admin.must("PUT", f"{MODELS}/{town.gpt}", {"agents_enabled": not on})
    expected = (403, "model_not_enabled_for_agents") if on else (200, "gpt")
    return lambda place: [
        (town.ask(place, "fast", town.agent), expected),
        (town.ask(place, "gpt", town.user), (200, "gpt")),
        (town.look(place, "gpt", town.agent), not on),
    ]


def key(town: Town, admin: Client, on: bool) -> Looks:
    """A new key serves at once, and a revoked one not once more."""
    if on and town.short_lived:
        admin.must("DELETE", f"/api/admin/keys/{town.short_lived['id']}")
    else:
        on, town.short_lived = False, admin.must("POST", "/api/admin/keys", {"name": "short-lived", "kind": "user"})
    expected = (401, "invalid_api_key") if on else (200, "gpt")
    return lambda place: [(town.ask(place, "gpt", town.short_lived["key"]), expected)]


def limit(town: Town, admin: Client, on: bool) -> Looks:
    """To a group that neither key belongs to."""
    admin.must("PUT", f"{MODELS}/bulk/groups", {"model_ids": [town.gpt], "set": [town.group] if on else []})
    return _gone(town, "gpt", gone=on)


def membership(town: Town, admin: Client, on: bool) -> Looks:
    """Of the user's key in the group that the model is limited to from now on. The agent's never belongs to it."""
    admin.must("PUT", f"{MODELS}/{town.mini}", {"groups": [town.group]})
    members = f"/api/admin/groups/{town.group}/members"
    admin.must("POST", members if on else f"{members}/remove", {"keys": [town.user_key]})
    return lambda place: [
        (town.ask(place, "mini", town.user), (200, "mini") if on else UNKNOWN),
        (town.ask(place, "mini", town.agent), UNKNOWN),
        (town.look(place, "mini", town.user), on),
    ]


FLIPPED: tuple[Flip, ...] = (visibility, deletion, provider_toggle, retarget, rollout, agents, key, limit, membership)


@pytest.mark.hard
@pytest.mark.timeout(2_400)
@pytest.mark.parametrize("how", WAYS)
def test_no_call_meets_what_was_before_a_change(how: str, tmp_path: Path, did: Callable[[str], None]) -> None:
    rng, calls = random.Random(SEED), 0
    stale = list[str]()
    with furnished(how, tmp_path / "data") as town:
        for flip in FLIPPED:
            for turn in range(FLIPS):
                here = rng.randrange(PLACES)
                look = flip(town, town.admins[here], turn % 2 == 0)
                for place in rng.sample(range(PLACES), PLACES):
                    for found, expected in look(place):
                        calls += 1
                        if found != expected:
                            stale.append(f"{flip.__name__} {turn}: told {here}, {place} says {found} for {expected}")
    assert stale == []
    did(f"{how}: {len(FLIPPED)} sorts of change × {FLIPS}, {calls} calls right after them: none stale")
