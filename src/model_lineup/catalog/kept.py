"""What was worked out from one state of the configuration, kept until the next."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values of the newest revision that was asked for; of these the `most` last made.

    Every change of the catalog raises the revision in its own transaction, so what was worked out at a revision holds
    for whoever reads that revision.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._revision = -1
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: K, revision: int, make: Callable[[], V]) -> V:
        """The value that is kept for this key at this revision, or what `make` makes now."""
        with self._lock:
            if revision == self._revision and key in self._values:
                return self._values[key]
        made = make()
        self._keep(key, revision, made)
        return made

    def _keep(self, key: K, revision: int, value: V) -> None:
        with self._lock:
            if revision < self._revision:
                return
            if revision > self._revision:
                self._revision = revision
                self._values.clear()
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)
