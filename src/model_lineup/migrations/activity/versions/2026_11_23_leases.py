"""Who does what is to be done once.

Revision ID: 2026_11_23_leases
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_leases"
down_revision = "2026_11_23_signals"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", Words, nullable=False),
        sa.Column("holder", Words, nullable=False),
        sa.Column("until", Number, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        schema="activity",
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("leases", schema="activity")
