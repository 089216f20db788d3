"""When the last backup was made, as a note in the data folder: the backups themselves may be anywhere by now."""

import contextlib
from datetime import datetime
from pathlib import Path

import msgspec

from model_lineup import durable
from model_lineup.operations.archive import Manifest
from model_lineup.settings import Settings

NOTE = "last-backup.json"


class LastBackup(msgspec.Struct, frozen=True):
    """`file`: where it was written to, None for standard output. `revision`: of the configuration in it."""

    made_at: datetime
    revision: int
    file: str | None


def note(settings: Settings, manifest: Manifest, file: Path | None) -> None:
    """After a backup is whole. A folder that cannot be written to gets no note: the backup is what counts."""
    last = LastBackup(manifest.made_at, manifest.revision, None if file is None else str(file.absolute()))
    with (
        contextlib.suppress(OSError),
        durable.written(settings.data_dir / NOTE, replace=True) as out,
    ):
        out.write(msgspec.json.encode(last))


def last(settings: Settings) -> LastBackup | None:
    """None where there is no note, or one that cannot be read."""
    try:
        return msgspec.json.decode((settings.data_dir / NOTE).read_bytes(), type=LastBackup)
    except (OSError, msgspec.DecodeError):
        return None
