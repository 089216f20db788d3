"""Statements are compiled once for all instances of a test process, and not anew for each.

SQLAlchemy keeps what it compiled with the engine, and each test's instance has engines of its own: a third of the time
of such a test went into compiling what thousands of tests before it had compiled. A server has one instance and keeps
its own cache, as everywhere.
"""

from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

MOST = 5_000


class _Shared:
    """As the cache of an engine, for all engines of one dialect."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(MOST)

    def get(self, key: Any, default: Any = None) -> Any:
        return self._kept.get(_for_any_engine(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        self._kept[_for_any_engine(key)] = compiled


def _for_any_engine(key: Any) -> Any:
    """A key begins with the dialect, of which each engine has an object of its own."""
    dialect, *statement = key
    return dialect.name, dialect.driver, *statement


def share() -> None:
    """From now on, for every engine that is made in this process."""
    shared, make = _Shared(), Engine.__init__

    def made(engine: Engine, *given: Any, **options: Any) -> None:
        make(engine, *given, **options)
        engine._compiled_cache = shared  # type: ignore[assignment]

    Engine.__init__ = made  # type: ignore[assignment, method-assign]
