"""More of `lineup models`: what every source says of a model."""

from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.models import app
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

Name = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Id, model_id, slug/model_id or alias.", autocompletion=completion.models),
]


@verb(app, "facts", examples=["lineup models facts gpt-4o"])
def facts(here: Session, model: Name) -> None:
    """What is known of a model: the value that counts, marked with *, and what every other source says."""

    def as_text(found: dict[str, Any]) -> None:
        show.table(list(_rows(found)), ["", "field", "value", "source", "by", "since"])

    here.answer(here.get(f"models/{finding.model(here, model)['id']}/facts"), as_text)


def _rows(found: dict[str, Any]) -> Any:
    for one in found["fields"]:
        counts, said = one["effective"], one["said"]
        if counts is not None and counts not in said:
            said = [counts, *said]
        for place, fact in enumerate(said):
            mark = "*" if place == 0 else ""
            yield [mark, one["field"], fact["value"], fact["source"], fact.get("by"), fact["at"]]
