"""`lineup turns`: tests and benchmarks of many models that wait for their turn, and those under way."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("turns", "Tests and benchmarks that wait for their turn.")
Kind = Annotated[
    Literal["benchmark", "capabilities", "connection"] | None,
    typer.Option(help="Only of this kind.", show_default=False),
]
State = Annotated[
    Literal["waiting", "under_way", "refused"] | None,
    typer.Option(help="Only those in this state.", show_default=False),
]
COLUMNS = (
    Column("id", "id"),
    Column("kind", "kind"),
    Column("model", "model_id"),
    Column("state", lambda turn: turn["state"].replace("_", " ")),
    Column("why not", "reason"),
    Column("asked by", "actor"),
    Column("asked (UTC)", "asked_at"),
)


@verb(app, "list", examples=["lineup turns list --kind benchmark"])
def list_turns(here: Session, kind: Kind = None, state: State = None) -> None:
    """What was asked for and is not over, those first that begin next; and what was refused within the last hour."""

    def as_text(found: dict[str, Any]) -> None:
        show.rows(found["turns"], COLUMNS, nothing="Nothing waits.")

    here.answer(here.get("turns", kind=kind, state=state), as_text)


@verb(app, "cancel", examples=["lineup turns cancel 12", "lineup turns cancel --kind capabilities"])
def cancel_turns(
    here: Session,
    turn: Annotated[
        int | None, typer.Argument(metavar="ID", min=1, help="Only this one; `lineup turns list` shows them.")
    ] = None,
    kind: Kind = None,
    everything: Annotated[bool, typer.Option("--all", help="Of every kind.")] = False,
) -> None:
    """What waits does not begin, tests under way end within seconds. `lineup runs cancel` ends benchmarks."""

    if turn is None and kind is None and not everything:
        raise Misused("Say which turn, a --kind, or --all.")

    def as_text(found: dict[str, Any]) -> None:
        count = found["cancelled"]
        show.line(f"{show.count(count, 'turn')} ended." if count else "Nothing waits.")

    here.answer(here.delete("turns", kind=kind, id=turn), as_text)
