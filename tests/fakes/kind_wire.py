"""What a fake of one kind of provider tells the contract tests: how its servers write what they send.

Each kind in the registry has one, `<kind>_wire.py` with a `WIRE`; `tests/upstream/test_every_kind.py` does the rest.
"""

import importlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from model_lineup.upstream.contract import Usage
from tests.fakes.provider import Answerer

TEXT = ("Hel", "lo ", "wörld")
"""What a golden answer says, piece by piece."""
MODEL = "model-1"
ANSWERED = "model-1-2026"
"""The id that a golden answer gives for the model, where its format has a place for one."""


class KindWire(Protocol):
    """Values that leave as JSON, bytes that leave as they are. Paths as they are asked for, without a query."""

    base_path: str
    """What the base URL ends in."""
    list_path: str
    key_header: tuple[str, str]
    """Name and value of the header that carries the key; `{key}` stands for it."""
    candidates: bool
    """Whether the list holds what can be deployed rather than what can be called."""
    paged: bool
    answered: str | None
    """The model's id in golden answers."""
    usage: Usage
    """What golden answers tell of it."""
    finish_reason: str
    stream_type: str
    embedding_path: str | None
    """`None`: the format has no embeddings."""

    def entry(self, model_id: Any) -> Any:
        """One entry of a list."""

    def page(self, entries: Sequence[Any], following: str | None = None) -> Any:
        """One page of a list; `following` leads to the next."""

    def more(self) -> Mapping[str, Answerer]:
        """Other paths that listing asks for."""

    def chat_path(self, model_id: str, *, stream: bool) -> str:
        """Where a chat model is asked."""

    def plain(self, text: str, *, usage: bool = True) -> Any:
        """A whole answer."""

    def opening(self) -> list[bytes]:
        """Events before any content: pings, empty starts."""

    def piece(self, text: str) -> bytes:
        """An event with text."""

    def thought(self, text: str) -> bytes:
        """An event with reasoning and no text."""

    def closing(self, *, usage: bool = True) -> list[bytes]:
        """The events after all content."""

    def error(self, message: str) -> bytes:
        """An error in the middle of a stream."""

    def embedding(self, vector: Sequence[float]) -> Any:
        """An answer with one embedding."""


def wire_of(kind: str) -> KindWire:
    """The fake of a kind; a kind without one fails here, and says what is missing."""
    found: KindWire = importlib.import_module(f"tests.fakes.{kind}_wire").WIRE
    return found


def golden(wire: KindWire, *, usage: bool = True) -> list[bytes]:
    """A good stream that says `TEXT`, event by event."""
    return [*wire.opening(), *(wire.piece(text) for text in TEXT), *wire.closing(usage=usage)]


def data(value: Any, name: str | None = None) -> bytes:
    """One server-sent event; text goes out as it is."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()
