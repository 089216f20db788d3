"""What a shell completes: names of models and slugs of providers, read from the data folder here.

Not through the API, which would take a second to import; and whatever goes wrong, a completion says nothing.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

BUSY_S = 0.2


def models(context: typer.Context, incomplete: str) -> list[str]:
    """Aliases and `model_id`s."""
    return _read(context, lambda naming, connection: naming.names(connection, incomplete))


def providers(context: typer.Context, incomplete: str) -> list[str]:
    return _read(context, lambda naming, connection: naming.slugs(connection, incomplete))


def _read(context: typer.Context, names: Callable[[Any, Any], list[str]]) -> list[str]:
    folder = _folder(context)
    if not all((folder / file).is_file() for file in ("lineup.db", "activity.db")):
        return []
    try:
        from model_lineup.catalog.store import naming
        from model_lineup.database import engines

        database = engines.open_sqlite(folder, busy_s=BUSY_S, queue=0, readers=1)
        try:
            with database.read() as connection:
                return names(naming, connection)
        finally:
            database.close()
    except Exception:  # the user is typing: no place for an error
        return []


def _folder(context: typer.Context) -> Path:
    said = context.params.get("data_dir") or context.find_root().params.get("data_dir")
    return Path(said or os.environ.get("LINEUP_DATA_DIR") or "lineup-data")
