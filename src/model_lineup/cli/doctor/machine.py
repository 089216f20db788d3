"""Checks of the machine and the settings: Python, SQLite's version, disk, port, the demo's model."""

import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from model_lineup import __version__
from model_lineup.cli.client import Admin, Refused
from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.cli.remote import Remote
from model_lineup.database.engines import sqlite_module
from model_lineup.database.health import SAFE_SQLITE
from model_lineup.demo import model_server
from model_lineup.settings import Settings

if TYPE_CHECKING:
    from model_lineup.settings import Loaded

MIB = 1024 * 1024
LITTLE, TOO_LITTLE = 1024 * MIB, 100 * MIB


def examine(loaded: "Loaded") -> Iterator[Check]:
    yield ok("lineup", f"{__version__} on Python {platform.python_version()} ({sys.executable})")
    yield _settings(loaded)
    if loaded.settings.database_url is None:
        yield _sqlite()
    yield _disk(loaded.settings.data_dir)
    yield _port(loaded.settings)
    yield _model()


def _settings(loaded: "Loaded") -> Check:
    """Those that are not the default, and where they come from; no values, some are secret."""
    origins: dict[str, list[str]] = {}
    for name, origin in loaded.origin.items():
        if origin != "default":
            origins.setdefault(origin.partition(" LINEUP_")[0], []).append(name)
    said = "; ".join(f"{', '.join(names)} from {origin}" for origin, names in origins.items())
    return ok("settings", said or "all at their defaults")


def _sqlite() -> Check:
    module = sqlite_module()
    version, owner = module.sqlite_version, module.__name__.partition(".")[0]
    if tuple(map(int, version.split("."))) >= SAFE_SQLITE:
        return ok("SQLite", f"{version} ({owner})")
    wanted = ".".join(map(str, SAFE_SQLITE))
    return warned(
        "SQLite",
        f"{version} ({owner}); before {wanted} several processes writing at once can damage the database",
        "Run one `lineup serve`, and other commands only with --url; or use PostgreSQL (LINEUP_DATABASE_URL).",
    )


def _disk(folder: Path) -> Check:
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    finding = f"{free / (1024 * MIB):.1f} GB free for {folder}"
    if free < TOO_LITTLE:
        return failed("disk", finding, "Make room: without it nothing can be written.")
    return warned("disk", finding, "Make room soon.") if free < LITTLE else ok("disk", finding)


def _port(settings: Settings) -> Check:
    """Free for a server, or one of ours is there already."""
    name, where = "port", f"{settings.host}:{settings.port}"
    if _is_free(settings.host, settings.port):
        return ok(name, f"{where} is free")
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  # nosec B104
    url = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    admin = Admin(Remote(url, "-"))
    try:
        answers = admin.call("GET", "/livez").json == {"status": "ok"}
    except Refused:
        answers = False
    finally:
        admin.close()
    if answers:
        return ok(name, f"a Lineup listens on {where}")
    return warned(name, f"{where} is taken by something else", "Choose another one: LINEUP_PORT, or `serve --port`.")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _model() -> Check:
    if model_server.is_available():
        return ok("demo's model", f"there, {model_server.weights().stat().st_size / 1e6:.0f} MB")
    return ok("demo's model", f"not installed; `lineup demo` uses a stand-in ({model_server.why_not_available()})")
