"""Which reading of its kind's lists a provider's models are from, and each plan.

Reading 0 is that of a Lineup that did not count them. A provider that was never fetched has none.

Revision ID: 2026_11_23_list_readings
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_list_readings"
down_revision = "2026_11_23_narrow_models"
branch_labels = None
depends_on = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("providers", sa.Column("list_reading", Number))
    op.execute(
        "UPDATE providers SET list_reading = 0 WHERE id IN (SELECT provider_id FROM models WHERE source = 'discovered')"
    )
    for column in ("list_reading", "newly_read"):
        op.add_column("fetch_plans", sa.Column(column, Number, nullable=False, server_default="0"))


def downgrade() -> None:
    for column in ("newly_read", "list_reading"):
        op.drop_column("fetch_plans", column)
    op.drop_column("providers", "list_reading")
