"""`lineup make-keyring`: a key ring before there is a Lineup, for several machines that are to share it."""

from pathlib import Path
from typing import Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session


def make_keyring(
    here: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; one that is there is left as it is.")],
) -> None:
    """Write a new key ring for several machines. A Lineup alone makes its own at the first start."""
    from model_lineup.vault import new_ring, store_ring

    ring = new_ring()
    try:
        store_ring(ring, file)
    except OSError as error:
        if file.exists():
            raise Misused(f"{file} is there already, and what is sealed with it would not open with another.") from None
        raise Misused(f"{file} cannot be written: {error.strerror}.") from None
    show.line(f"Wrote a key ring with the key {ring.primary} to {file}, readable by you alone.")
    show.note("Keep a copy in a safe place: without it no provider key and no API key of that Lineup works.")
