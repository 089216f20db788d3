"""Makes sure that somebody can sign in: the first administrator from the settings, or a link that works once."""

import ipaddress
import os
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from model_lineup.errors import DuplicatePerson, InvalidInput, SetupDone, StartRefused
from model_lineup.settings import SETUP_LINK_FILE, Settings

if TYPE_CHECKING:
    from model_lineup.rooms import Rooms

Told = Callable[[str], None]


def make_reachable(rooms: "Rooms", *, allow_remote_setup: bool, tell: Told) -> None:
    """Without anybody who may sign in: the first admin from the settings, or a set-up link. Raises StartRefused."""
    if rooms.people.set_up():
        return
    settings = rooms.settings
    if settings.admin_email and settings.admin_password:
        try:
            rooms.people.first_admin(settings.admin_email, settings.admin_password.get_secret_value())
        except SetupDone:
            return  # another process was quicker
        except (InvalidInput, DuplicatePerson) as error:
            raise StartRefused(f"LINEUP_ADMIN_EMAIL, LINEUP_ADMIN_PASSWORD: {error.detail.rstrip('.')}.") from None
        tell(f"Created the first administrator, {settings.admin_email}.")
        return
    if not (allow_remote_setup or _is_loopback(settings.host)):
        raise StartRefused(
            f"Nobody can sign in yet, and {settings.host} can be reached from elsewhere. Set LINEUP_ADMIN_EMAIL and "
            "LINEUP_ADMIN_PASSWORD, run `lineup create-admin`, bind to 127.0.0.1, or pass --allow-remote-setup."
        )
    _tell_setup_link(rooms, tell)


def address(settings: Settings) -> str:
    """Where people find the server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    root = settings.root_path.rstrip("/")
    if settings.public_url is None:
        return f"http://{host}:{settings.port}{root}"
    public = settings.public_url.rstrip("/")
    return public if public.endswith(root) else public + root


def _tell_setup_link(rooms: "Rooms", tell: Told) -> None:
    """The link goes to the terminal and into a file that only its owner reads; not into the log."""
    token = rooms.people.new_setup_link(timedelta(minutes=rooms.settings.setup_link_minutes))
    link = f"{address(rooms.settings)}/admin/setup?token={token}"
    file = rooms.settings.data_dir / SETUP_LINK_FILE
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(link + "\n")
    tell(f"Nobody can sign in yet. Open this link within {rooms.settings.setup_link_minutes} minutes, once:\n  {link}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
