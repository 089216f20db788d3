"""Which account at a provider of sign-on a person is.

Revision ID: 2026_11_23_sign_on
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_sign_on"
down_revision = "2026_11_23_staged_changes"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("people", sa.Column("issuer", Words))
    op.add_column("people", sa.Column("subject", Words))
    alive = sa.text("deleted_at IS NULL")
    columns = ["issuer", "subject"]
    op.create_index("ux_people_subject", "people", columns, unique=True, sqlite_where=alive, postgresql_where=alive)


def downgrade() -> None:
    op.drop_index("ux_people_subject", "people")
    op.drop_column("people", "subject")
    op.drop_column("people", "issuer")
