"""Passwords: argon2id, hashed one at a time so that a flood of sign-ins cannot take the machine."""

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from model_lineup.errors import InvalidInput

LEAST, MOST = 10, 256
_COMMON = frozenset({"password12", "password123", "1234567890", "administrator", "changeme123", "qwertyuiop"})


_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """`check` does the same work for people who do not exist as for those who do."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._nobody = _hash_of_nobody()

    def hash(self, password: str) -> str:
        with self._one_at_a_time:
            return _HASHER.hash(password)

    def check(self, stored: str | None, password: str) -> bool:
        with self._one_at_a_time:
            try:
                return _HASHER.verify(stored or self._nobody, password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False


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
