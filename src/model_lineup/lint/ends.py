"""When models end, for rules: what administrators and providers say, and what only catalogues do."""

from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import msgspec

from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import ModelSeen

_BY = {"provider": "the provider of its base model"}


class End(NamedTuple):
    """`by`: who expects it, where neither an administrator nor the provider's list says so of this very model."""

    at: datetime
    by: str | None = None


def end_of(scene: Scene, model: ModelSeen) -> End | None:
    """None where no date is known, or its end has been carried out."""
    notice = scene.notice(model)
    if notice is not None and notice.retired:
        return None
    if notice is not None and notice.sunset_at is not None:
        return End(datetime.fromtimestamp(notice.sunset_at, UTC))
    return None if model.expected_end is None else _expected(model.expected_end)


def _expected(facts: str) -> End | None:
    known: dict[str, Any] = msgspec.json.decode(facts)
    fact = known.get("expected_end", {})
    said = fact.get("value")
    try:
        day = date.fromisoformat(said if len(said) == 10 else f"{said}-01")
    except (TypeError, ValueError):
        return None
    return End(datetime.combine(day, time(), UTC), _BY.get(fact.get("source"), "a catalogue"))
