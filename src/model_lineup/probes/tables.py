"""What is known of each capability of a model: the verdict that stands, and the last try."""

from sqlalchemy import Column

from model_lineup.database.metadata import Number, Words, activity, table

capabilities = table(
    "capabilities",
    activity,
    Column("model_row", Number, primary_key=True, autoincrement=False),
    Column("capability", Words, primary_key=True),
    Column("standing", Words),
    Column("basis", Words, nullable=False),
    Column("tried", Words, nullable=False),
    sqlite_with_rowid=False,
)
"""`standing`: the last finding that decided something, as JSON, and `basis` what it was found about; `tried`: the last
finding of all. They are the same unless the last try decided nothing."""
