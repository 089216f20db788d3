"""Which configuration file a row belongs to, and where a provider's key was said to be.

Revision ID: 2026_11_23_managed_rows
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_managed_rows"
down_revision = "2026_11_23_webhooks"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MANAGED = sa.text("managed_by IS NOT NULL")


def upgrade() -> None:
    op.add_column("providers", sa.Column("key_reference", Words))
    for table in ("providers", "models", "aliases"):
        op.add_column(table, sa.Column("managed_by", Words))
    op.create_index("ix_models_managed", "models", ["managed_by", "id"], sqlite_where=MANAGED, postgresql_where=MANAGED)


def downgrade() -> None:
    op.drop_index("ix_models_managed", "models")
    for table in ("aliases", "models", "providers"):
        op.drop_column(table, "managed_by")
    op.drop_column("providers", "key_reference")
