"""Checks of what surrounds the data: modes of files, file system, log of the database, clock, versions, exposure."""

import ipaddress
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.clock import SystemClock
from model_lineup.errors import LineupError
from model_lineup.operations import mounts, preflight, swap
from model_lineup.operations.archive import DATABASES, KEY_RING
from model_lineup.settings import Settings

MIB = 1024 * 1024
LARGE_LOG = 256 * MIB
FLOORS = {"starlette": (1, 0, 1), "h11": (0, 16), "aiohttp": (3, 13, 3)}
"""Versions before these have published weaknesses; looked at where they are installed."""
WRITTEN_IN = datetime(2026, 11, 1, tzinfo=UTC)


def examine(settings: Settings) -> Iterator[Check]:
    yield _secrets(settings)
    yield _exposure(settings)
    yield _clock(settings.data_dir)
    yield _versions()
    if settings.data_dir.is_dir():
        yield _modes(settings.data_dir)
        yield from _restore(settings.data_dir)
        if settings.database_url is None:
            yield _file_system(settings.data_dir)
            yield from _logs(settings.data_dir)


def _secrets(settings: Settings) -> Check:
    try:
        preflight.refuse_weak_secrets(settings)
    except LineupError as error:
        return failed("secrets", error.detail, "A server does not start with it.")
    return ok("secrets", "none in the settings is easily guessed")


def _exposure(settings: Settings) -> Check:
    """Whether others can reach the port, and what then is on the way."""
    name = "exposure"
    if _is_loopback(settings.host):
        return ok(name, f"{settings.host}: this machine only")
    if settings.public_url is None or not settings.public_url.startswith("https://"):
        return warned(
            name,
            f"{settings.host} can be reached from elsewhere, and Lineup speaks no TLS",
            "Put a proxy with TLS before it, and its https:// address into LINEUP_PUBLIC_URL.",
        )
    return ok(name, f"{settings.host}, behind {settings.public_url}")


def _clock(folder: Path) -> Check:
    """A clock that is behind what was already written lets expired things live."""
    name, now = "clock", SystemClock().now()
    if now < WRITTEN_IN:
        return failed(name, f"it is said to be {now:%Y-%m-%d}, before this Lineup was made", "Set it; use NTP.")
    files = [file for name_ in DATABASES if (file := folder / name_).is_file()]
    newest = max((file.stat().st_mtime for file in files), default=0.0)
    if newest - now.timestamp() > 60:
        ahead = newest - now.timestamp()
        return warned(
            name, f"the databases were written {ahead:.0f} s in the future", "Was the clock set back? Use NTP."
        )
    return ok(name, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _versions() -> Check:
    old = [
        f"{name} {found}" for name, floor in FLOORS.items() if (found := _installed(name)) and _numbers(found) < floor
    ]
    if old:
        return failed("versions", f"{', '.join(old)}: known to be weak", "Install Lineup again, from its locks.")
    return ok("versions", "no dependency is below its floor")


def _modes(folder: Path) -> Check:
    """SQLite's files, the key ring and backups are nobody else's."""
    name = "file modes"
    if os.name != "posix":
        return ok(name, "not looked at here")
    wanted = [folder / one for one in (*DATABASES, KEY_RING)] + sorted(folder.glob("backups/*"))
    open_ = [file.name for file in wanted if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077]
    if open_:
        return warned(name, f"others can read {', '.join(open_)}", f"chmod -R go-rwx {folder}")
    return ok(name, "for their owner only")


def _restore(folder: Path) -> Iterator[Check]:
    if swap.is_planned(folder):
        yield warned("restore", "one was interrupted", "The next start ends it.")


def _file_system(folder: Path) -> Check:
    name = "file system"
    if kind := mounts.network_file_system(folder):
        return failed(
            name, f"{folder} is on {kind}, where SQLite damages its files", "Use a local disk, or PostgreSQL."
        )
    return ok(name, mounts.file_system(folder) or "not told by this system")


def _logs(folder: Path) -> Iterator[Check]:
    sizes = {name: (folder / f"{name}-wal").stat().st_size for name in DATABASES if (folder / f"{name}-wal").is_file()}
    if large := [f"{name}-wal has {size / MIB:.0f} MB" for name, size in sizes.items() if size > LARGE_LOG]:
        yield warned("write-ahead log", "; ".join(large), "Something reads for very long; restart Lineup.")
    else:
        yield ok("write-ahead log", f"{sum(sizes.values()) / MIB:.1f} MB")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(said: str) -> tuple[int, ...]:
    return tuple(int(part) for part in said.split(".") if part.isdigit())
