"""Passwords: argon2id, hashed one at a time so that a flood of sign-ins cannot take the machine.

All in one thread: the 19 MiB of a hash stay with the thread that made it, so that hashing in the thread of each request
kept them a dozen times (found by tests/journeys/test_mixed.py).
"""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from model_lineup.errors import InvalidInput, PasswordsBusy

T = TypeVar("T")
LEAST, MOST = 10, 256
_COMMON = frozenset({"password12", "password123", "1234567890", "administrator", "changeme123", "qwertyuiop"})


_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """`check` does the same work for people who do not exist as for those who do.

    Both raise PasswordsBusy when `queue` others are waiting already.
    """

    def __init__(self, queue: int = 20) -> None:
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(queue + 1)
        self._nobody = _hash_of_nobody()

    def hash(self, password: str) -> str:
        return self._in_turn(lambda: _HASHER.hash(password))

    def check(self, stored: str | None, password: str) -> bool:
        def matches() -> bool:
            try:
                return _HASHER.verify(stored or self._nobody, password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

        return self._in_turn(matches)

    def fingerprint(self, password: str, salt: bytes) -> str:
        """By which two passwords can be told apart later, as dear to guess as the stored hash. `salt`: 16 bytes."""
        return self._in_turn(lambda: hash_secret_raw(password.encode(), salt, 2, 19_456, 1, 32, Type.ID).hex())

    def _in_turn(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise PasswordsBusy("Many passwords are being checked. Try again in a second.", retry_after=1)
        try:
            return self._hashing.submit(work).result()
        finally:
            self._places.release()


@functools.cache
def _hash_of_nobody() -> str:
    """Made once in a process: it takes 30 ms, as it should."""
    return _HASHER.hash("nobody has this password")


def check_strength(password: str, pointer: str) -> None:
    """Raises InvalidInput for a password that is too short, too long, or among the first to be guessed."""
    if not LEAST <= len(password) <= MOST:
        raise InvalidInput.at(pointer, f"a password has {LEAST} to {MOST} characters")
    if len(set(password)) < 4 or password.lower() in _COMMON:
        raise InvalidInput.at(pointer, "this password is among the first that anybody would try; choose another one")
