"""Catalogues of models that administrators bring.

Revision ID: 2026_11_23_catalogues
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_catalogues"
down_revision = "2026_11_23_fetch_plans"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

AT_ONCE = 1_000
NAMED = "SELECT model_row, source, facts FROM stated_facts WHERE source IN ('probe', 'catalogue', 'guess')"


def upgrade() -> None:
    op.create_table(
        "catalogues",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("format", Words, nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.Column("dated", Number, nullable=False),
        sa.Column("taken", Number, nullable=False),
        sa.Column("skipped", Number, nullable=False),
        sa.Column("skips", Words, nullable=False),
        sa.Column("hosts", Words, nullable=False),
        sa.Column("entries", Words, nullable=False),
        sa.Column("added_at", Number, nullable=False),
        sa.Column("added_by", Words, nullable=False),
        sa.Column("in_use", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Older versions know the sources, but not who it was of several."""
    op.drop_table("catalogues")
    connection = op.get_bind()
    store = sa.text("UPDATE stated_facts SET facts = :facts WHERE model_row = :model_row AND source = :source")
    rows = [
        {"model_row": row.model_row, "source": row.source, "facts": nameless(row.facts)}
        for row in connection.execute(sa.text(NAMED))
    ]
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(store, rows[start : start + AT_ONCE])


def nameless(facts: str) -> str:
    said = {field: word[:2] for field, word in json.loads(facts).items()}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
