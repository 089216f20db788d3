"""One backup in one file: a gzipped tar of a manifest, then of what the manifest names with its SHA-256.

Both databases are in it as SQLite files, also when they come from PostgreSQL, so that there is one format and a backup
of the one can be restored into the other.
"""

import contextlib
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from model_lineup import durable
from model_lineup.errors import OperationRefused

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = ("lineup.db", "activity.db")
KEY_RING = "keyring.json"
_LARGEST_MANIFEST = 1024 * 1024
_COMPRESSION = 4
"""gzip's level: half the time of its default for 3 % more bytes, on a database of 100 000 models."""
_PIECE = 1024 * 1024


class Member(msgspec.Struct, frozen=True):
    """A file of the archive: its size in bytes, and its SHA-256 in hex."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`schema`: version of the tables by branch; `rows`: by table; `revision`: that of the configuration.

    `keys` are the ids of the key ring's keys that stored secrets refer to; the keys themselves are in the archive only
    when `keyring.json` is among its members.
    """

    format: int
    lineup: str
    made_at: datetime
    database: str
    schema: dict[str, str | None]
    revision: int
    rows: dict[str, int]
    keys: list[str]
    members: dict[str, Member]

    @property
    def has_keyring(self) -> bool:
        return KEY_RING in self.members


def member_of(path: Path) -> Member:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return Member(path.stat().st_size, digest.hexdigest())


def pack(manifest: Manifest, folder: Path, out: IO[bytes]) -> None:
    """Write the archive; `folder` holds its members."""
    told = msgspec.json.format(msgspec.json.encode(manifest))
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=_COMPRESSION, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        tar.addfile(_head(MANIFEST, len(told), manifest.made_at), io.BytesIO(told))
        for name, member in manifest.members.items():
            with (folder / name).open("rb") as file:
                tar.addfile(_head(name, member.bytes, manifest.made_at), file)


def unpack(path: Path, folder: Path) -> Manifest:
    """Its members in `folder`, each as the manifest describes it. Raises OperationRefused for anything else."""
    with _told(path), tarfile.open(path, mode="r:gz") as tar:
        entries = iter(tar)
        manifest = _manifest(path, tar, next(entries, None))
        found = set()
        for entry in entries:
            if entry.name not in manifest.members or entry.name in found or not entry.isreg():
                raise _bad(path, f"it holds {entry.name!r}, which its manifest does not name")
            found.add(entry.name)
            _extract(path, tar, entry, folder, manifest.members[entry.name])
        if missing := sorted(set(manifest.members) - found):
            raise _bad(path, f"{', '.join(missing)} is missing")
    return manifest


def _extract(path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, member: Member) -> None:
    """Under a name that we know and of a size that was said: nothing else of the entry is believed."""
    source = tar.extractfile(entry)
    if source is None or entry.size != member.bytes:
        raise _bad(path, f"{entry.name} has another size than its manifest says")
    target, digest = folder / entry.name, hashlib.sha256()
    durable.make_private(target)
    with target.open("wb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != member.sha256:
        raise _bad(path, f"{entry.name} is not what was backed up: its SHA-256 differs")


def _manifest(path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo | None) -> Manifest:
    source = tar.extractfile(entry) if entry and entry.name == MANIFEST and entry.isreg() else None
    if entry is None or source is None or entry.size > _LARGEST_MANIFEST:
        raise _bad(path, f"it does not begin with {MANIFEST}")
    told = source.read()
    try:
        if (number := msgspec.json.decode(told, type=_Format).format) > FORMAT:
            raise OperationRefused(
                f"{path} has the format {number}, and this Lineup knows {FORMAT}. Install a newer one."
            )
        manifest = msgspec.json.decode(told, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _bad(path, f"its manifest cannot be read ({error})") from None
    if not set(DATABASES) <= set(manifest.members) <= {*DATABASES, KEY_RING}:
        raise _bad(path, f"its manifest names {', '.join(sorted(manifest.members)) or 'nothing'}")
    return manifest


class _Format(msgspec.Struct, frozen=True):
    format: int


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise OperationRefused(f"There is no file {path}.") from None
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _bad(path, f"it cannot be unpacked ({error})") from None
    except OSError as error:
        raise OperationRefused(f"{path} cannot be unpacked: {error.strerror or error}.") from None


def _bad(path: Path, what: str) -> OperationRefused:
    return OperationRefused(f"{path} is no sound backup: {what}. Take another one.")


def _head(name: str, size: int, made_at: datetime) -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.size, head.mode, head.mtime = size, durable.PRIVATE, int(made_at.timestamp())
    return head
