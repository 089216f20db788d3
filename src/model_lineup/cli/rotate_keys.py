"""`lineup rotate-keys`: seals every stored provider key under a new key of the key ring, beside running servers."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session

if TYPE_CHECKING:
    from model_lineup.operations.rotation import Rotation
    from model_lineup.settings import Settings


def rotate_keys(
    here: Session,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only add the key to the ring, to copy the ring to other machines first.")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="Only take keys out of the ring that nothing is sealed under any more.")
    ] = False,
) -> None:
    """Seal all provider keys under a new key, also while Lineup runs. Killed, it goes on when it is run again."""
    if prepare and retire:
        raise Misused("Say one of --prepare and --retire.")
    settings = here.place.settings().settings
    from model_lineup.cli.local import refuse_missing
    from model_lineup.cli.owner import refuse_foreign
    from model_lineup.telemetry import configure

    refuse_foreign(settings.data_dir)
    refuse_missing(settings)
    configure("warning", "text")
    done = _done(settings, prepare=prepare, retire=retire)
    if here.place.as_json:
        import msgspec

        show.raw(json.dumps(msgspec.to_builtins(done)).encode())
    elif prepare:
        show.line(f"Added the key {done.prepared} to {settings.keyring_path}; nothing is sealed under it yet.")
        show.note("Copy the ring to every machine that runs Lineup on this database, then run `lineup rotate-keys`.")
    elif retire:
        _tell_retired(done)
    else:
        _tell(done, settings)


def _done(settings: "Settings", *, prepare: bool, retire: bool) -> "Rotation":
    from model_lineup.app import open_instance
    from model_lineup.operations import preflight, rotation

    with preflight.passed_by_a_command(settings), open_instance(settings) as rooms:
        path = settings.keyring_path
        if prepare:
            return rotation.prepare(path)
        turn = rotation.retire if retire else rotation.rotate
        return turn(rooms.database, path, rooms.clock)


def _tell(done: "Rotation", settings: "Settings") -> None:
    begun = "Ended the rotation that had begun: " if done.resumed else ""
    show.line(f"{begun}{show.count(done.sealed_anew, 'secret')} sealed anew under the key {done.primary}.")
    for what in done.undecryptable:
        show.line(f"Left as it is, for no key of the ring opens it: {what}.", style="yellow")
    show.note(
        f"Copy {settings.keyring_path} to where you keep it, beside the old copies: older backups need their ring."
    )
    if done.kept:
        show.note("When every server has the new ring: `lineup rotate-keys --retire` takes the old keys out of it.")


def _tell_retired(done: "Rotation") -> None:
    if done.retired:
        show.line(f"Took {', '.join(done.retired)} out of the ring.")
        show.note("Backups from before the rotation open with an older copy of the ring only: keep one with them.")
    else:
        show.line("Every key of the ring is in use; nothing was taken out.")
