"""`lineup export`: the configuration as one file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to standard output.")
]


def export(here: Session, output: Output = None) -> None:
    """The configuration as one file, TOML, or JSON with --json: readable, the same bytes for the same configuration.

    Keys are not in it. It says where each is; for a key that was entered by hand it names a variable for you to set.
    """
    answer = here.get("export", format="json" if here.place.as_json else "toml")
    write(answer.body.decode(), output)
    for slug in filter(None, answer.headers.get("x-lineup-placeholders", "").split(",")):
        show.note(f"The key of {slug} was entered by hand: set the variable that the file names before you apply it.")


def write(text: str, output: Path | None) -> None:
    """Raises Misused for a file that cannot be written."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"{output}: cannot be written: {error.strerror}.") from None
