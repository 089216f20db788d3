"""What a source says of a model stands in one row, not in one for each field.

Revision ID: 2026_11_23_stated_facts
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_stated_facts"
down_revision = "2026_11_23_journal_contents"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

AT_ONCE = 1_000
MODELS = "SELECT id FROM models ORDER BY id"
BY_FIELD = (
    "SELECT model_row, source, field, value, at FROM model_facts "
    "WHERE model_row BETWEEN :first AND :last ORDER BY model_row, source, field"
)
BY_SOURCE = "SELECT model_row, source, facts FROM stated_facts WHERE model_row BETWEEN :first AND :last"
STORE_SOURCE = "INSERT INTO stated_facts (model_row, source, facts) VALUES (:model_row, :source, :facts)"
STORE_FIELD = (
    "INSERT INTO model_facts (model_row, field, source, value, at) VALUES (:model_row, :field, :source, :value, :at)"
)
Row = dict[str, Any]


def upgrade() -> None:
    op.create_table(
        "stated_facts",
        sa.Column("model_row", Number, nullable=False),
        sa.Column("source", Words, nullable=False),
        sa.Column("facts", Words, nullable=False),
        sa.ForeignKeyConstraint(["model_row"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_row", "source"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    rewrite(BY_FIELD, together, STORE_SOURCE)
    op.drop_table("model_facts")


def together(rows: Iterable[sa.Row[Any]]) -> Iterator[Row]:
    """The value as it was written: numbers too keep each digit."""
    for (model_row, source), facts in groupby(rows, key=lambda row: (row.model_row, row.source)):
        said = ",".join(f"{json.dumps(fact.field)}:[{fact.value},{fact.at}]" for fact in facts)
        yield {"model_row": model_row, "source": source, "facts": f"{{{said}}}"}


def downgrade() -> None:
    op.create_table(
        "model_facts",
        sa.Column("model_row", Number, nullable=False),
        sa.Column("field", Words, nullable=False),
        sa.Column("source", Words, nullable=False),
        sa.Column("value", Words, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.ForeignKeyConstraint(["model_row"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_row", "field", "source"),
        sqlite_strict=True,
    )
    rewrite(BY_SOURCE, apart, STORE_FIELD)
    op.drop_table("stated_facts")


def apart(rows: Iterable[sa.Row[Any]]) -> Iterator[Row]:
    for row in rows:
        for field, (value, at, *_) in json.loads(row.facts).items():  # later ones also say by whom
            written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            yield {"model_row": row.model_row, "field": field, "source": row.source, "value": written, "at": at}


def rewrite(read: str, turned: Callable[[Iterable[sa.Row[Any]]], Iterator[Row]], store: str) -> None:
    """All rows, those of a thousand models at a time."""
    connection = op.get_bind()
    ids = iter(connection.execute(sa.text(MODELS)).scalars().all())
    while here := list(islice(ids, AT_ONCE)):
        found = connection.execute(sa.text(read), {"first": here[0], "last": here[-1]}).all()
        if rows := list(turned(found)):
            connection.execute(sa.text(store), rows)
