"""`lineup restore`: puts a backup in the place of what is there, and says what of it needs a look."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.session import Session

if TYPE_CHECKING:
    from model_lineup.operations.restore import Restored

SHOWN = 10


def restore(
    here: Session,
    file: Annotated[Path, typer.Argument(help="A backup that `lineup backup` made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="There may be a Lineup already; it is kept in a folder beside.")
    ] = False,
    revoke_keys: Annotated[
        bool, typer.Option("--revoke-keys", help="Disable every API key, for they may have been revoked since.")
    ] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Do without the key ring: provider keys have to be entered again.")
    ] = False,
) -> None:
    """Put a backup in the place of what is there, while no Lineup runs. All sessions end; look through the API keys."""
    settings = here.place.settings().settings
    from model_lineup.cli.owner import refuse_foreign
    from model_lineup.clock import SystemClock
    from model_lineup.operations import restore as restoring

    refuse_foreign(settings.data_dir)
    wanted = restoring.Wanted(replace=replace, without_keys=without_keys, revoke_keys=revoke_keys)
    restored = restoring.restore(file, settings, SystemClock(), wanted)
    if here.place.as_json:
        show.raw(json.dumps(_facts(restored)).encode())
    else:
        _tell(restored)


def _facts(restored: "Restored") -> dict[str, Any]:
    import msgspec

    return {
        "manifest": msgspec.to_builtins(restored.manifest),
        "kept": str(restored.kept) if restored.kept else None,
        **msgspec.to_builtins(restored.told),
    }


def _tell(restored: "Restored") -> None:
    told, manifest = restored.told, restored.manifest
    show.line(f"Restored revision {manifest.revision}, backed up at {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    if restored.kept:
        show.line(f"What was there before is in {restored.kept}; delete it when you need it no more.")
    show.line(f"Ended {show.count(told.sessions_ended, 'session')}: everybody has to sign in again.")
    if told.runs_interrupted:
        show.line(f"Marked {show.count(told.runs_interrupted, 'benchmark')} as interrupted.")
    _list("Disabled API keys", told.keys_disabled)
    _list("Disabled people, as they were before", told.people_disabled)
    if told.undecryptable:
        _list("Enter again (`lineup providers change SLUG --api-key-prompt`)", told.undecryptable)
    if told.to_review:
        why = (
            "Those that were disabled here are again"
            if told.earlier_is_known and restored.kept
            else "Keys that were revoked after the backup work again"
        )
        _list(f"{why}; look through the others (`lineup keys list`)", told.to_review)
    show.note("Passwords and roles are those of the backup. Start Lineup with `lineup serve`.")


def _list(what: str, names: list[str]) -> None:
    if names:
        more = f" and {len(names) - SHOWN} more; --json lists all" if len(names) > SHOWN else ""
        show.line(f"{what}: {', '.join(names[:SHOWN])}{more}.")
