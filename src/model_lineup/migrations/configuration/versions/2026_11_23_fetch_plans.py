"""What a fetch would do is kept, to be looked at and applied later.

Revision ID: 2026_11_23_fetch_plans
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_fetch_plans"
down_revision = "2026_11_23_stated_facts"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("providers", sa.Column("fetch_rules", Words))
    op.add_column("providers", sa.Column("fetch_schedule", Words))
    op.create_table(
        "fetch_plans",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("provider_id", Number, nullable=False),
        sa.Column("made_at", Number, nullable=False),
        sa.Column("made_by", Words, nullable=False),
        sa.Column("revision", Number, nullable=False),
        sa.Column("address", Words, nullable=False),
        sa.Column("list_digest", Words, nullable=False),
        sa.Column("pages", Number, nullable=False),
        sa.Column("listed", Number, nullable=False),
        sa.Column("candidates", Words, nullable=False),
        sa.Column("status", Words, nullable=False),
        sa.Column("ended_at", Number),
        sa.Column("ended_by", Words),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_fetch_plans_provider", "fetch_plans", ["provider_id", "id"])
    op.create_index("ix_fetch_plans_status", "fetch_plans", ["status", "id"])
    op.create_table(
        "fetch_plan_items",
        sa.Column("plan_id", Number, nullable=False),
        sa.Column("number", Number, nullable=False, autoincrement=False),
        sa.Column("outcome", Words, nullable=False),
        sa.Column("model_id", Words, nullable=False),
        sa.Column("model_row", Number),
        sa.Column("reason", Words, nullable=False),
        sa.Column("changes", Words, nullable=False),
        sa.Column("listed", Words),
        sa.Column("applied_at_revision", Number),
        sa.ForeignKeyConstraint(["plan_id"], ["fetch_plans.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "number"),
        sqlite_strict=True,
    )
    op.create_index("ix_fetch_plan_items_outcome", "fetch_plan_items", ["plan_id", "outcome", "number"])


def downgrade() -> None:
    op.drop_table("fetch_plan_items")
    op.drop_table("fetch_plans")
    op.drop_column("providers", "fetch_schedule")
    op.drop_column("providers", "fetch_rules")
