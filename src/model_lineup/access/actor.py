"""Who is asking, and what a role reaches."""

from dataclasses import dataclass
from enum import StrEnum

from model_lineup.errors import NotAllowed


class Role(StrEnum):
    """`admin` changes, `viewer` reads, `user` has own keys and the models that are available."""

    ADMIN = "admin"
    VIEWER = "viewer"
    USER = "user"

    def reaches(self, needed: "Role") -> bool:
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.USER: 0, Role.VIEWER: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, an admin key, or the machine's owner at the command line.

    `label` is how the journal names it; `session` is the family of its session, for signing out.
    """

    label: str
    role: Role
    person_id: int | None = None
    key_id: int | None = None
    session: str | None = None

    def must_reach(self, needed: Role) -> None:
        """Raises NotAllowed."""
        if not self.role.reaches(needed):
            raise NotAllowed(f"This needs the role {needed.value!r}; {self.label} has {self.role.value!r}.")


LOCAL_ACTOR = Actor("local command line", Role.ADMIN)
"""Whoever can read the data directory can do everything with it."""
