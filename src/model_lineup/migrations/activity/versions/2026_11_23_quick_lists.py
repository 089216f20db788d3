"""An index that lists of models are sorted and filtered through by how the models fared.

Revision ID: 2026_11_23_quick_lists
"""

from alembic import op

revision = "2026_11_23_quick_lists"
down_revision = "2026_11_23_limits_and_security"
branch_labels = None
depends_on = None

COLUMNS = ["model_row", "passed", "ttft_ms", "output_tokens_per_s"]


def upgrade() -> None:
    op.create_index("ix_model_health_list", "model_health", COLUMNS, unique=False, schema="activity")


def downgrade() -> None:
    op.drop_index("ix_model_health_list", table_name="model_health", schema="activity")
