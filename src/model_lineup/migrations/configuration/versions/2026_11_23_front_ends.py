"""Keys of front ends that are believed for whom they ask.

Revision ID: 2026_11_23_front_ends
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_front_ends"
down_revision = "2026_11_23_claimed_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("trusted_front_end", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("keys", "trusted_front_end")
