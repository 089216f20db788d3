"""JSON from strangers: whatever they send, there is a value or a MalformedError."""

from typing import Any

import msgspec

from model_lineup.upstream.contract import MalformedError

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for text that is no JSON, bytes that are no UTF-8, and nesting without end."""


def json_of(body: bytes) -> Any:
    """NaN, lone surrogates and trailing bytes are refused, as the standard has it."""
    try:
        return msgspec.json.decode(body)
    except NOT_JSON:
        raise MalformedError("the answer is not valid JSON") from None
