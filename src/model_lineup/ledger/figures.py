"""Entries as figures of `/metrics`: counted beside the hot path, in batches, and whether or not they can be written."""

from collections import Counter
from collections.abc import Sequence

from model_lineup.ledger.entry import Entry
from model_lineup.metrics import Metrics

_OPERATIONS = {"embeddings": "embeddings"}
"""What OpenTelemetry calls the operations that are no chat."""


class Figures:
    """Told of every entry by the recorder."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def count(self, entries: Sequence[Entry]) -> None:
        requests = Counter((entry.surface, entry.outcome) for entry in entries)
        for (surface, outcome), number in requests.items():
            self._metrics.v1_requests.labels(surface, outcome).inc(number)
        tokens: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            if entry.prompt_tokens:
                tokens[entry.surface, "input"] += entry.prompt_tokens
            if entry.completion_tokens:
                tokens[entry.surface, "output"] += entry.completion_tokens
            if entry.cached_tokens:
                tokens[entry.surface, "cached_input"] += entry.cached_tokens
            if entry.first_content_at is not None:
                operation = _OPERATIONS.get(entry.surface, "chat")
                self._metrics.ttft.labels(operation).observe(max(0.0, entry.first_content_at - entry.began_at))
        for (surface, kind), number in tokens.items():
            self._metrics.v1_tokens.labels(surface, kind).inc(number)

    def lose(self, number: int) -> None:
        self._metrics.usage_lost.inc(number)
