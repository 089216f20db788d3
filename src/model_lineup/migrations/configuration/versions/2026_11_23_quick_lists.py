"""Indexes that lists of models are read through.

Revision ID: 2026_11_23_quick_lists
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_quick_lists"
down_revision = "2026_11_23_journal_chain"
branch_labels = None
depends_on = None

LIST = (
    "id",
    "provider_id",
    "visible",
    "agents_enabled",
    "supports_tools",
    "supports_vision",
    "supports_streaming",
    "task",
    "source",
    "context_length",
    "max_output_tokens",
    "missing_since",
    'instr(lifecycle, \'"state":"retired"\')',
    "created_at",
    "updated_at",
    "model_id",
    "lower(display_name)",
)


def upgrade() -> None:
    op.drop_index("ix_models_display_name", table_name="models")
    if op.get_bind().dialect.name == "sqlite":
        columns = [sa.text(one) for one in LIST]
        op.create_index("ix_models_list", "models", columns, sqlite_where=sa.text("deleted_at IS NULL"))
    else:
        op.create_index("ix_models_lower_name", "models", [sa.literal_column("lower(display_name)"), "id"])


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_index("ix_models_list" if on_sqlite else "ix_models_lower_name", table_name="models")
    op.create_index("ix_models_display_name", "models", ["display_name"])
