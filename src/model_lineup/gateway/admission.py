"""Whose request it is: the one credential of its head, looked up in the snapshot."""

from collections.abc import Callable, Iterable

from model_lineup.access.callers import Caller, CallerKind, GroupSet
from model_lineup.access.tokens import kind_of
from model_lineup.gateway.failures import Refused
from model_lineup.routing.snapshot import Snapshot

_REMEMBERED = 4096


class Admission:
    """`hash_of`: what is stored of a token. `now`: microseconds since 1970."""

    def __init__(self, hash_of: Callable[[str], str], now: Callable[[], int]) -> None:
        self._hash_of = hash_of
        self._now = now
        self._hashes: dict[bytes, str] = {}

    def admit(self, headers: Iterable[tuple[bytes, bytes]], snapshot: Snapshot) -> Caller:
        """Raises Refused: 401, or 400 for two differing credentials."""
        credential = _credential(headers)
        token_hash = self._hashes.get(credential)
        if token_hash is None:
            token_hash = self._hash(credential)
        caller = snapshot.callers.get(token_hash)
        if caller is None or (caller.expires_at is not None and caller.expires_at <= self._now()):
            raise _unknown()
        self._remember(credential, token_hash)
        return caller

    def _hash(self, credential: bytes) -> str:
        token = credential.decode("latin-1")
        kind = kind_of(token)
        if kind in ("access", "refresh", "admin", "setup"):
            message = "Credentials of administrators do not serve /v1. It takes a user's or an agent's key."
            raise Refused(401, "wrong_credential_kind", message)
        if kind is None:
            raise _unknown()
        return self._hash_of(token)

    def _remember(self, credential: bytes, token_hash: str) -> None:
        """Tokens that were good once; whether they still are is asked each time."""
        if credential not in self._hashes:
            if len(self._hashes) >= _REMEMBERED:
                self._hashes.clear()
            self._hashes[credential] = token_hash


class OwnersAdmission(Admission):
    """Lets everybody in, as a user or an agent: for the process of whoever owns the data folder, and for calls that a
    server makes for somebody whom it knows by other means; never for those who come over the network."""

    def __init__(
        self,
        kind: CallerKind,
        name: str = "command line",
        person_id: int | None = None,
        groups: GroupSet | None = None,
    ) -> None:
        """`groups`: those that he counts as a member of; None: whatever the groups."""
        self._caller = Caller(0, kind, name, "", person_id, None, groups=groups)

    def admit(self, headers: Iterable[tuple[bytes, bytes]], snapshot: Snapshot) -> Caller:
        return self._caller


def _credential(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    found = None
    for name, value in headers:
        if name == b"authorization":
            given = value[7:].strip() if value[:7].lower() == b"bearer " else value
        elif name == b"x-api-key":
            given = value.strip()
        else:
            continue
        if found is not None and given != found:
            raise Refused(400, "conflicting_credentials", "Two different credentials in one request. Send one.")
        found = given
    if not found:
        message = "A key is missing: send it as Authorization: Bearer …, or as x-api-key."
        raise Refused(401, "credential_missing", message)
    return found


def _unknown() -> Refused:
    return Refused(401, "invalid_api_key", "This key is unknown, expired or revoked.")
