"""Administrative operations on people, and the first administrator."""

from datetime import timedelta
from typing import Any

from msgspec import UNSET

from model_lineup.access import store
from model_lineup.access.actor import Role
from model_lineup.access.door import Attempt, Door
from model_lineup.access.emails import folded, is_email
from model_lineup.access.groups import members
from model_lineup.access.passwords import Passwords, check_strength
from model_lineup.access.shapes import NewPerson, Person, PersonChanges
from model_lineup.access.tokens import kind_of, new_token
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import (
    DuplicatePerson,
    InvalidInput,
    LastAdmin,
    NotAllowed,
    NotFound,
    PreconditionFailed,
    SetupDone,
)
from model_lineup.journal.record import Author, Change, Journal, differing
from model_lineup.journal.shapes import Receipt
from model_lineup.security.shapes import SecurityEvent
from model_lineup.security.visit import LOCAL, Visit
from model_lineup.vault import Vault

SETUP = Author("first start")
WRONG = "The current password is not right."


class People:
    def __init__(
        self, database: Database, journal: Journal, vault: Vault, passwords: Passwords, door: Door, clock: Clock
    ) -> None:
        self._database = database
        self._journal = journal
        self._vault = vault
        self._passwords = passwords
        self._door = door
        self._clock = clock

    def page(self, *, limit: int, offset: int) -> tuple[list[Person], int]:
        with self._database.read() as connection:
            return store.persons(connection, limit=limit, offset=offset)

    def get(self, person_id: int) -> Person:
        """Raises NotFound."""
        with self._database.read() as connection:
            return living(store.person(connection, person_id), person_id)

    def create(self, new: NewPerson, author: Author) -> tuple[Person, Receipt]:
        """Raises InvalidInput, DuplicatePerson."""
        values = self._columns(new)
        with self._journal.change(author, "people.create") as change:
            person = add_person(change, values)
            if members.belong(change, "person_id", person.id, person.email, new.groups):
                person = living(store.person(change.connection, person.id), person.id)
        return person, change.receipt

    def change(
        self, person_id: int, changes: PersonChanges, author: Author, *, if_match: int | None = None
    ) -> tuple[Person, Receipt]:
        """Disabling, a new password, and forgetting an account for sign-on end the person's sessions.

        Raises NotFound, InvalidInput, LastAdmin.
        """
        values = self._columns(changes)
        with self._journal.change(author, "people.change") as change:
            before = living(store.person(change.connection, person_id), person_id)
            _check_version(before, if_match)
            admins = store.active_admins(change.connection)
            after = write_person(change, before, values)
            _refuse_no_admin(change, admins)
            if changes.groups is not UNSET and members.belong(
                change, "person_id", person_id, after.email, changes.groups
            ):
                after = living(store.person(change.connection, person_id), person_id)
        return after, change.receipt

    def delete(self, person_id: int, author: Author) -> Receipt:
        """Sessions and keys go at once. Raises NotFound, LastAdmin."""
        with self._journal.change(author, "people.delete") as change:
            person = living(store.person(change.connection, person_id), person_id)
            admins = store.active_admins(change.connection)
            when = {"now": change.now, "revision": change.revision}
            store.change_person(change.connection, person_id, {"deleted_at": change.now, "disabled": 1}, **when)
            store.end_sessions(change.connection, person_id)
            for key in store.keys_of(change.connection, person_id):
                store.change_key(change.connection, key.id, {"deleted_at": change.now}, **when)
                change.touched("key", key.id, key.name, before={"deleted": False}, after={"deleted": True})
            change.touched("person", person_id, person.email, before=_journaled(person), after={})
            _refuse_no_admin(change, admins)
        return change.receipt

    def change_own_password(
        self, person_id: int, current: str, new: str, author: Author, visit: Visit = LOCAL
    ) -> Receipt:
        """Ends all sessions of the person; `Sessions.keep` spares one. Wrong ones count as wrong sign-ins do.

        Raises NotAllowed for a wrong password, SignInThrottled.
        """
        with self._database.read() as connection:
            row = store.person_row(connection, person_id=person_id)
        if row is None:
            raise NotAllowed(WRONG)
        attempt = Attempt(row.email_folded, visit, SecurityEvent.PASSWORD_REFUSED)
        self._door.before(attempt)
        right = self._passwords.check(row.password_hash, current)
        self._door.after(attempt, right=right, owner=row.email)
        if not right:
            raise NotAllowed(WRONG)
        values = self._columns(PersonChanges(password=new))
        with self._journal.change(author, "people.change") as change:
            before = living(store.person(change.connection, person_id), person_id)
            still = store.person_row(change.connection, person_id=person_id)
            if still is None or still.password_hash != row.password_hash:
                raise NotAllowed(WRONG)  # an administrator set another one while this one was being checked
            write_person(change, before, values)
        return change.receipt

    def set_up(self) -> bool:
        """Whether there is an administrator who can sign in. Others alone cannot make one."""
        with self._database.read() as connection:
            return store.active_admins(connection) > 0

    def first_admin(self, email: str, password: str) -> Person:
        """Create the administrator of a new instance. Raises InvalidInput, SetupDone, DuplicatePerson."""
        values = self._columns(NewPerson(email=email, role=Role.ADMIN, password=password))
        with self._journal.change(SETUP, "setup") as change:
            return _first(change, values)

    def new_setup_link(self, life: timedelta) -> str:
        """A token with which one person can become the first administrator; older ones stop working."""
        token = new_token("setup")
        with self._database.write() as connection:
            until = micros(self._clock.now() + life)
            store.add_setup_link(connection, self._vault.token_hash(token), until)
        return token

    def setup_link_is_valid(self, token: str) -> bool:
        with self._database.read() as connection:
            now = micros(self._clock.now())
            return store.setup_link_is_valid(connection, self._vault.token_hash(token), now)

    def use_setup_link(
        self, token: str, email: str, password: str, visit: Visit = LOCAL, claim: str | None = None
    ) -> Person:
        """Raises NotAllowed for a used, late or unknown link; InvalidInput; SetupDone; SignInThrottled."""
        attempt = Attempt("set-up", visit, SecurityEvent.SETUP_REFUSED)
        self._door.before(attempt)
        values = self._columns(NewPerson(email=email, role=Role.ADMIN, password=password))
        author = Author(SETUP.label, visit.request_id, visit.address, visit.user_agent, claim)
        try:
            with self._journal.change(author, "setup") as change:
                known = kind_of(token) == "setup"
                if not known or not store.take_setup_link(change.connection, self._vault.token_hash(token), change.now):
                    raise NotAllowed("This set-up link is not valid any more. Restart Lineup to get a new one.")
                return _first(change, values)
        except NotAllowed:
            self._door.after(attempt, right=False)
            raise

    def _columns(self, said: NewPerson | PersonChanges) -> dict[str, Any]:
        """Checked columns of what was said; the password as its hash."""
        values: dict[str, Any] = {}
        if isinstance(said, PersonChanges) and said.forget_sign_on:
            values.update(issuer=None, subject=None)
        if said.email is not UNSET:
            if not is_email(said.email):
                raise InvalidInput.at("/email", "an e-mail address looks like name@example.com")
            values.update(email=said.email, email_folded=folded(said.email))
        if said.role is not UNSET:
            values["role"] = said.role.value
        if said.disabled is not UNSET:
            values["disabled"] = int(said.disabled)
        if said.password is not UNSET and said.password is not None:
            check_strength(said.password, "/password")
            values["password_hash"] = self._passwords.hash(said.password)
        return values


def living(person: Person | None, person_id: int) -> Person:
    """Raises NotFound for None."""
    if person is None:
        raise NotFound(f"No person has the id {person_id}. GET /api/admin/people lists them.", id=person_id)
    return person


def _first(change: Change, values: dict[str, Any]) -> Person:
    if store.active_admins(change.connection):
        raise SetupDone("Lineup has an administrator already. Sign in, or ask one to invite you.")
    return add_person(change, values)


def add_person(change: Change, values: dict[str, Any]) -> Person:
    """A new row, in somebody's change, with its place in the journal. Raises DuplicatePerson."""
    _refuse_taken(change, values["email_folded"], None)
    person_id = store.add_person(change.connection, values, now=change.now, revision=change.revision)
    person = living(store.person(change.connection, person_id), person_id)
    change.touched("person", person_id, person.email, before={}, after=_journaled(person))
    return person


def write_person(change: Change, before: Person, values: dict[str, Any]) -> Person:
    """Changed columns, in somebody's change, with their place in the journal. Raises DuplicatePerson."""
    if "email_folded" in values:
        _refuse_taken(change, values["email_folded"], before.id)
    same = {"email": before.email, "role": before.role.value, "disabled": int(before.disabled)}
    changed = {name: value for name, value in values.items() if name not in same or same[name] != value}
    if "subject" in changed and before.sign_in in ("none", "password") and changed["subject"] is None:
        del changed["subject"], changed["issuer"]
    if not changed.keys() - {"email_folded"}:
        return before
    store.change_person(change.connection, before.id, changed, now=change.now, revision=change.revision)
    if "password_hash" in changed or changed.get("disabled") or changed.get("subject", "") is None:
        store.end_sessions(change.connection, before.id)
    after = living(store.person(change.connection, before.id), before.id)
    old, new = differing(_journaled(before), _journaled(after))
    if "password_hash" in changed:
        new["password"] = "replaced"  # noqa: S105  # nosec B105
    change.touched("person", before.id, after.email, before=old, after=new)
    return after


def _refuse_taken(change: Change, email_folded: str, but: int | None) -> None:
    row = store.person_row(change.connection, email_folded=email_folded)
    if row is not None and row.id != but:
        raise DuplicatePerson("Another person has this e-mail address (case does not count).", id=row.id)


def _refuse_no_admin(change: Change, before: int) -> None:
    """`before`: how many administrators could sign in. Where nobody could, nobody is lost."""
    if before and store.active_admins(change.connection) == 0:
        raise LastAdmin("This is the last administrator who can sign in. Make somebody else one first.")


def _journaled(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("email", "role", "disabled", "password_set", "sign_in")}


def _check_version(person: Person, if_match: int | None) -> None:
    if if_match is not None and if_match != person.version:
        raise PreconditionFailed(
            f"Person {person.id} is at version {person.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=person,
        )
