"""E-mail addresses: what looks like one, and which are the same."""

import re
import unicodedata

_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,190}")


def is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def folded(email: str) -> str:
    """By which an address is found: neither case counts, nor how an accent was typed (one character, or two)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).lower())
