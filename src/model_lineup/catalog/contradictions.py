"""Where a proof and a claim say different things of the same: marked in the fact itself, wherever it is read. Pure.

A proof is what a probe found of a flag (yes or no); claims are the pin, the provider's list and the catalogue of that
provider. Guesses and defaults claim nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from model_lineup.catalog.shapes import Fact

CLAIMS = ("pin", "provider", "catalogue")


def marked(known: Mapping[str, Fact], said: Iterable[tuple[str, str, Any]]) -> dict[str, Fact]:
    """The values that count, each with the sources that a proof contradicts, or that contradict it.

    `said`: field, source and value of every word that was said.
    """
    proven: dict[str, Any] = {}
    claimed: dict[str, dict[str, Any]] = {}
    for field, source, value in said:
        if not field.startswith("supports_") or value is None:
            continue
        if source == "probe":
            proven[field] = value
        elif source in CLAIMS:
            claimed.setdefault(field, {})[source] = value
    marks = dict(known)
    for field, value in proven.items():
        if field in known and (against := _against(known[field], value, claimed.get(field, {}))):
            marks[field] = msgspec.structs.replace(known[field], contradicted_by=against)
    return marks


def _against(fact: Fact, proven: Any, claimed: Mapping[str, Any]) -> list[str]:
    """The sources whose word is another one than the value that counts, in order of their strength."""
    words = {"pin": claimed.get("pin"), "probe": proven, **claimed}
    return [source for source, value in words.items() if value is not None and value != fact.value]
