"""A server that is called for long: it ends with the memory, the files, the threads and the sockets that it had when it
was warm.

Chats and messages, plain and streamed, passed and translated; lists, names that there are not, keys that there are not,
bodies that are none; a tenth goes to providers that misbehave, a twentieth of the callers leave, and administrators
change what is called meanwhile.
"""

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.counts import count
from tests.fakes.endurance import Operation, World, must_keep_nothing, quick_cases
from tests.fakes.faults import running_faults
from tests.fakes.paced import paced
from tests.fakes.server import Answer, Client, Server, Workbench, by_id, running_server

WARM_UP, REQUESTS = count((20, 40), (20_000, 100_000))
ALLOWED = {200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 501, 502, 503, 504}
"""404: the model is hidden at that moment. A 500 is never right."""
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
HELLO = [{"role": "user", "content": "say this and that"}]


@dataclass
class Called(World):
    """`stable` are never hidden, `moody` may be, `fallen` misbehave. `keys`: a user's and an agent's."""

    keys: tuple[str, str] = ("", "")
    stable: tuple[str, ...] = ()
    moody: tuple[int, ...] = ()
    fallen: tuple[str, ...] = ()


def ask(client: Client, rng: random.Random, world: Called, path: str, name: str, **more: Any) -> Answer:
    body = {"model": name, "messages": HELLO, "max_tokens": 2, "stream": rng.random() < 0.5, **more}
    headers = {"authorization": f"Bearer {rng.choice(world.keys)}"}
    return client.post(path, body, headers=headers)


def chat(client: Client, rng: random.Random, world: Called) -> Answer:
    return ask(client, rng, world, CHAT, rng.choice([*world.stable, "fast", "moody-1"]))


def translated(client: Client, rng: random.Random, world: Called) -> Answer:
    return ask(client, rng, world, MESSAGES, rng.choice([*world.stable, "fast"]))


def at_fault(client: Client, rng: random.Random, world: Called) -> Answer:
    return ask(client, rng, world, rng.choice([CHAT, MESSAGES]), rng.choice(world.fallen))


def read(client: Client, rng: random.Random, world: Called) -> Answer:
    path = rng.choice(["", "/fast", f"/never-{rng.random()}", "/moody-1"])
    return client.get(f"/v1/models{path}", headers={"x-api-key": rng.choice(world.keys)})


def nonsense(client: Client, rng: random.Random, world: Called) -> Answer:
    """Every name, key, field and request id is a new one: nothing of them may be kept."""
    choice = rng.randrange(5)
    if choice == 0:
        return ask(client, rng, world, CHAT, f"nobody-{rng.random()}")
    if choice == 1:
        return client.post(CHAT, {"model": "fast"}, headers={"authorization": f"Bearer lineup_usr_{rng.random()}"})
    if choice == 2:
        return ask(client, rng, world, CHAT, "fast", api_base="x")
    if choice == 3:
        return client.get(f"/v1/{rng.random()}", headers={"x-request-id": f"{rng.random()}"})
    key = rng.choice(world.keys)
    return client.post(CHAT, raw=b'{"model":' + rng.randbytes(50), headers={"authorization": f"Bearer {key}"})


def leave(client: Client, rng: random.Random, world: Called) -> None:
    """Ask, and go: before the answer, or in the middle of it."""
    body = {"model": rng.choice([*world.stable, *world.fallen]), "messages": HELLO, "stream": rng.random() < 0.7}
    sent = json.dumps(body).encode()
    lines = [
        *(f"POST {CHAT} HTTP/1.1", "host: x", f"authorization: Bearer {rng.choice(world.keys)}"),
        *("content-type: application/json", f"content-length: {len(sent)}", "", ""),
    ]
    with socket.create_connection(("127.0.0.1", world.port), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode() + sent)
        time.sleep(rng.uniform(0, 0.005))


def administer(client: Client, rng: random.Random, world: Called) -> Answer:
    choice = rng.randrange(4)
    if choice == 0:
        body = {"visible": rng.random() < 0.5}
        return client.put(f"/api/admin/models/{rng.choice(world.moody)}?confirm=true", body)
    if choice == 1:
        row = rng.choice(world.moody)
        return client.put(f"/api/admin/models/{row}", {"description": f"{rng.random()}"})
    if choice == 2:
        return client.post(by_id(rng.choice(world.stable), "/aliases"), {"alias": f"alias-{rng.randrange(20)}"})
    made = client.must("POST", "/api/admin/keys", {"name": "short-lived", "kind": "user"})
    return client.delete(f"/api/admin/keys/{made['id']}")


OPERATIONS: dict[Operation[Called], float] = {
    chat: 50,
    translated: 18,
    at_fault: 10,
    read: 9,
    nonsense: 7,
    leave: 5,
    administer: 1,
}


@contextmanager
def furnished(folder: Path) -> Iterator[tuple[Server, Called]]:
    settings = {"log_level": "warning", "access_token_minutes": 1440}
    with (
        paced("--ttft-ms", "0", "--gap-ms", "0", "--tokens", "3") as good,
        running_faults() as faults,
        running_server(folder, **settings) as server,
    ):
        bench = Workbench(server.admin())
        provider = bench.provider(good.base_url)["id"]
        for number in range(3):
            bench.model(provider, f"stable-{number}", visible=True, agents_enabled=True)
        moody = [bench.model(provider, f"moody-{number}", visible=True, agents_enabled=True) for number in range(3)]
        bench.alias("stable-0", "fast")
        fallen = []
        for wire in ("openai", "anthropic", "google"):
            for case in quick_cases(faults, wire):
                row = bench.provider(**{**case, "type": wire, "api_key": "sk-upstream-1"})["id"]
                fallen.append(bench.model(row, visible=True, agents_enabled=True)["model_id"])
        yield (
            server,
            Called(
                server.port,
                server.sign_in(),
                keys=(bench.key("user")["key"], bench.key("agent")["key"]),
                stable=tuple(f"stable-{number}" for number in range(3)),
                moody=tuple(model["id"] for model in moody),
                fallen=tuple(fallen),
            ),
        )


@pytest.mark.hard
@pytest.mark.timeout(2_700)
def test_a_server_that_is_called_for_long_keeps_nothing(tmp_path: Path, did: Callable[[str], None]) -> None:
    with furnished(tmp_path) as (server, world):
        must_keep_nothing(server, world, OPERATIONS, ALLOWED, warm_up=WARM_UP, total=REQUESTS, did=did)
        assert world.statuses[200] > REQUESTS / 2
