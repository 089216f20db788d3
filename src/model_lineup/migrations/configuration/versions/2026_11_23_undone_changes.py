"""Which change sets were taken back, and by which.

Revision ID: 2026_11_23_undone_changes
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_undone_changes"
down_revision = "2026_11_23_catalogues"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "undone_changes",
        sa.Column("change_id", Number, autoincrement=False, nullable=False),
        sa.Column("by_change", Number, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change_sets.id"]),
        sa.ForeignKeyConstraint(["by_change"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("change_id", "by_change"),
        sqlite_strict=True,
    )
    op.create_index("ix_undone_changes_by", "undone_changes", ["by_change"])


def downgrade() -> None:
    op.drop_table("undone_changes")
