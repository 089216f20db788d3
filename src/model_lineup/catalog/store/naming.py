"""Names that begin with something: what a shell completes."""

from sqlalchemy import Column, Connection, select

from model_lineup.catalog.tables import aliases, models, providers

MOST = 200


def names(connection: Connection, beginning: str) -> list[str]:
    """Aliases and `model_id`s, spelt with this beginning."""
    return [*_beginning(connection, aliases.c.alias, beginning), *_beginning(connection, models.c.model_id, beginning)]


def slugs(connection: Connection, beginning: str) -> list[str]:
    """Of providers."""
    return _beginning(connection, providers.c.slug, beginning)


def _beginning(connection: Connection, column: Column[str], beginning: str) -> list[str]:
    wanted = select(column).where(column.startswith(beginning, autoescape=True), column.table.c.deleted_at.is_(None))
    return sorted(set(connection.execute(wanted.limit(MOST)).scalars()))
