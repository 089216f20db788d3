"""Making a backup, and looking whether one is sound."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from model_lineup import __version__, durable
from model_lineup.clock import Clock
from model_lineup.database import engines, health
from model_lineup.errors import OperationRefused, StartRefused
from model_lineup.migrations import upgrade
from model_lineup.migrations.upgrade import Versions
from model_lineup.operations import archive, store
from model_lineup.operations.archive import DATABASES, FORMAT, KEY_RING, Manifest, member_of
from model_lineup.operations.source import Source
from model_lineup.settings import Settings
from model_lineup.vault import load_ring

UPGRADE = "before-upgrade-"


def make(source: Source, out: IO[bytes], work_in: Path | None, clock: Clock, *, with_keyring: bool = False) -> Manifest:
    """Write a backup of `source` to `out`; the copies that go into it are made in the folder `work_in`.

    Others may go on writing meanwhile. Raises OperationRefused, StartRefused.
    """
    with scratch(work_in) as folder:
        source.copy_into(folder)
        if with_keyring:
            _add_keyring(source.settings.keyring_path, folder)
        manifest = describe(folder, clock.now(), database=source.kind)
        archive.pack(manifest, folder, out)
    return manifest


def to_file(source: Source, path: Path, clock: Clock, *, force: bool = False, with_keyring: bool = False) -> Manifest:
    """A backup in a file for its owner alone; it stands under its name when it is whole and on the disk.

    Raises OperationRefused where there is such a file already, unless `force`.
    """
    if path.exists() and not force:
        raise _there(path)
    try:
        with durable.written(path, replace=force) as out:
            return make(source, out, path.parent, clock, with_keyring=with_keyring)
    except FileExistsError:
        raise _there(path) from None
    except OSError as error:
        raise OperationRefused(f"{path} cannot be written: {error.strerror or error}.") from None


def before_upgrade(settings: Settings, clock: Clock, versions: Versions) -> None:
    """A backup of tables that are about to be changed, in `backups` of the data folder; older ones go.

    The caller holds the write locks. Raises StartRefused: without a backup there is no upgrade.
    """
    if settings.upgrade_backups == 0:
        return
    folder = settings.data_dir / "backups"
    was = "-".join(sorted({version for version in versions.values() if version}))
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        to_file(Source(settings), folder / f"{UPGRADE}{clock.now():%Y-%m-%dT%H-%M-%SZ}-from-{was}.tar.gz", clock)
    except (OSError, OperationRefused) as error:
        raise StartRefused(
            f"The tables have to be upgraded, and the backup before that failed: {error} "
            "Make room for it, or back up yourself and set LINEUP_UPGRADE_BACKUPS=0."
        ) from None
    for old in sorted(folder.glob(f"{UPGRADE}*.tar.gz"))[: -settings.upgrade_backups]:
        old.unlink()


def pack(copied: Path, path: Path, clock: Clock, *, database: str) -> None:
    """A backup of copies that are there already."""
    manifest = describe(copied, clock.now(), database=database)
    with durable.written(path, replace=False) as out:
        archive.pack(manifest, copied, out)


def verify(path: Path, work_in: Path | None = None) -> Manifest:
    """Unpack it, and compare all that can be compared. Raises OperationRefused."""
    with scratch(work_in) as folder:
        manifest = archive.unpack(path, folder)
        check_copies(folder, manifest, path)
    return manifest


def check_copies(folder: Path, manifest: Manifest, path: Path) -> None:
    """Whether the databases in `folder` are sound, and what `manifest` says. Raises OperationRefused."""
    try:
        found = describe(folder, manifest.made_at, database=manifest.database)
    except StartRefused as refused:
        raise OperationRefused(
            f"{path} was made by Lineup {manifest.lineup}: {refused.detail} Its tables are of "
            f"{', '.join(f'{name} {version}' for name, version in manifest.schema.items())}; "
            f"Lineup {manifest.lineup} or a newer one can restore it."
        ) from None
    for what in ("schema", "revision", "rows"):
        if getattr(found, what) != getattr(manifest, what):
            raise OperationRefused(f"{path} is no sound backup: its {what} are not what its manifest says.")


def describe(folder: Path, made_at: datetime, *, database: str) -> Manifest:
    """The manifest of the copies in `folder`. Raises OperationRefused when they are damaged."""
    opened = engines.open_sqlite(folder, busy_s=1, queue=1, readers=1)
    with contextlib.closing(opened):
        if damage := health.damage(opened):
            raise OperationRefused(
                f"The database is damaged ({'; '.join(damage[:3])}), so this would be no backup. "
                "Keep a copy of its files with Lineup stopped, and restore an older backup."
            )
        with opened.read() as connection:
            schema, revision = upgrade.stored_versions(connection), store.revision(connection)
            rows, keys = store.rows(connection), store.keys_in_use(connection)
    names = [name for name in (*DATABASES, KEY_RING) if (folder / name).is_file()]
    return Manifest(
        format=FORMAT,
        lineup=__version__,
        made_at=made_at,
        database=database,
        schema=schema,
        revision=revision,
        rows=rows,
        keys=keys,
        members={name: member_of(folder / name) for name in names},
    )


@contextlib.contextmanager
def scratch(within: Path | None) -> Iterator[Path]:
    """A folder for its owner alone that is gone afterwards; None: where the system keeps such things."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".lineup-", dir=within))
    except OSError as error:
        raise OperationRefused(f"Nothing can be written to {within}: {error.strerror or error}.") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _add_keyring(path: Path, folder: Path) -> None:
    if load_ring(path) is None:
        raise OperationRefused(f"There is no key ring {path} to put into the backup.")
    durable.make_private(folder / KEY_RING)
    (folder / KEY_RING).write_bytes(path.read_bytes())


def _there(path: Path) -> OperationRefused:
    return OperationRefused(f"{path} is there already. Name another file, or pass --force to replace it.")
