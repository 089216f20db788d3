"""When a provider's models are tested without anybody asking.

Revision ID: 2026_11_23_check_schedules
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_check_schedules"
down_revision = "2026_11_23_undone_changes"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("providers", sa.Column("check_schedule", Words))


def downgrade() -> None:
    op.drop_column("providers", "check_schedule")
