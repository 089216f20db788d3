"""Entries of the ledger, as the gateway makes them."""

from typing import Any

from model_lineup.clock import tick
from model_lineup.ledger.entry import Entry


def entry(request_id: str = "r", **fields: Any) -> Entry:
    """A completed stream of half a second that ended just now, with 5 + 2 tokens, by key 1 of model 1."""
    now = tick()
    usual: dict[str, Any] = {
        "began_at": now - 0.5,
        "ended_at": now,
        "first_content_at": now - 0.4,
        "request_id": request_id,
        "key_id": 1,
        "person_id": None,
        "on_behalf_of": None,
        "name": "m",
        "model_row": 1,
        "provider_id": 1,
        "surface": "chat",
        "outcome": "completed",
        "code": None,
        "status": 200,
        "stream": True,
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "cached_tokens": None,
        "token_source": "provider",
        "fallback": 0,
        "nanodollars": None,
    }
    return Entry(**{**usual, **fields})
