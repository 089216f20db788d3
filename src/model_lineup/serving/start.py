"""Serves until it is told to end, with one worker in this process or with several of their own.

What takes long to import is imported where it is needed: workers of their own begin with it meanwhile.
"""

import functools
import os
import socket
from collections.abc import Callable

from model_lineup import __version__
from model_lineup.errors import StartRefused
from model_lineup.serving.first_admin import Told, address, make_reachable
from model_lineup.serving.hardening import harden
from model_lineup.serving.listener import bound
from model_lineup.serving.memory import collected_later, share_heaps
from model_lineup.serving.supervisor import supervise
from model_lineup.settings import Settings
from model_lineup.telemetry import configure, log

_say_now = functools.partial(print, flush=True)  # a pipe or a container's log must show the set-up link at once


def serve(settings: Settings, *, allow_remote_setup: bool = False, tell: Told = _say_now) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP. `tell` gets the few lines that are meant for people.

    The tables are brought up to date and the first administrator is made here, once, before any worker starts.
    Raises StartRefused.
    """
    configure(settings.log_level, settings.log_format)
    harden()
    share_heaps()
    with collected_later(), bound(settings) as listener:
        here = settings.model_copy(update={"port": listener.getsockname()[1]})

        def announce() -> None:
            found = address(here)
            links = f"panel: {found}/admin/, API: {found}/api/docs"
            tell(f"Lineup {__version__} listens on {found} ({links})")
            log().info("listening", address=address(here), version=__version__)

        def prepare() -> None:
            from model_lineup.app import open_instance
            from model_lineup.operations import preflight

            refuse_unsafe_workers(here)
            with preflight.passed(here), open_instance(here) as rooms:
                make_reachable(rooms, allow_remote_setup=allow_remote_setup, tell=tell)

        if here.workers > 1:
            supervise(here, listener, prepare=prepare, on_ready=announce)
        else:
            _serve_here(here, listener, allow_remote_setup=allow_remote_setup, tell=tell, announce=announce)


def _serve_here(
    settings: Settings, listener: socket.socket, *, allow_remote_setup: bool, tell: Told, announce: Callable[[], None]
) -> None:
    from model_lineup.app import open_instance
    from model_lineup.faces import build
    from model_lineup.operations import preflight
    from model_lineup.serving.disk import ended_by_its_disk
    from model_lineup.serving.server import run

    with preflight.passed(settings), open_instance(settings) as rooms:
        make_reachable(rooms, allow_remote_setup=allow_remote_setup, tell=tell)
        announce()
        with ended_by_its_disk(rooms.database):
            run(settings, build(rooms), listener)


def refuse_unsafe_workers(settings: Settings) -> None:
    """Raises StartRefused where several processes cannot serve."""
    if settings.workers == 1:
        return
    if os.name != "posix":
        raise StartRefused("Several workers need Linux, macOS or another POSIX system; here LINEUP_WORKERS must be 1.")
    from model_lineup.database.engines import sqlite_module
    from model_lineup.database.health import SAFE_SQLITE

    version = sqlite_module().sqlite_version
    if settings.database_url is None and tuple(map(int, version.split("."))) < SAFE_SQLITE:
        safe = ".".join(map(str, SAFE_SQLITE))
        raise StartRefused(
            f"SQLite {version} can damage its files when several processes write (fixed in {safe}). "
            "Run one worker, install pysqlite3, or use PostgreSQL (LINEUP_DATABASE_URL)."
        )
