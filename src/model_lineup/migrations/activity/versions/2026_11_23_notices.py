"""Work that comes round by the clock, and what administrators ought to hear of.

Revision ID: 2026_11_23_notices
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_notices"
down_revision = "2026_11_23_capabilities"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "chores",
        sa.Column("name", Words, nullable=False),
        sa.Column("due_at", Number, nullable=False),
        sa.Column("claimed_until", Number, nullable=False),
        sa.Column("last_at", Number),
        sa.Column("failures", Number, nullable=False),
        sa.Column("outcome", Words),
        sa.PrimaryKeyConstraint("name"),
        schema="activity",
        sqlite_strict=True,
    )
    op.create_table(
        "notices",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("subject", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("text", Words, nullable=False),
        sa.Column("details", Words, nullable=False),
        sa.Column("spread", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="activity",
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_notices_spread", "notices", ["spread", "id"], schema="activity")
    op.create_table(
        "notice_states",
        sa.Column("kind", Words, nullable=False),
        sa.Column("subject", Words, nullable=False),
        sa.Column("state", Words, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject"),
        schema="activity",
        sqlite_strict=True,
    )


def downgrade() -> None:
    for name in ("notice_states", "notices", "chores"):
        op.drop_table(name, schema="activity")
