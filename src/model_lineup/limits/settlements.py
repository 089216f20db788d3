"""What is to be settled, added up: one entry for each key and second in which it was granted, however many requests."""

from collections.abc import Iterable

from model_lineup.limits.keys import Settlement
from model_lineup.limits.spending import Grant

_Place = tuple[int, int, int]


class _Sum:
    """Of grants of one key in one second: what was granted, and what of it was used."""

    __slots__ = ("grant", "granted", "nanodollars", "requests", "reserved", "reserved_nanodollars", "tokens")

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.granted = self.reserved = self.reserved_nanodollars = 0
        self.requests = self.tokens = self.nanodollars = 0

    def settlement(self) -> Settlement:
        granted = self.grant._replace(
            requests=self.granted, tokens=self.reserved, nanodollars=self.reserved_nanodollars
        )
        return Settlement(granted, self.requests, self.tokens, self.nanodollars)


class Settlements:
    """Waiting to be written. Not safe among threads."""

    def __init__(self) -> None:
        self._sums: dict[_Place, _Sum] = {}

    def __bool__(self) -> bool:
        return bool(self._sums)

    def used(self, grant: Grant, tokens: int, nanodollars: int, requests: int = 1) -> None:
        """What became of a grant."""
        for one in grant.places():
            self._add(one, tokens, nanodollars, requests)

    def _add(self, grant: Grant, tokens: int, nanodollars: int, requests: int) -> None:
        place = grant[:3]  # key, second, month
        one = self._sums.get(place)
        if one is None:
            one = self._sums[place] = _Sum(grant)
        one.granted += grant.requests
        one.reserved += grant.tokens
        one.reserved_nanodollars += grant.nanodollars
        one.requests += requests
        one.tokens += tokens
        one.nanodollars += nanodollars

    def add(self, one: Settlement) -> None:
        self.used(one.grant, one.tokens, one.nanodollars, one.requests)

    def extend(self, some: Iterable[Settlement]) -> None:
        for one in some:
            self.add(one)

    def take(self) -> list[Settlement]:
        """All of them; they are not kept here any more."""
        taken, self._sums = [one.settlement() for one in self._sums.values()], {}
        return taken
