"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ManualClock:
    """Implements `model_lineup.clock.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._tick = 0.0

    def now(self) -> datetime:
        return self._now

    def tick(self) -> float:
        return self._tick

    def advance(self, seconds: float = 1.0) -> None:
        self._now += timedelta(seconds=seconds)
        self._tick += seconds
