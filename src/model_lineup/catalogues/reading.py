"""A catalogue file: which format it is, and its entries, each checked on its own. Pure."""

from typing import Any

import msgspec

from model_lineup.catalogues.formats import litellm, models_dev, openrouter
from model_lineup.catalogues.shapes import Contents, Entry, Format, Skip
from model_lineup.errors import InvalidInput
from model_lineup.upstream.contract import MalformedError
from model_lineup.upstream.parsing import json_of

FORMATS = (models_dev, openrouter, litellm)
MOST_ENTRIES, SKIPS_TOLD, _LONGEST_NAME = 50_000, 100, 200


def read(body: bytes) -> Contents:
    """Raises InvalidInput: not JSON, none of the formats, too many entries, or none that can be used."""
    try:
        value = json_of(body)
    except MalformedError:
        raise _refused("it is not valid JSON") from None
    if not isinstance(value, dict):
        raise _refused("it is not a JSON object")
    for one in FORMATS:
        if one.is_it(value):
            return _contents(one.NAME, one, value)
    raise _refused(f"it has none of the formats {', '.join(one.NAME for one in FORMATS)}")


def _contents(name: Format, module: Any, value: dict[str, Any]) -> Contents:
    entries: list[Entry] = []
    skips: list[Skip] = []
    for number, one in enumerate(module.read(value)):
        if number >= MOST_ENTRIES:
            raise _refused(f"it has more than {MOST_ENTRIES} entries")
        if isinstance(one, Entry):
            entries.append(one)
        else:
            skips.append(msgspec.structs.replace(one, entry=one.entry[:_LONGEST_NAME]))
    if not entries:
        raise _refused(f"none of its {len(skips)} entries can be used" + (f" ({skips[0].reason})" if skips else ""))
    return Contents(name, entries, module.hosts(value), len(skips), skips[:SKIPS_TOLD], module.dated(value))


def _refused(why: str) -> InvalidInput:
    return InvalidInput.at("file", f"this is no catalogue: {why}. Nothing was changed.")
