"""`lineup config`: the settings, and where each one comes from."""

import json
from typing import Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import noun, verb

app = noun("config", "The settings of the Lineup here.")
MASK = "(set, not shown)"


@verb(app, "show", only_here=True, examples=["LINEUP_PORT=9000 lineup config show --origin"])
def show_config(
    here: Session,
    origin: Annotated[bool, typer.Option("--origin", help="Where each one comes from.")] = False,
) -> None:
    """All settings as a server here would have them; secrets are masked. Sets nothing."""
    loaded = here.place.settings()
    values = {name: _shown(getattr(loaded.settings, name)) for name in type(loaded.settings).model_fields}
    if here.place.as_json:
        found = {name: {"value": value, "origin": loaded.origin[name]} for name, value in values.items()}
        show.raw(json.dumps(found if origin else values).encode())
        return
    names = ["setting", "value", *(["from"] if origin else [])]
    show.table([[name, value, *([loaded.origin[name]] if origin else [])] for name, value in values.items()], names)


def _shown(value: Any) -> Any:
    """A plain value; a secret is only said to be set."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return MASK if hasattr(value, "get_secret_value") else str(value)
