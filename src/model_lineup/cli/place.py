"""Which Lineup a command means, and how it answers: the options that every verb takes."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model_lineup.cli.misused import Misused

if TYPE_CHECKING:
    from model_lineup.settings import Loaded

PANEL = "Which Lineup, and how it answers"


def _option(name: str, help_text: str, **more: Any) -> Any:
    return typer.Option(name, help=help_text, rich_help_panel=PANEL, show_default=False, **more)


DataDir = Annotated[
    Path | None, _option("--data-dir", "Folder of its databases; LINEUP_DATA_DIR, else lineup-data.", metavar="FOLDER")
]
Config = Annotated[
    Path | None, _option("--config", "Settings file; else lineup.toml in the data folder.", metavar="FILE")
]
Url = Annotated[
    str | None, _option("--url", "Address of a server, instead of a folder here; LINEUP_URL.", metavar="URL")
]
Key = Annotated[
    str | None, _option("--key", "Admin key for --url. Others can see arguments: better set LINEUP_KEY.", metavar="KEY")
]
AsJson = Annotated[bool, _option("--json", "Print the API's JSON.")]


@dataclass(frozen=True, slots=True)
class Place:
    """What was said of it, before the verb or after; None where nothing was."""

    data_dir: Path | None = None
    config: Path | None = None
    url: str | None = None
    key: str | None = None
    as_json: bool = False

    def under(self, outer: "Place") -> "Place":
        """What was said after the verb counts more than what was said before it."""
        names = [field.name for field in fields(self)]
        return Place(**{name: getattr(self, name) or getattr(outer, name) for name in names})

    def server(self) -> tuple[str, str] | None:
        """Address and key of a server, or None for the data folder here. Raises Misused."""
        if self.url and (self.data_dir or self.config):
            raise Misused("--url means a server, --data-dir and --config a folder here; say one of them.")
        said_folder = self.data_dir is not None or self.config is not None
        url = self.url or (None if said_folder else os.environ.get("LINEUP_URL"))
        if not url:
            return None
        key = self.key or os.environ.get("LINEUP_KEY")
        if not key:
            raise Misused(
                "A server wants an admin key: set LINEUP_KEY, or pass --key. `lineup keys create NAME --kind admin` "
                "on its machine makes one."
            )
        return url, key

    def settings(self, **given: Any) -> "Loaded":
        """The settings of the Lineup here. Raises StartRefused."""
        from model_lineup.settings import load

        return load(file=self.config, data_dir=self.data_dir, **given)
