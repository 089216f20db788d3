"""What was asked for and waits for its turn.

Revision ID: 2026_11_23_turns
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_turns"
down_revision = "2026_11_23_sign_on"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("id", Number, primary_key=True, autoincrement=True),
        sa.Column("kind", Words, nullable=False),
        sa.Column("model_row", Number, nullable=False),
        sa.Column("model_id", Words, nullable=False),
        sa.Column("asked", Words, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("state", Words, sa.CheckConstraint("state IN ('waiting', 'under_way', 'refused')"), nullable=False),
        sa.Column("reason", Words, nullable=False),
        sa.Column("asked_at", Number, nullable=False),
        sa.Column("due_at", Number, nullable=False),
        sa.Column("holder", Words, nullable=False),
        sa.Column("held_until", Number, nullable=False),
        schema="activity",
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_turns_kind", "turns", ["kind", "state", "id"], schema="activity")


def downgrade() -> None:
    op.drop_table("turns", schema="activity")
