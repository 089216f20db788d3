"""The keys that a configuration file refers to, read where the command runs: `env:NAME` from the environment,
`file:/path` from a file. What cannot be found is not sent: the plan says that it is missing.
"""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from model_lineup.cli.misused import Misused

MOST_BYTES = 8_192


def keys_of(text: str) -> dict[str, str]:
    """Value by reference. Raises Misused for a file that is there and cannot be read."""
    return {reference: value for reference in _references(text) if (value := _value(reference)) is not None}


def _references(text: str) -> list[str]:
    """What is wrong with the file itself the server tells."""
    try:
        found: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    except (ValueError, RecursionError):
        return []
    providers = found.get("providers") if isinstance(found, dict) else None
    entries = providers.values() if isinstance(providers, dict) else ()
    said = [entry.get("api_key") for entry in entries if isinstance(entry, dict)]
    return sorted({one for one in said if isinstance(one, str)})


def _value(reference: str) -> str | None:
    kind, _, place = reference.partition(":")
    if kind == "env":
        return os.environ.get(place) or None
    return _of_file(Path(place)) if kind == "file" and place.startswith("/") else None


def _of_file(path: Path) -> str | None:
    """Without the line end that editors and secret stores put there."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Misused(f"{path}: is too large for a key.")
        return content.decode().strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misused(f"{path}: cannot be read: {why}.") from None
