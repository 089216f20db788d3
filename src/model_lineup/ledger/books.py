"""Puts what tests ask into the ledger, as requests of nobody: no key, no person, on behalf of `tests`."""

import secrets

from model_lineup.ledger.entry import TESTS, Entry
from model_lineup.ledger.recorder import Recorder
from model_lineup.upstream.contract import Usage

SURFACE = "test"


class Books:
    """For one event loop, as the recorder is. `provider_id`, `model_row` of the model that is tested."""

    def __init__(self, ledger: Recorder, model_row: int, provider_id: int, model_id: str) -> None:
        self._ledger = ledger
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
    ) -> None:
        """One request that was sent. `failed`: the code of its failure; times in monotonic seconds."""
        self._ledger.note(
            Entry(
                began_at,
                ended_at,
                first_content_at,
                f"test-{secrets.token_hex(8)}",
                0,
                None,
                TESTS,
                self._model_id,
                self._row,
                self._provider_id,
                SURFACE,
                "completed" if failed is None else "upstream_failed",
                failed,
                status,
                stream,
                None if usage is None else usage.prompt_tokens,
                None if usage is None else usage.completion_tokens,
                None if usage is None else usage.cached_tokens,
                "none" if usage is None else "provider",
                0,
                nanodollars,
            )
        )
