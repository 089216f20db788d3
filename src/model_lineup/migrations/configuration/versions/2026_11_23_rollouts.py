"""Aliases that are being rolled out: the other model, and the share that gets it.

Revision ID: 2026_11_23_rollouts
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_rollouts"
down_revision = "2026_11_23_sign_on"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("aliases", sa.Column("rollout", Words))


def downgrade() -> None:
    op.drop_column("aliases", "rollout")
