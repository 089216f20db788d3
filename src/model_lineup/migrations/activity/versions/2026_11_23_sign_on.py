"""When a session is over in any case.

Revision ID: 2026_11_23_sign_on
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_sign_on"
down_revision = "2026_11_23_webhook_deliveries"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("ends_at", Number), schema="activity")


def downgrade() -> None:
    op.drop_column("sessions", "ends_at", schema="activity")
