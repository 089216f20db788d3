"""The two headers of a caller that travel on, because Anthropic's format says part of a request there: the version and
the betas that its body is written in. No other header of a caller leaves Lineup.

docs/decisions/0033-two-headers-travel.md.
"""

import re
from collections.abc import Iterable

import msgspec

from model_lineup.gateway.failures import Refused
from model_lineup.upstream.contract import Endpoint, Surface

SURFACES: frozenset[Surface] = frozenset({"messages", "count_tokens"})
BETAS = "anthropic-beta"
_VERSION = "anthropic-version"
_WORDS = re.compile(rb"[A-Za-z0-9._\-, ]{0,2000}")


class Said(msgspec.Struct, frozen=True):
    """`version`, `betas`: as the caller wrote them; several lists of betas as one."""

    version: str | None
    betas: str | None

    def at(self, endpoint: Endpoint) -> Endpoint:
        """What the administrator set comes first: his version stands, and his betas are asked for too."""
        own = dict(endpoint.headers)
        if self.betas:
            own[BETAS] = f"{own[BETAS]},{self.betas}" if own.get(BETAS) else self.betas
        version = endpoint.api_version or self.version
        return msgspec.structs.replace(endpoint, headers=tuple(own.items()), api_version=version)


def said(head: Iterable[tuple[bytes, bytes]]) -> Said | None:
    """None where the caller sent neither. Raises Refused for a value that no such header has."""
    version, betas = None, []
    for name, value in head:
        if name == b"anthropic-version":
            version = _checked(_VERSION, value)
        elif name == b"anthropic-beta":
            betas.append(_checked(BETAS, value))
    return Said(version, ",".join(filter(None, betas)) or None) if version or betas else None


def _checked(name: str, value: bytes) -> str:
    if not _WORDS.fullmatch(value):
        message = f"The header {name} holds words of letters, digits, '.', '_' and '-', with commas between them."
        raise Refused(400, "invalid_header", message, param=name)
    return value.decode().strip()
