"""Which Lineups a request came through, so that one that goes in a circle ends at its first return.

Each adds its pseudonym to `Via` (RFC 9110, 7.6.3) when it asks a provider. A caller's own `Via` does not travel: only
the pseudonyms of Lineups are taken from it, which say nothing but that.
"""

import re
from collections.abc import Sequence

from model_lineup.gateway.failures import Refused

_LINEUP = re.compile(rb"1\.1 lineup-[0-9a-f]{16}")
MOST_HOPS = 8


class Hops:
    """`pseudonym`: of this instance, the same at all its workers and replicas."""

    def __init__(self, pseudonym: str) -> None:
        self._own = f"1.1 {pseudonym}".encode()

    def before(self, head: Sequence[tuple[bytes, bytes]]) -> str:
        """Those before this one, as the next request's `Via` begins; mostly none. Raises Refused: 508."""
        for name, _ in head:
            if name == b"via":
                return self._checked(head)
        return ""

    def _checked(self, head: Sequence[tuple[bytes, bytes]]) -> str:
        said = [one.strip() for name, value in head if name == b"via" for one in value.split(b",")]
        hops = [one for one in said if _LINEUP.fullmatch(one)]
        if self._own in hops:
            raise _loop("The request came back to the Lineup that had sent it")
        if len(hops) >= MOST_HOPS:
            raise _loop(f"The request has been through {MOST_HOPS} Lineups already")
        return b", ".join(hops).decode()


def _loop(what: str) -> Refused:
    message = f"{what}: a provider's base URL leads in a circle. Tell your administrator."
    return Refused(508, "loop_detected", message)
