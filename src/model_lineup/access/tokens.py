"""The shape of tokens and keys: a prefix that says what it is, 43 random characters, and a checksum.

The checksum lets a mistyped or invented token be refused before anything is looked up, and secret scanners know it.
"""

import re
import secrets
import string
import zlib
from collections.abc import Iterator

ALPHABET = string.digits + string.ascii_letters
BODY = 43  # 62^43 > 2^256
PREFIXES = {
    "access": "lineup_at_",
    "refresh": "lineup_rt_",
    "user": "lineup_usr_",
    "agent": "lineup_agt_",
    "admin": "lineup_adm_",
    "setup": "lineup_set_",
    "browser": "lineup_bro_",
}
_TOKEN = re.compile(rf"(lineup_[a-z]{{2,3}}_)([0-9A-Za-z]{{{BODY}}})([0-9A-Za-z]{{6}})")


def new_token(kind: str) -> str:
    """A fresh secret of this kind: 256 bits of randomness."""
    return _with_checksum(PREFIXES[kind] + "".join(secrets.choice(ALPHABET) for _ in range(BODY)))


def token_from(kind: str, seed: bytes) -> str:
    """The token that 32 bytes of secret always give; for secrets that are derived instead of stored."""
    number = int.from_bytes(seed, "big")
    return _with_checksum(PREFIXES[kind] + "".join(_digits(number, BODY)))


def kind_of(token: str) -> str | None:
    """What a well-formed token claims to be; None for anything else."""
    found = _TOKEN.fullmatch(token)
    if found is None or _checksum(found[1] + found[2]) != found[3]:
        return None
    return next((kind for kind, prefix in PREFIXES.items() if prefix == found[1]), None)


def _with_checksum(text: str) -> str:
    return text + _checksum(text)


def _checksum(text: str) -> str:
    return "".join(_digits(zlib.crc32(text.encode()), 6))


def _digits(number: int, count: int) -> Iterator[str]:
    for _ in range(count):
        number, rest = divmod(number, len(ALPHABET))
        yield ALPHABET[rest]
