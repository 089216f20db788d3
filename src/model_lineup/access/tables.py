"""People and keys are configuration; sessions and their tokens are activity."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, UniqueConstraint

from model_lineup.database.metadata import Flag, Number, Words, activity, configuration, row_id, table

people = table(
    "people",
    configuration,
    row_id(),
    Column("email", Words, nullable=False),
    Column("email_folded", Words, nullable=False),
    Column("role", Words, CheckConstraint("role IN ('admin', 'viewer', 'user')"), nullable=False),
    Column("password_hash", Words),
    Column("disabled", Flag, nullable=False),
    Column("session_epoch", Number, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
    Column("changed_at_revision", Number, nullable=False),
    Column("issuer", Words),
    Column("subject", Words),
)
"""`issuer`, `subject`: the account at a provider of sign-on that this person is, both or neither."""

Index(
    "ux_people_email",
    people.c.email_folded,
    unique=True,
    sqlite_where=people.c.deleted_at.is_(None),
    postgresql_where=people.c.deleted_at.is_(None),
)

Index(
    "ux_people_subject",
    *(people.c.issuer, people.c.subject),
    unique=True,
    sqlite_where=people.c.deleted_at.is_(None),
    postgresql_where=people.c.deleted_at.is_(None),
)

keys = table(
    "keys",
    configuration,
    row_id(),
    Column("name", Words, nullable=False),
    Column("kind", Words, CheckConstraint("kind IN ('user', 'agent', 'admin')"), nullable=False),
    Column("role", Words, CheckConstraint("role IN ('admin', 'viewer')")),
    Column("owner_id", Number, ForeignKey("people.id")),
    Column("token_hash", Words, nullable=False, unique=True),
    Column("hint", Words, nullable=False),
    Column("limits", Words, nullable=False),
    Column("expires_at", Number),
    Column("disabled", Flag, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
    Column("changed_at_revision", Number, nullable=False),
    Column("trusted_front_end", Flag, nullable=False, server_default="0"),
    Index("ix_keys_owner", "owner_id"),
)

groups = table(
    "groups",
    configuration,
    row_id(),
    Column("name", Words, nullable=False),
    Column("folded", Words, nullable=False),
    Column("description", Words),
    Column("limits", Words, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
)
Index(
    "ux_groups_folded",
    groups.c.folded,
    unique=True,
    sqlite_where=groups.c.deleted_at.is_(None),
    postgresql_where=groups.c.deleted_at.is_(None),
)

group_members = table(
    "group_members",
    configuration,
    row_id(),
    Column("group_id", Number, ForeignKey("groups.id"), nullable=False),
    Column("person_id", Number, ForeignKey("people.id")),
    Column("key_id", Number, ForeignKey("keys.id")),
    Column("member", Flag, nullable=False),
    UniqueConstraint("group_id", "person_id", name="uq_group_members_person"),
    UniqueConstraint("group_id", "key_id", name="uq_group_members_key"),
    Index("ix_group_members_person", "person_id"),
    Index("ix_group_members_key", "key_id"),
)
"""Of a person or of a key. The row of whoever has left stays, `member` 0: what is told of it can be taken back."""

setup_links = table(
    "setup_links",
    configuration,
    Column("token_hash", Words, primary_key=True),
    Column("expires_at", Number, nullable=False),
)

sessions = table(
    "sessions",
    activity,
    Column("family", Words, primary_key=True),
    Column("person_id", Number, nullable=False),
    Column("epoch", Number, nullable=False),
    Column("generation", Number, nullable=False),
    Column("refreshed_at", Number, nullable=False),
    Column("expires_at", Number, nullable=False),
    Column("revoked_at", Number),
    Column("created_at", Number, nullable=False),
    Column("ends_at", Number),
    Index("ix_sessions_person", "person_id"),
)
"""`ends_at`: when it is over in any case, where that is not the same for all sessions."""


session_tokens = table(
    "session_tokens",
    activity,
    Column("token_hash", Words, primary_key=True),
    Column("family", Words, ForeignKey("activity.sessions.family", ondelete="CASCADE"), nullable=False),
    Column("kind", Words, CheckConstraint("kind IN ('access', 'refresh')"), nullable=False),
    Column("generation", Number, nullable=False),
    Column("expires_at", Number, nullable=False),
)
