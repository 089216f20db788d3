"""Groups of people and keys, and which of them a model or an alias is limited to.

Revision ID: 2026_11_23_groups
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_groups"
down_revision = "2026_11_23_managed_rows"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("folded", Words, nullable=False),
        sa.Column("description", Words),
        sa.Column("limits", Words, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    alive = sa.text("deleted_at IS NULL")
    op.create_index("ux_groups_folded", "groups", ["folded"], unique=True, sqlite_where=alive, postgresql_where=alive)
    op.create_table(
        "group_members",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("group_id", Number, nullable=False),
        sa.Column("person_id", Number),
        sa.Column("key_id", Number),
        sa.Column("member", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"]),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "person_id", name="uq_group_members_person"),
        sa.UniqueConstraint("group_id", "key_id", name="uq_group_members_key"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_group_members_person", "group_members", ["person_id"])
    op.create_index("ix_group_members_key", "group_members", ["key_id"])
    op.add_column("models", sa.Column("group_ids", Words))
    op.add_column("aliases", sa.Column("group_ids", Words))
    limited = sa.text("group_ids IS NOT NULL")
    columns = ["id", "group_ids"]
    op.create_index("ix_models_groups", "models", columns, sqlite_where=limited, postgresql_where=limited)


def downgrade() -> None:
    op.drop_index("ix_models_groups", "models")
    op.drop_column("aliases", "group_ids")
    op.drop_column("models", "group_ids")
    op.drop_table("group_members")
    op.drop_table("groups")
