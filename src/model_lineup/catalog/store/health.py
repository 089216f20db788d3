"""How a model fared when it was last tested and measured; shown with the model, no part of its configuration."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from model_lineup.catalog.tables import model_health
from model_lineup.database.upsert import upsert


def record_test(connection: Connection, model_row: int, *, passed: bool, last_test: str) -> None:
    """`last_test` is the JSON that stands in the model."""
    _set(connection, model_row, {"passed": int(passed), "last_test": last_test})


def passed(connection: Connection, model_row: int) -> bool | None:
    """What the status says; None where the model was never tested."""
    query = select(model_health.c.passed).where(model_health.c.model_row == model_row)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bool(found)


def record_check(connection: Connection, model_row: int, *, passed: bool | None, last_test: str) -> None:
    """Of a test by the clock, which alone does not decide about `passed`."""
    _set(connection, model_row, {"passed": None if passed is None else int(passed), "last_test": last_test})


def record_benchmark(
    connection: Connection, model_row: int, *, last_benchmark: str, ttft_ms: float | None, tokens_per_s: float | None
) -> None:
    """`last_benchmark` is the JSON that stands in the model; the medians are kept rounded, for sorting."""
    rounded = {"ttft_ms": _rounded(ttft_ms), "output_tokens_per_s": _rounded(tokens_per_s)}
    _set(connection, model_row, {"last_benchmark": last_benchmark, **rounded})


def _set(connection: Connection, model_row: int, values: Mapping[str, Any]) -> None:
    upsert(connection, model_health, {"model_row": model_row}, values)


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
