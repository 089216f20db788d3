"""Puts every request of a run into the ledger, as it comes in: what measuring costs counts as much as any other work.

For one event loop. A request that never reached the provider is not noted; one that was cut is, without its tokens.
"""

import msgspec

from model_lineup.benchmarks.protocol import ChildEvent
from model_lineup.benchmarks.sample import Sample
from model_lineup.catalog.prices import price_of
from model_lineup.catalog.shapes import Model
from model_lineup.clock import tick
from model_lineup.ledger.books import Books
from model_lineup.ledger.entry import BENCHMARKS
from model_lineup.ledger.recorder import Recorder
from model_lineup.upstream.contract import Usage

_NEVER_SENT = ("dns", "connect", "tls")


class Booking:
    """Of one run. `model`: as it was when the run began."""

    def __init__(self, ledger: Recorder, model: Model) -> None:
        pricing = msgspec.json.decode(model.pricing)
        self._price = price_of(pricing) if isinstance(pricing, dict) else None
        self._books = Books(ledger, model.id, model.provider_id, model.model_id, BENCHMARKS)

    def hear(self, event: ChildEvent) -> None:
        """Times are counted back from now: the measuring process writes within a tenth of a second."""
        if not isinstance(event, Sample) or (event.failure is not None and event.failure.stage in _NEVER_SENT):
            return
        ended_at = tick()
        began_at = ended_at - (event.ended_s - event.started_s)
        usage = _usage(event)
        self._books.note(
            began_at=began_at,
            ended_at=ended_at,
            first_content_at=None if event.ttft_ms is None else began_at + event.ttft_ms / 1000,
            failed=None if event.failure is None else event.failure.code,
            status=event.failure.http_status if event.failure is not None else None if event.unfinished else 200,
            stream=True,
            usage=usage,
            nanodollars=self._cost(usage),
            estimated=event.estimated,
            cut=event.unfinished,
        )

    def _cost(self, usage: Usage | None) -> int | None:
        if self._price is None or usage is None or usage.prompt_tokens is None:
            return None
        return self._price.of(usage.prompt_tokens, usage.completion_tokens or 0, usage.cached_tokens or 0)


def _usage(sample: Sample) -> Usage | None:
    if sample.prompt_tokens is None and sample.completion_tokens is None:
        return None
    return Usage(sample.prompt_tokens, sample.completion_tokens, sample.cached_tokens)
