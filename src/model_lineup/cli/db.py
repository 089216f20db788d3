"""`lineup db`: the database itself. Copying a Lineup from SQLite to PostgreSQL, and back."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import noun, verb

if TYPE_CHECKING:
    from model_lineup.operations.moving import Copied
    from model_lineup.operations.places import Place

app = noun("db", "The database of the Lineup here.")


@verb(
    app,
    "copy",
    only_here=True,
    examples=[
        "lineup db copy --to postgresql://lineup@db.example.com/lineup --dry-run",
        "lineup db copy --from sqlite:lineup-data --to env:NEW_DATABASE_URL",
        "lineup db copy --from env:LINEUP_DATABASE_URL --to sqlite:new-data",
    ],
)
def copy(
    here: Session,
    to: Annotated[
        str, typer.Option("--to", help="An empty database: postgresql://…, sqlite:FOLDER, or env:NAME.", metavar="URL")
    ],
    source: Annotated[
        str | None, typer.Option("--from", help="What to copy; the Lineup here by default.", metavar="URL")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look whether it could be done; write nothing.")] = False,
) -> None:
    """Copy everything into an empty database, SQLite or PostgreSQL, while no Lineup runs on either; then compare it."""
    from model_lineup.cli.owner import refuse_foreign
    from model_lineup.operations import moving
    from model_lineup.operations.places import place_of

    target = place_of(to)
    origin = _here(here) if source is None else place_of(source)
    for place in (origin, target):
        if place.folder is not None:
            refuse_foreign(place.folder)
    tell = (lambda _table, _rows: None) if here.place.as_json else _progress
    done = moving.copy(origin, target, dry_run=dry_run, tell=tell)
    if here.place.as_json:
        import msgspec

        show.raw(json.dumps(msgspec.to_builtins(done)).encode())
    else:
        _tell(done, target)


def _here(here: Session) -> "Place":
    from model_lineup.operations.places import Place, place_of

    settings = here.place.settings().settings
    if settings.database_url is not None:
        return place_of(settings.database_url.get_secret_value())
    return Place(settings.data_dir, None, str(settings.data_dir))


def _progress(table: str, rows: int) -> None:
    if rows:
        show.note(f"{table}: {rows}")


def _tell(done: "Copied", target: "Place") -> None:
    rows, tables = sum(done.rows.values()), sum(1 for count in done.rows.values() if count)
    if done.dry_run:
        show.line(f"{rows} rows of {tables} tables would be copied from {done.source} to {done.target}. Nothing was.")
        return
    show.line(
        f"Copied {rows} rows of {tables} tables from {done.source} to {done.target}, revision {done.revision}; read "
        "again and compared, they are equal."
    )
    if target.folder is None:
        show.note("Start Lineup on it with LINEUP_DATABASE_URL, and with the key ring that it has had.")
    else:
        show.note(
            f"Start Lineup on it with --data-dir {target.folder}, where its key ring (keyring.json) has to be, too."
        )
    show.note("Do not start both: each would be changed without the other.")
