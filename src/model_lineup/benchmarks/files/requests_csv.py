"""The requests of a run as CSV, one line each, in the order in which they ended."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from model_lineup.benchmarks.sample import Sample

FIELDS = (
    *("number", "started_s", "ended_s", "response_time_ms", "ttft_ms", "tpot_ms", "output_tokens_per_s", "late_ms"),
    *("prompt_tokens", "completion_tokens", "cached_tokens", "estimated", "reused", "cold", "unfinished"),
    *("finish_reason", "answered_model"),
)
COLUMNS = (*FIELDS, "error", "gaps", "itl_mean_ms", "itl_max_ms")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(samples: Iterable[Sample]) -> Iterator[str]:
    """With a head. Unknown is an empty cell."""
    yield _line(COLUMNS)
    for sample in samples:
        yield _line(
            [
                *(_cell(getattr(sample, name)) for name in FIELDS),
                _cell(sample.failure.code if sample.failure else None),
                len(sample.itl_ms),
                _cell(sum(sample.itl_ms) / len(sample.itl_ms) if sample.itl_ms else None),
                _cell(max(sample.itl_ms, default=None)),
            ]
        )


def _cell(value: Any) -> Any:
    """Spreadsheets run text that begins like a formula; an apostrophe keeps it text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1 else f"{value:.3f}"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _line(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
