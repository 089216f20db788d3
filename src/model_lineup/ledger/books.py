"""Puts what Lineup itself asks into the ledger, as requests of nobody: no key, no person, on behalf of its own work."""

import secrets

from model_lineup.ledger.entry import BENCHMARKS, CAPABILITY_TESTS, TESTS, Entry, Outcome
from model_lineup.ledger.recorder import Recorder
from model_lineup.upstream.contract import Usage

SURFACE = "test"
_REQUEST_IDS = {TESTS: "test", CAPABILITY_TESTS: "capability", BENCHMARKS: "benchmark"}
"""What the ids of such requests begin with."""


class Books:
    """For one event loop, as the recorder is. `provider_id`, `model_row` of the model that is asked; `work`: one of
    `OWN_WORK`."""

    def __init__(self, ledger: Recorder, model_row: int, provider_id: int, model_id: str, work: str) -> None:
        self._ledger = ledger
        self._work = work
        self._begins = _REQUEST_IDS[work]
        self._row = model_row
        self._provider_id = provider_id
        self._model_id = model_id

    def note(
        self,
        *,
        began_at: float,
        ended_at: float,
        first_content_at: float | None,
        failed: str | None,
        status: int | None,
        stream: bool,
        usage: Usage | None,
        nanodollars: int | None,
        estimated: bool = False,
        cut: bool = False,
    ) -> None:
        """One request that was sent. `failed`: the code of its failure; times in monotonic seconds. `estimated`: pieces
        of content were counted, because the provider told no usage; `cut`: we ended it."""
        outcome: Outcome = "client_closed" if cut else "completed" if failed is None else "upstream_failed"
        self._ledger.note(
            Entry(
                began_at,
                ended_at,
                first_content_at,
                f"{self._begins}-{secrets.token_hex(8)}",
                0,
                None,
                self._work,
                self._model_id,
                self._row,
                self._provider_id,
                SURFACE,
                outcome,
                failed,
                status,
                stream,
                None if usage is None else usage.prompt_tokens,
                None if usage is None else usage.completion_tokens,
                None if usage is None else usage.cached_tokens,
                "none" if usage is None else "estimated" if estimated else "provider",
                0,
                nanodollars,
            )
        )
