"""Short words for people, their sessions and their keys."""

from typing import Any

from model_lineup.access.actor import Actor, Role
from model_lineup.access.shapes import Key, KeyChanges, NewKey, NewPerson, Person, PersonChanges, TokenPair
from model_lineup.journal.record import Author
from model_lineup.rooms import Rooms

BY = Author("tester")
PASSWORD = "correct horse battery"
NEW_PASSWORD = "another staple altogether"


class Office:
    """Everything is done by `BY`; what goes wrong is raised as it is."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms

    def person(
        self, email: str = "ada@example.com", role: Role = Role.ADMIN, *, password: str | None = PASSWORD
    ) -> Person:
        return self.rooms.people.create(NewPerson(email=email, role=role, password=password), BY)[0]

    def change(self, person: Person, *, if_match: int | None = None, **changes: Any) -> Person:
        return self.rooms.people.change(person.id, PersonChanges(**changes), BY, if_match=if_match)[0]

    def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD) -> TokenPair:
        return self.rooms.sessions.sign_in(email, password)

    def session(self, pair: TokenPair) -> str:
        """The family of a session that goes on."""
        actor = self.rooms.sessions.actor(pair.access_token)
        assert actor is not None
        assert actor.session is not None
        return actor.session

    def may(self, pair: TokenPair) -> Role | None:
        """What the bearer of an access token may do; None: nothing."""
        actor = self.rooms.sessions.actor(pair.access_token)
        return None if actor is None else actor.role

    def key(self, maker: Person, kind: str = "admin", **fields: Any) -> tuple[Key, str]:
        """A key and its secret."""
        key, secret, _ = self.rooms.keys.create(NewKey(name="ci", kind=kind, **fields), actor_of(maker), BY)
        return key, secret

    def change_key(self, key: Key, **changes: Any) -> Key:
        return self.rooms.keys.change(key.id, KeyChanges(**changes), BY)[0]

    def key_may(self, secret: str) -> Role | None:
        actor = self.rooms.keys.admin_actor(secret)
        return None if actor is None else actor.role


def actor_of(person: Person) -> Actor:
    return Actor(person.email, person.role, person_id=person.id)
