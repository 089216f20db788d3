"""What a change set did stands in parts of a thousand entries, as the JSON that the chain covers; digests stay.

And on PostgreSQL models are found by their revision without an index over each, with room beside them for their next
version: a change of many rows then writes those rows and nothing else.

Revision ID: 2026_11_23_journal_contents
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_journal_contents"
down_revision = "2026_11_23_front_ends"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

IN_A_PART = 1_000
SETS = "SELECT id FROM change_sets ORDER BY id"
ENTRIES = (
    "SELECT position, entity, entity_id, label, before, after FROM change_entries "
    "WHERE change_id = :change_id ORDER BY position"
)
STORE_PART = (
    "INSERT INTO change_contents (change_id, part, entity, lowest, highest, entries) "
    "VALUES (:change_id, :part, :entity, :lowest, :highest, :entries)"
)
PARTS = "SELECT entries FROM change_contents WHERE change_id = :change_id ORDER BY part"
STORE_ENTRY = (
    "INSERT INTO change_entries (change_id, position, entity, entity_id, label, before, after) "
    "VALUES (:change_id, :position, :entity, :entity_id, :label, :before, :after)"
)
FIELDS = ("position", "entity", "entity_id", "label", "before", "after")


def upgrade() -> None:
    op.create_table(
        "change_contents",
        sa.Column("change_id", Number, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("entity", Words, nullable=False),
        sa.Column("lowest", Number, nullable=False),
        sa.Column("highest", Number, nullable=False),
        sa.Column("entries", Words, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "part"),
        sqlite_strict=True,
    )
    op.create_index("ix_change_contents_rows", "change_contents", ["entity", "highest", "lowest"], unique=False)
    connection = op.get_bind()
    for change_id in connection.execute(sa.text(SETS)).scalars().all():
        entries = connection.execute(sa.text(ENTRIES), {"change_id": change_id}).all()
        if parts := [{"change_id": change_id, **part} for part in parts_of(entries)]:
            connection.execute(sa.text(STORE_PART), parts)
    keep(
        "change_contents",
        "EXISTS (SELECT 1 FROM change_contents WHERE entity = 'journal' AND highest >= OLD.change_id)",
    )
    op.drop_table("change_entries")
    if on_postgresql():
        change_quickly()


def parts_of(entries: Sequence[sa.Row[Any]]) -> Iterator[dict[str, Any]]:
    start, part = 0, 0
    while start < len(entries):
        entity, here = entries[start].entity, []
        for entry in entries[start : start + IN_A_PART]:
            if entry.entity != entity:
                break
            here.append(entry)
        ids = [entry.entity_id for entry in here]
        text = json.dumps([list(entry) for entry in here], ensure_ascii=False, separators=(",", ":"))
        yield {"part": part, "entity": entity, "lowest": min(ids), "highest": max(ids), "entries": text}
        start, part = start + len(here), part + 1


def change_quickly() -> None:
    op.execute("ALTER TABLE models SET (fillfactor = 50)")
    op.execute("DROP INDEX ix_models_changed")
    op.execute(
        "CREATE INDEX ix_models_changed ON models USING brin (changed_at_revision) "
        "WITH (pages_per_range = 32, autosummarize = on)"
    )
    op.execute("CLUSTER models USING models_pkey")
    op.execute("ALTER TABLE models SET WITHOUT CLUSTER")


def downgrade() -> None:
    op.create_table(
        "change_entries",
        sa.Column("change_id", Number, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("entity", Words, nullable=False),
        sa.Column("entity_id", Number, nullable=False),
        sa.Column("label", Words, nullable=False),
        sa.Column("before", Words, nullable=False),
        sa.Column("after", Words, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "position"),
        sqlite_strict=True,
    )
    op.create_index("ix_change_entries_entity", "change_entries", ["entity", "entity_id"], unique=False)
    connection = op.get_bind()
    for change_id in connection.execute(sa.text(SETS)).scalars().all():
        for part in connection.execute(sa.text(PARTS), {"change_id": change_id}).scalars().all():
            rows = [{"change_id": change_id, **dict(zip(FIELDS, entry, strict=True))} for entry in json.loads(part)]
            connection.execute(sa.text(STORE_ENTRY), rows)
    keep(
        "change_entries",
        "EXISTS (SELECT 1 FROM change_entries WHERE entity = 'journal' AND entity_id >= OLD.change_id)",
    )
    op.drop_table("change_contents")
    if on_postgresql():
        op.execute("ALTER TABLE models RESET (fillfactor)")
        op.execute("DROP INDEX ix_models_changed")
        op.create_index("ix_models_changed", "models", ["changed_at_revision"], unique=False)


def on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def keep(table: str, said_so: str) -> None:
    """Rows are added and never change, but for contents that the journal itself has given up."""
    if not on_postgresql():
        for verb in ("update", "delete"):
            unless = f"WHEN NOT {said_so}" if verb == "delete" else ""
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {unless}\n"
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )
        return
    op.execute(
        f"""\
CREATE OR REPLACE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = '{table}' THEN
        IF {said_so} THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$"""
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION keep_journal()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_journal()"
    )
