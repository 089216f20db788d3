"""Catalogues that administrators brought: what was read out of the file, not the file itself."""

from sqlalchemy import Column

from model_lineup.database.metadata import Flag, Number, Words, configuration, row_id, table

catalogues = table(
    "catalogues",
    configuration,
    row_id(),
    Column("name", Words, nullable=False),
    Column("format", Words, nullable=False),
    Column("digest", Words, nullable=False),
    Column("dated", Number, nullable=False),
    Column("taken", Number, nullable=False),
    Column("skipped", Number, nullable=False),
    Column("skips", Words, nullable=False),
    Column("hosts", Words, nullable=False),
    Column("entries", Words, nullable=False),
    Column("added_at", Number, nullable=False),
    Column("added_by", Words, nullable=False),
    Column("in_use", Flag, nullable=False),
)
"""At most one is in use. `dated` is the file's own date; `entries` and `hosts` are those of `shapes.Contents`."""
