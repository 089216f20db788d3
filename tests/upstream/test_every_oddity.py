"""Whatever a server of any kind sends in place of a value: its readers call it malformed, or take it for unknown."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from model_lineup.upstream.contract import MalformedError, ProviderError, Target
from model_lineup.upstream.registry import kind_named
from tests.fakes.kind_server import KindServer
from tests.fakes.kind_wire import MODEL, golden

HOSTILE: tuple[Any, ...] = (None, True, 7, -1, 2**63, 0.5, "", "text", [], [None], ["x"], [[]], {}, {"x": 1})


def test_no_odd_value_anywhere_makes_a_reader_fall_over(kind_server: KindServer) -> None:
    """Every node of a golden answer, of each event and of a list's page is replaced by each of `HOSTILE`."""
    kind, target = kind_named(kind_server.kind), Target(kind_server.endpoint(), MODEL)
    dialect, wire = kind.dialect, kind_server.wire
    as_embedding = Target(target.endpoint, MODEL, "embedding")
    readers: list[tuple[Callable[[bytes], Any], Any]] = [
        (partial(dialect.answer, target), wire.plain("Hi")),
        (partial(dialect.answer, as_embedding), wire.embedding([0.5])),
        (kind.page, wire.page([wire.entry("a")])),
    ]
    for name, text in dialect.parser().feed(b"".join([*golden(wire), wire.thought("hm")])):
        if text.startswith(b"{"):
            readers.append((partial(dialect.event, name), json.loads(text)))
    for read, value in readers:
        for odd in oddities(value):
            with suppress(MalformedError, ProviderError):
                read(json.dumps(odd).encode())


def oddities(value: Any) -> Iterator[Any]:
    yield from HOSTILE
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, child in children:
        for odd in oddities(child):
            copy = value.copy()
            copy[place] = odd
            yield copy
