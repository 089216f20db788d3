"""Several Lineups on one PostgreSQL, each with a cable of its own to it.

with replicas(folder, postgres_url, 3) as them:
    them[0].admin.must("PUT", …)
    them[1].cable.cut()
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.cable import Cable, cable
from tests.fakes.client import Answer, Client
from tests.fakes.server import Server

MODEL = "m"


@dataclass
class Replica:
    """`key`: a user's, for `/v1`."""

    server: Server
    cable: Cable
    admin: Client
    caller: Client
    key: str = ""

    def ask(self) -> int:
        """The status of a look at the one model: 200 where it is visible, 404 where it is not, 503."""
        return self.answer().status

    def answer(self) -> Answer:
        return self.caller.get(f"/v1/models/{MODEL}", headers={"authorization": f"Bearer {self.key}"})


@contextlib.contextmanager
def replicas(folder: Path, url: str, number: int, *, deaf: bool = False, **settings: Any) -> Iterator[list[Replica]]:
    shared = {"keyring_file": folder / "keyring.json", "access_token_minutes": 1440, "log_level": "warning", **settings}
    with contextlib.ExitStack() as stack:
        found: list[Replica] = []
        for turn in range(number):
            between = stack.enter_context(cable(url, deaf=deaf))
            server = stack.enter_context(Server(folder / f"replica-{turn}", database_url=between.url, **shared))
            token = found[0].admin.token if found else server.sign_in()
            found.append(Replica(server, between, server.client(token), server.client()))
        yield found


def until(true: Callable[[], bool], within_s: float) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    while not true():
        took = time.monotonic() - began
        assert took < within_s, f"not within {within_s} s"
        time.sleep(0.002)
    return time.monotonic() - began
