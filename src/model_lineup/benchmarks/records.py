"""Test results, runs and their events as callers read them."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from model_lineup.benchmarks.plan import Plan

RunState = Literal["running", "finished", "failed", "cancelled", "interrupted"]


class StoredTest(msgspec.Struct, frozen=True):
    """One stored test; `result` is what the test returned."""

    id: int
    test: str
    passed: bool | None
    at: datetime
    actor: str
    result: msgspec.Raw


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark. `report` is there when it ended; after a cancel or an interruption it covers what was measured."""

    id: int
    state: RunState
    model: int
    model_id: str
    provider: str
    plan: Plan
    progress: int
    report: msgspec.Raw
    error: str | None
    message: str
    actor: str
    revision: int
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.state != "running"


class RunPage(msgspec.Struct, frozen=True):
    runs: list[Run]
    total: int
    limit: int
    offset: int


class RunEvent(msgspec.Struct, frozen=True):
    """`seq` counts from 1 within a run; `kind` is started, sample, or the state in which the run ended."""

    seq: int
    at: datetime
    kind: str
    data: msgspec.Raw


def summary_of(report: Any) -> dict[str, Any]:
    """The few figures of a report that stand in the model."""
    return {
        "requests": report.requests,
        "succeeded": report.succeeded,
        "failed": report.failed,
        "ttft_ms_p50": report.ttft_ms.p50,
        "response_time_ms_p50": report.response_time_ms.p50,
        "output_tokens_per_s_p50": report.output_tokens_per_s.p50,
        "stopped": report.stopped,
    }
