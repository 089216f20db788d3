"""Changes that are staged for a moment to come.

Revision ID: 2026_11_23_staged_changes
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_staged_changes"
down_revision = "2026_11_23_groups"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "staged_changes",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("operation", Words, nullable=False),
        sa.Column("wanted", Words, nullable=False),
        sa.Column("title", Words, nullable=False),
        sa.Column("due_at", Number, nullable=False),
        sa.Column("announced_at", Number),
        sa.Column("message", Words),
        sa.Column("successor", Number),
        sa.Column("confirmed", sa.Integer, nullable=False),
        sa.Column("impact", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("made_at", Number, nullable=False),
        sa.Column("made_by", Words, nullable=False),
        sa.Column("made_at_revision", Number, nullable=False),
        sa.Column("ended_at", Number),
        sa.Column("ended_by", Words),
        sa.Column("refusal", Words),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_staged_changes_state", "staged_changes", ["state", "id"])
    op.create_index("ix_staged_changes_changed", "staged_changes", ["changed_at_revision"])


def downgrade() -> None:
    op.drop_table("staged_changes")
