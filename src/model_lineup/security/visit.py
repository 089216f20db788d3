"""Where a request came from."""

import ipaddress
from dataclasses import dataclass

USER_AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """`address`: of the client, as text; None at the local command line, which has none."""

    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None

    @property
    def network(self) -> str | None:
        """By what guesses are counted: an IPv4 address, or the /64 of an IPv6 address, for one host has all of it."""
        if self.address is None:
            return None
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


LOCAL = Visit()
"""The command line on the data directory."""


def printable(text: str, most: int = USER_AGENT_LENGTH) -> str:
    """Without control characters, in bounded length: what strangers send is shown to people later."""
    return "".join(character for character in text[: most * 4] if character.isprintable())[:most]
