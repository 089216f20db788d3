"""People who come by single sign-on: whom a provider's account means here, and what its claims decide about them.

A person is bound to issuer and subject, which a provider never gives to somebody else; an e-mail address can change
hands, so it binds nobody unless an administrator has said that it shall, and then only where it is verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from model_lineup.access import emails, store
from model_lineup.access.actor import Role
from model_lineup.access.groups import members
from model_lineup.access.groups import store as group_store
from model_lineup.access.people import add_person, living, write_person
from model_lineup.access.shapes import Person
from model_lineup.errors import SignOnRefused
from model_lineup.journal.record import Author, Change, Journal


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of somebody, as far as it matters here.

    `role`: what its claims give; None: they say nothing of roles. `groups`: folded names of the groups here that its
    claims give; None: they say nothing of groups.
    """

    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    role: Role | None = None
    groups: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """Who may come in the first time. `role`: of new people about whom claims say nothing. `owned`: folded names of the
    groups that claims decide about; None: about all."""

    sign_up: bool = False
    link_by_email: bool = False
    require_verified_email: bool = True
    domains: frozenset[str] = frozenset()
    role: Role = Role.USER
    owned: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Arrived:
    """`kept_admin`: claims took the role from the last administrator, who has kept it. `unknown_groups`: given by
    claims, and not there."""

    person_id: int
    email: str
    kept_admin: bool = False
    unknown_groups: tuple[str, ...] = ()


class Arrivals:
    def __init__(self, journal: Journal, welcome: Welcome) -> None:
        self._journal = journal
        self._welcome = welcome

    def arrive(self, identity: Identity, author: Author) -> Arrived:
        """Find, link or make the person, and do what the claims say, in one change. Raises SignOnRefused."""
        with self._journal.change(author, "people.sign_on") as change:
            row = store.person_of_subject(change.connection, identity.issuer, identity.subject)
            person = store.person(change.connection, row.id) if row is not None else self._first_time(change, identity)
            return self._do_as_claimed(change, living(person, 0), identity)

    def connect(self, person_id: int, identity: Identity, author: Author) -> Arrived:
        """Bind the account to a person who has proven to be both. Raises SignOnRefused."""
        with self._journal.change(author, "people.sign_on") as change:
            row = store.person_of_subject(change.connection, identity.issuer, identity.subject)
            if row is not None and row.id != person_id:
                raise SignOnRefused(
                    "This account belongs to another person here. Ask an administrator, who can take it off them.",
                    reason="connected_elsewhere",
                )
            person = _still_there(store.person(change.connection, person_id))
            bound = store.person_row(change.connection, person_id=person_id)
            if row is None and bound is not None and (bound.issuer, bound.subject) != (None, None):
                raise SignOnRefused(
                    "You have another account for single sign-on here. Have an administrator forget it first.",
                    reason="connected_already",
                )
            return self._do_as_claimed(change, _bind(change, person, identity), identity)

    def _first_time(self, change: Change, identity: Identity) -> Person:
        """Raises SignOnRefused."""
        email = self._checked(identity)
        row = store.person_row(change.connection, email_folded=emails.folded(email))
        if row is not None:
            return self._linked(change, row, identity)
        if not self._welcome.sign_up:
            raise SignOnRefused(
                "Nobody here has this account. Ask an administrator to add you; if you have a password here, sign in "
                "with it and connect this account on the page 'Your account'.",
                reason="unknown_person",
            )
        values: dict[str, Any] = {"email": email, "email_folded": emails.folded(email), "disabled": 0}
        values["role"] = (identity.role or self._welcome.role).value
        return add_person(change, {**values, "issuer": identity.issuer, "subject": identity.subject})

    def _linked(self, change: Change, row: store.PersonRow, identity: Identity) -> Person:
        """The person who has this address already. Raises SignOnRefused."""
        if row.subject is None and self._welcome.link_by_email and identity.email_verified:
            return _bind(change, living(store.person(change.connection, row.id), row.id), identity)
        raise SignOnRefused(
            "Somebody here has this address already, and the account is not connected with it. If that is you, sign in "
            "with your password and connect it on the page 'Your account', or ask an administrator.",
            reason="email_taken",
        )

    def _checked(self, identity: Identity) -> str:
        """The address of somebody new. Raises SignOnRefused."""
        email = identity.email
        if email is None or not emails.is_email(email):
            raise SignOnRefused(
                "The provider did not say what your e-mail address is. Ask an administrator to let it tell.",
                reason="email_missing",
            )
        if self._welcome.require_verified_email and not identity.email_verified:
            raise SignOnRefused(
                "The provider has not verified your e-mail address. Verify it there, then sign in again.",
                reason="email_unverified",
            )
        if self._welcome.domains and email.rpartition("@")[2].lower() not in self._welcome.domains:
            raise SignOnRefused("Addresses of this domain may not sign in here.", reason="email_domain")
        return email

    def _do_as_claimed(self, change: Change, person: Person, identity: Identity) -> Arrived:
        """Raises SignOnRefused for somebody who is disabled."""
        if person.disabled:
            raise SignOnRefused("Your account here is disabled. Ask an administrator.", reason="disabled")
        is_last = person.role is Role.ADMIN and store.active_admins(change.connection) == 1
        kept_admin = is_last and identity.role not in (None, Role.ADMIN)
        if identity.role is not None and not kept_admin:
            person = write_person(change, person, {"role": identity.role.value})
        unknown = self._into_groups(change, person, identity)
        return Arrived(person.id, person.email, kept_admin, unknown)

    def _into_groups(self, change: Change, person: Person, identity: Identity) -> tuple[str, ...]:
        """The groups that claims own are as they say; others stay. Returns what they name and what is not there."""
        if identity.groups is None:
            return ()
        there: Mapping[int, str] = group_store.names(change.connection)
        folded = {group_id: name.casefold() for group_id, name in there.items()}
        owned = self._welcome.owned
        by_hand = [one for one in person.groups if owned is not None and folded[one] not in owned]
        given = [one for one, name in folded.items() if name in identity.groups and one not in by_hand]
        members.belong(change, "person_id", person.id, person.email, [*by_hand, *given][: members.MOST_GROUPS])
        return tuple(sorted(identity.groups.difference(folded.values())))


def _bind(change: Change, person: Person, identity: Identity) -> Person:
    return write_person(change, person, {"issuer": identity.issuer, "subject": identity.subject})


def _still_there(person: Person | None) -> Person:
    """Raises SignOnRefused."""
    if person is None:
        raise SignOnRefused("Your account here is gone. Ask an administrator.", reason="unknown_person")
    return person
