"""What is to be settled, added up: one entry for each key and second in which it was granted, however many requests."""

from collections.abc import Iterable

from model_lineup.limits.keys import Settlement


class Settlements:
    """Waiting to be written. Not safe among threads."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int, int], Settlement] = {}

    def __bool__(self) -> bool:
        return bool(self._sums)

    def add(self, one: Settlement) -> None:
        grant = one.grant
        key = (grant.key_id, grant.second, grant.month)
        known = self._sums.get(key)
        if known is None:
            self._sums[key] = one
            return
        together = known.grant._replace(
            requests=known.grant.requests + grant.requests,
            tokens=known.grant.tokens + grant.tokens,
            nanodollars=known.grant.nanodollars + grant.nanodollars,
        )
        self._sums[key] = Settlement(
            together, known.requests + one.requests, known.tokens + one.tokens, known.nanodollars + one.nanodollars
        )

    def extend(self, some: Iterable[Settlement]) -> None:
        for one in some:
            self.add(one)

    def take(self) -> list[Settlement]:
        """All of them; they are not kept here any more."""
        taken, self._sums = list(self._sums.values()), {}
        return taken
