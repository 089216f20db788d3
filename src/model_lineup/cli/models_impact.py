"""More of `lineup models`: whom it would meet if a model were hidden, disabled or deleted."""

from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.models import app
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import verb

Name = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Id, model_id, slug/model_id or alias.", autocompletion=completion.models),
]


@verb(app, "impact", examples=["lineup models impact gpt-4o"])
def impact(here: Session, model: Name) -> None:
    """Aliases that lead to a model, who used it in the last 30 days, and what they would be told without it."""

    def as_text(found: dict[str, Any]) -> None:
        requests, days = show.count(found["requests"], "request"), found["days"]
        show.line(
            f"{found['model_id']}: {requests} in the last {days} days, last used {show.cell(found['last_used_at'])}."
        )
        aliases = [f"{one['alias']} ({one['role']})" for one in found["aliases"]]
        show.facts([("aliases", aliases or "none"), ("asked for as", _names(found))])
        show.rows(found["keys"], KEYS, nothing="No key used it.")
        for when, told in (("Without it", "when_unavailable"), ("Not for agents", "when_not_for_agents")):
            error = found[told]["body"]["error"]
            show.line(f"{when}: {found[told]['status']} {error['code']}: {error['message']}")

    here.answer(here.get(f"models/{finding.model(here, model)['id']}/impact"), as_text)


def _names(found: dict[str, Any]) -> Any:
    return [f"{name['name']} ({name['requests']})" for name in found["names"]] or "nothing"


KEYS = (
    Column("key", "name"),
    Column("kind", "kind"),
    Column("requests", "requests"),
    Column("last (UTC)", "last_used_at"),
)
