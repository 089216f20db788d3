"""Somebody who signs in at a provider that says what the test wants."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from model_lineup.access.actor import Actor
from model_lineup.access.shapes import Person
from model_lineup.rooms import Rooms
from model_lineup.security.visit import Visit
from model_lineup.signon.signon import Begun, Done
from tests.fakes.clock import ManualClock
from tests.fakes.instances import Kind, Templates
from tests.fakes.issuer import CLIENT_ID, CLIENT_SECRET, Issuer, running_issuer

BACK = "http://localhost:8484/admin/sign-in/callback"
HERE = Visit("192.0.2.7", "a browser", "r-1")


class Traveller:
    """Goes to the provider and comes back, with what `answer` changes of the good answer; None leaves out."""

    def __init__(self, rooms: Rooms, issuer: Issuer) -> None:
        self.rooms = rooms
        self.issuer = issuer

    def begin(self, wanted: str = "/", connects: Actor | None = None) -> Begun:
        begun: Begun = self._run(lambda: self.rooms.sign_on.begin(BACK, wanted, HERE, connects))
        return begun

    def come_back(self, begun: Begun, **answer: str | None) -> Done:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.address).query).items()}
        self.issuer.nonce, self.issuer.now = asked["nonce"], int(self.rooms.clock.now().timestamp())
        good: dict[str, str | None] = {"code": "c-1", "state": asked["state"]}
        said = {name: value for name, value in (good | answer).items() if value is not None}
        done: Done = self._run(lambda: self.rooms.sign_on.finish(said, begun.sealed, HERE))
        return done

    def sign_in(self, wanted: str = "/") -> Person:
        """There and back; whose session it is."""
        done = self.come_back(self.begin(wanted))
        actor = self.rooms.browsers.actor(done.token or "")
        assert actor is not None
        assert actor.person_id is not None
        return self.rooms.people.get(actor.person_id)

    def noted(self) -> list[tuple[str, dict[str, Any]]]:
        """The security log, newest first."""
        page = self.rooms.security.page(limit=100, offset=0)
        return [(entry.event.value, entry.details) for entry in page.entries]

    def _run(self, what: Callable[[], Any]) -> Any:
        async def run() -> Any:
            try:
                return await what()
            finally:
                await self.rooms.upstream.close()

        return asyncio.run(run())


Travels = Callable[..., AbstractContextManager[Traveller]]


@pytest.fixture(scope="session")
def issuer_of_all() -> Iterator[Issuer]:
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(issuer_of_all: Issuer) -> Issuer:
    """Good and with nothing asked yet."""
    Issuer.__init__(issuer_of_all, issuer_of_all.provider)
    issuer_of_all.provider.requests.clear()
    return issuer_of_all


@pytest.fixture
def travels(templates: Templates, tmp_path: Path, clock: ManualClock, issuer: Issuer) -> Travels:
    """`with travels(oidc_sign_up=True) as traveller`: on SQLite, or on the database of `kind`."""

    @contextmanager
    def travels(kind: Kind = "sqlite", **settings: Any) -> Iterator[Traveller]:
        said = {
            "oidc_issuer": issuer.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_network_scope": "loopback",
            "oidc_timeout_s": 20,
            "oidc_sign_up": True,
        }
        with templates.rooms(kind, tmp_path / "instance", clock, **{**said, **settings}) as rooms:
            yield Traveller(rooms, issuer)

    return travels
