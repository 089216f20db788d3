"""For whom a trusted front end asks: its own user, who stands in a header of the request.

Only keys that an administrator marked are believed; the header of any other is not looked at. No header of a caller is
ever passed to a provider.
"""

from collections.abc import Iterable, Sequence

from model_lineup.gateway.failures import Refused

LONGEST = 254
"""Characters; as long as an e-mail address can be."""


class FrontEnds:
    def __init__(self, headers: Sequence[str]) -> None:
        """`headers`: those that may name the user; the first of them that is there counts."""
        self._names = tuple(name.lower().encode() for name in headers)

    def user(self, head: Iterable[tuple[bytes, bytes]]) -> str | None:
        """None where the front end says nothing. Raises Refused for a name that nobody could keep apart from another:
        too long, with control characters, or one header twice."""
        found = [(name, value) for name, value in head if name in self._names]
        for wanted in self._names:
            values = [value for name, value in found if name == wanted]
            if len(values) > 1:
                raise _bad(wanted, "stands twice")
            if values and values[0].strip():
                return _readable(wanted, values[0].strip())
        return None


def _readable(name: bytes, value: bytes) -> str:
    try:
        user = value.decode()
    except UnicodeDecodeError:
        user = value.decode("latin-1")
    if len(user) > LONGEST:
        raise _bad(name, f"has more than {LONGEST} characters")
    if not user.isprintable():
        raise _bad(name, "has characters that cannot be printed")
    return user


def _bad(name: bytes, what: str) -> Refused:
    message = f"The header {name.decode()}, which says for whom this front end asks, {what}."
    return Refused(400, "bad_forwarded_user", message)
