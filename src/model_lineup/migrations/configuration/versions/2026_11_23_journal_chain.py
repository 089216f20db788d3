"""The journal becomes a chain of digests, and append-only. Change sets that are there get their digests.

Revision ID: 2026_11_23_journal_chain
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_journal_chain"
down_revision = "2026_11_23"
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLES = ("change_sets", "change_entries", "change_digests")
SAID_SO = "EXISTS (SELECT 1 FROM change_entries WHERE entity = 'journal' AND entity_id >= OLD.change_id)"
HEADERS = "SELECT id, revision, at, actor, operation, request_id, touched FROM change_sets ORDER BY id"
ENTRIES = (
    "SELECT position, entity, entity_id, label, before, after FROM change_entries "
    "WHERE change_id = :change_id ORDER BY position"
)
STORE = "INSERT INTO change_digests (change_id, contents, digest) VALUES (:change_id, :contents, :digest)"


def upgrade() -> None:
    op.create_table(
        "change_digests",
        sa.Column("change_id", Number, autoincrement=False, nullable=False),
        sa.Column("contents", Words, nullable=False),
        sa.Column("digest", Words, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change_sets.id"]),
        sa.PrimaryKeyConstraint("change_id"),
        sqlite_strict=True,
    )
    connect_what_is_there(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        keep_on_sqlite()
    else:
        keep_on_postgresql()


def connect_what_is_there(connection: sa.Connection) -> None:
    before = ""
    for header in connection.execute(sa.text(HEADERS)).all():
        entries = connection.execute(sa.text(ENTRIES), {"change_id": header.id}).all()
        contents = sha256([list(entry) for entry in entries])
        before = sha256([before, *header, contents])
        connection.execute(sa.text(STORE), {"change_id": header.id, "contents": contents, "digest": before})


def sha256(value: list[object]) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def keep_on_sqlite() -> None:
    for table in TABLES:
        for verb in ("update", "delete"):
            unless = f"WHEN NOT {SAID_SO}" if (table, verb) == ("change_entries", "delete") else ""
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {unless}\n"
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )


def keep_on_postgresql() -> None:
    op.execute(
        f"""\
CREATE OR REPLACE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'change_entries' THEN
        IF {SAID_SO} THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$"""
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION keep_journal()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_journal()"
        )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_table("change_digests")
    for table in ("change_sets", "change_entries"):
        for name in ("no_update", "no_delete") if on_sqlite else ("append_only", "no_truncate"):
            op.execute(f"DROP TRIGGER {table}_{name}" + ("" if on_sqlite else f" ON {table}"))
    if not on_sqlite:
        op.execute("DROP FUNCTION keep_journal()")
