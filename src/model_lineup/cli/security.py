"""`lineup security-log`: who came to the doors, and what was done to people and keys."""

from typing import Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.options import Limit, Offset, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column

COLUMNS = (
    Column("last at (UTC)", "last_at"),
    Column("event", "event"),
    Column("who", "actor"),
    Column("from", "address"),
    Column("times", "count"),
    Column("details", lambda row: ", ".join(f"{name} {_words(value)}" for name, value in row["details"].items())),
)


def security_log(
    here: Session,
    event: Annotated[str | None, typer.Option(help="Only this sort, such as sign_in_failed or key_refused.")] = None,
    actor: Annotated[str | None, typer.Option(help="Exactly this person or key, as the list names it.")] = None,
    since: Annotated[str | None, typer.Option(help="Not older than this, like 2030-01-31T12:00:00Z.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Sign-ins, refusals, and what was done to people and keys, newest first."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["entries"], COLUMNS, nothing="Nothing of that sort has happened.")
        if rest := shown_of(page, len(page["entries"])):
            show.note(rest)

    here.answer(here.get("security-log", event=event, actor=actor, since=since, limit=limit, offset=offset), as_text)


def _words(value: Any) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)
