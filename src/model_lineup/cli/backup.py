"""`lineup backup`: one file with everything, made beside a running server; and a look whether such a file is sound."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session

if TYPE_CHECKING:
    from model_lineup.operations.archive import Manifest
    from model_lineup.settings import Settings

STDOUT = "-"


def backup(
    here: Session,
    path: Annotated[
        str | None,
        typer.Argument(help="File to write, or a folder for it; - for standard output. Else a new file here."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    with_keyring: Annotated[
        bool, typer.Option("--with-keyring", help="Put the key ring in: whoever has the file can read all keys.")
    ] = False,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="FILE", help="Write nothing; look whether this backup is sound.")
    ] = None,
) -> None:
    """Write everything into one file, also while Lineup runs and is written to. The key ring is left out."""
    if verify is not None:
        if path is not None or force or with_keyring:
            raise Misused("--verify only looks at the file that it names; leave the rest out.")
        from model_lineup.operations.backup import verify as look

        _answer(here, verify, look(verify))
        return
    settings = here.place.settings().settings
    from model_lineup.cli.owner import refuse_foreign

    refuse_foreign(settings.data_dir)
    if path == STDOUT:
        _to_stdout(here, settings, with_keyring)
        return
    _to_file(here, settings, path, force=force, with_keyring=with_keyring)


def _to_file(here: Session, settings: "Settings", path: str | None, *, force: bool, with_keyring: bool) -> None:
    from model_lineup.clock import SystemClock
    from model_lineup.operations import backup as backups
    from model_lineup.operations import last_backup
    from model_lineup.operations.source import Source

    clock = SystemClock()
    target = Path(path or ".")
    if target.is_dir():
        target /= f"lineup-backup-{clock.now():%Y-%m-%dT%H-%M-%SZ}.tar.gz"
    manifest = backups.to_file(Source(settings), target, clock, force=force, with_keyring=with_keyring)
    last_backup.note(settings, manifest, target)
    _answer(here, target, manifest)
    _say_where_the_keys_are(settings, manifest)


def _to_stdout(here: Session, settings: "Settings", with_keyring: bool) -> None:
    from model_lineup.clock import SystemClock
    from model_lineup.operations import backup as backups
    from model_lineup.operations import last_backup
    from model_lineup.operations.source import Source

    if here.place.as_json:
        raise Misused("Standard output is the backup itself; leave out --json.")
    if sys.stdout.isatty():
        raise Misused("A backup is no text for a terminal: send it somewhere, as in `lineup backup - > FILE`.")
    work_in = settings.data_dir if settings.data_dir.is_dir() else None
    manifest = backups.make(Source(settings), sys.stdout.buffer, work_in, SystemClock(), with_keyring=with_keyring)
    sys.stdout.buffer.flush()
    last_backup.note(settings, manifest, None)
    _say_where_the_keys_are(settings, manifest)


def _answer(here: Session, path: Path, manifest: "Manifest") -> None:
    if here.place.as_json:
        import msgspec

        told: dict[str, Any] = {"file": str(path), "manifest": msgspec.to_builtins(manifest)}
        show.raw(json.dumps(told).encode())
        return
    show.line(f"{path}: sound, {path.stat().st_size / 1e6:.1f} MB")
    show.facts(
        [
            ("made at", manifest.made_at.isoformat()),
            ("by", f"Lineup {manifest.lineup} on {'SQLite' if manifest.database == 'sqlite' else 'PostgreSQL'}"),
            ("revision", manifest.revision),
            ("rows", ", ".join(f"{count} {name}" for name, count in manifest.rows.items() if count)),
            ("key ring", "in it" if manifest.has_keyring else "not in it"),
        ]
    )


def _say_where_the_keys_are(settings: "Settings", manifest: "Manifest") -> None:
    """The last line, for people: what they still have to do."""
    if manifest.has_keyring:
        show.note("The key ring is in it: whoever has this file can read every provider key. Keep it like one.")
        return
    show.note(
        f"The key ring is not in it, and without it no stored key opens. Keep a copy of {settings.keyring_path} "
        "somewhere else than the backups."
    )
