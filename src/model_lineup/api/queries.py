"""Strict reading of query strings: a parameter that is not known, or said twice, is refused, never ignored.

A misspelt `?dry_run=true` must not be carried out for real.
"""

from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel

from model_lineup.errors import InvalidInput


def known_to(dependant: Any) -> frozenset[str]:
    """The names of the query parameters that a route and its dependencies take."""
    names = {name for inner in dependant.dependencies for name in known_to(inner)}
    for parameter in dependant.query_params:
        shape = parameter.field_info.annotation
        is_model = isinstance(shape, type) and issubclass(shape, BaseModel)
        names |= set(shape.model_fields) if is_model else {parameter.alias}
    return frozenset(names)


def check(query: bytes, known: frozenset[str]) -> None:
    """Raises InvalidInput naming the parameter and what would be right."""
    seen: set[str] = set()
    for part in filter(None, query.split(b"&")):
        raw_name, _, raw_value = part.partition(b"=")
        name = _text(raw_name, "the query")
        if name not in known:
            takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise InvalidInput.at(name, f"this address has no such query parameter; {takes}")
        if name in seen:
            raise InvalidInput.at(name, "say it once")
        seen.add(name)
        _text(raw_value, name)


def _text(raw: bytes, pointer: str) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidInput.at(pointer, "is not UTF-8 when percent-decoded") from None
