"""Indexes that lists of models are sorted through by what benchmarks found.

Revision ID: 2026_11_23_quick_sorts
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_quick_sorts"
down_revision = "2026_11_23_claims"
branch_labels = None
depends_on = None

INDEXES = {"ix_model_health_ttft": "ttft_ms", "ix_model_health_speed": "output_tokens_per_s"}


def upgrade() -> None:
    for name, column in INDEXES.items():
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name,
            "model_health",
            [column, "model_row"],
            unique=False,
            schema="activity",
            sqlite_where=known,
            postgresql_where=known,
        )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="model_health", schema="activity")
