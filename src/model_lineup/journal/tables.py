"""Change sets, what each of them did to which rows, and their digests: rows are added, and never change.

Triggers hold that against mistakes and other tools. Contents alone may go, and only where the journal says so itself:
an entry ("journal", N) allows to delete the contents of change sets up to N.
"""

from sqlalchemy import DDL, Column, ForeignKey, Index, Integer, Table, event

from model_lineup.database.metadata import Number, Words, configuration, row_id, table

change_sets = table(
    "change_sets",
    configuration,
    row_id(),
    Column("revision", Number, nullable=False, unique=True),
    Column("at", Number, nullable=False),
    Column("actor", Words, nullable=False),
    Column("operation", Words, nullable=False),
    Column("request_id", Words),
    Column("touched", Integer, nullable=False),
)

change_contents = table(
    "change_contents",
    configuration,
    Column("change_id", Number, ForeignKey("change_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("entity", Words, nullable=False),
    Column("lowest", Number, nullable=False),
    Column("highest", Number, nullable=False),
    Column("entries", Words, nullable=False),
    Index("ix_change_contents_rows", "entity", "highest", "lowest"),
)
"""The entries of a change set, a thousand to a row as the JSON that the chain covers (docs/decisions/0036).

`lowest` and `highest` of the row ids in it: where to look for what happened to one row.
"""

change_digests = table(
    "change_digests",
    configuration,
    Column("change_id", Number, ForeignKey("change_sets.id"), primary_key=True, autoincrement=False),
    Column("contents", Words, nullable=False),
    Column("digest", Words, nullable=False),
)

claimed_changes = table(
    "claimed_changes",
    configuration,
    Column("claim", Words, primary_key=True),
    Column("change_id", Number, nullable=False),
    Column("at", Number, nullable=False),
    Index("ix_claimed_changes_at", "at"),
)
"""Which change set a request made that can come twice (`Idempotency-Key`): kept for some days, no part of the chain."""

undone_changes = table(
    "undone_changes",
    configuration,
    Column("change_id", Number, ForeignKey("change_sets.id"), primary_key=True, autoincrement=False),
    Column("by_change", Number, ForeignKey("change_sets.id"), primary_key=True, autoincrement=False),
    Index("ix_undone_changes_by", "by_change"),
)
"""Which change set took which back. What was taken back is itself a change set, and can be taken back again."""

_SAID_SO = "EXISTS (SELECT 1 FROM change_contents WHERE entity = 'journal' AND highest >= OLD.change_id)"

_SQLITE = """\
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} {unless}
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"""

_POSTGRES_FUNCTION = f"""\
CREATE OR REPLACE FUNCTION keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'change_contents' THEN
        IF {_SAID_SO} THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION 'the journal is append-only';
END $$"""

_POSTGRES = """\
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_journal();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION keep_journal()"""


def _ddl(statement: str) -> DDL:
    return DDL(statement)  # type: ignore[no-untyped-call]


def _keep(kept: Table) -> None:
    """Let the triggers be made with the table."""
    for verb in ("update", "delete"):
        unless = f"WHEN NOT {_SAID_SO}" if (kept, verb) == (change_contents, "delete") else ""
        made = _SQLITE.format(table=kept.name, verb=verb, unless=unless)
        event.listen(kept, "after_create", _ddl(made).execute_if(dialect="sqlite"))
    for made in (_POSTGRES_FUNCTION, *_POSTGRES.format(table=kept.name).split(";")):
        event.listen(kept, "after_create", _ddl(made).execute_if(dialect="postgresql"))


for _table in (change_sets, change_contents, change_digests):
    _keep(_table)
