"""Where the demo plays: its folder, its settings, its administrator's password."""

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from model_lineup.cli.owner import refuse_foreign
from model_lineup.errors import StartRefused
from model_lineup.settings import Settings, load

EMAIL = "admin@example.com"
PASSWORD_FILE = "demo-password"  # noqa: S105  # nosec B105 - a file's name
KEPT = ("LINEUP_PORT", "LINEUP_LOG_FORMAT")
"""Of the environment; the rest belongs to a real Lineup, and must neither be used nor changed by this."""
NEXT_PORTS = 50


@dataclass(frozen=True, slots=True)
class Stage:
    settings: Settings
    password: str
    usual_port: int

    @property
    def folder(self) -> Path:
        return self.settings.data_dir

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @classmethod
    def in_folder(cls, folder: Path | None, port: int | None) -> "Stage":
        """Raises StartRefused for a folder that is not a demo's."""
        where = folder or Path(os.environ.get("LINEUP_DATA_DIR") or "lineup-data") / "demo"
        password = _password(where)
        environment = {name: value for name, value in os.environ.items() if name in KEPT}
        settings = load(
            environment,
            data_dir=where,
            port=port,
            host="127.0.0.1",
            admin_email=EMAIL,
            admin_password=password,
            log_level="warning",
            drain_s=3,
            drain_delay_s=0,
        ).settings
        free = _free_port(settings.port) if port is None or port == 0 else port
        return cls(settings.model_copy(update={"port": free}), password, settings.port)


def _password(folder: Path) -> str:
    """That of the last time, else a new one in a file that only its owner reads."""
    refuse_foreign(folder)
    file = folder / PASSWORD_FILE
    if file.is_file():
        return file.read_text(encoding="utf-8").strip()
    if (folder / "lineup.db").exists():
        raise StartRefused(f"{folder} holds a Lineup that is not a demo's. Name another folder with --data-dir.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(12)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(password + "\n")
    return password


def _free_port(first: int) -> int:
    """This one, or the next that nobody listens on; for 0 any."""
    for port in range(first, min(first + NEXT_PORTS, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartRefused(f"No free port from {first} on. Choose one with --port.")
