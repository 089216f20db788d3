"""Whose data folder it is. Only its owner works on it directly."""

import os
from pathlib import Path

from model_lineup.errors import StartRefused


def refuse_foreign(folder: Path) -> None:
    """Raises StartRefused for another user's folder: files that we made in it would lock its owner out."""
    if os.name != "posix" or not folder.exists() or folder.stat().st_uid == os.geteuid():
        return
    owner = _user_name(folder.stat().st_uid)
    raise StartRefused(
        f"{folder} belongs to {owner}, and you are {_user_name(os.geteuid())}. Run this as {owner}, "
        "or talk to its server with --url and an admin key."
    )


def _user_name(user_id: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"user {user_id}"
