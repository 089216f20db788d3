"""Seals and opens provider credentials at rest, and makes the hashes under which tokens are stored.

Envelope: each secret has its own data key (AES-256-GCM), wrapped by a key of the ring. Row, field and origin are bound
as associated data, so a ciphertext moved to another row or provider does not open. The ring is a 0600 file beside
the databases; it is made at the first start and never made again where sealed secrets exist.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from model_lineup import durable
from model_lineup.errors import KeyUndecryptable, StartRefused

NONCE_BYTES = 12
KEY_BYTES = 32


class KeyRing(msgspec.Struct, frozen=True):
    """Keys by id, base64; `primary` seals, all of them open. `pepper` keys the token hashes.

    `prepared`: the key that will be primary after the next rotation; until then it only has to be everywhere.
    """

    primary: str
    keys: dict[str, str]
    pepper: str
    prepared: str | None = None


class Vault:
    """Everything that is done with the key ring. `repr` shows nothing of it.

    With the ring's `path` it follows a rotation that another process makes: it reads the file again before it seals
    when the file is another one, and when a secret is under a key that it does not know.
    """

    def __init__(self, ring: KeyRing, path: Path | None = None) -> None:
        self._path = path
        self._file = _identity(path)
        self._keys = _Keys.of(ring)
        self._pepper = base64.urlsafe_b64decode(ring.pepper)

    def seal(self, secret: str, bound_to: str) -> str:
        """`bound_to` names row, field and origin. Returns text: `v1.<kid>.<wrapped key>.<ciphertext>`.

        Called in the transaction that stores it, it is never under a key that a rotation has retired by then.
        """
        self._follow()
        keys, data_key = self._keys, AESGCM.generate_key(256)
        wrapped = _encrypt(keys.by_id[keys.primary], data_key, f"{bound_to}|{keys.primary}")
        sealed = _encrypt(data_key, secret.encode(), bound_to)
        return ".".join(("v1", keys.primary, _text(wrapped), _text(sealed)))

    def open(self, sealed: str, bound_to: str) -> str:
        """The secret again. Raises KeyUndecryptable when ring, row or origin is not the one it was sealed for."""
        with _undecryptable(bound_to):
            data_key, ciphertext = self._data_key(sealed, bound_to)
            return _decrypt(data_key, _bytes(ciphertext), bound_to).decode()

    def rewrap(self, sealed: str, bound_to: str) -> str:
        """The same secret under the primary key: its data key is wrapped anew, its ciphertext stays as it is.

        Raises KeyUndecryptable.
        """
        with _undecryptable(bound_to):
            data_key, ciphertext = self._data_key(sealed, bound_to)
            _decrypt(data_key, _bytes(ciphertext), bound_to)
        keys = self._keys
        wrapped = _encrypt(keys.by_id[keys.primary], data_key, f"{bound_to}|{keys.primary}")
        return ".".join(("v1", keys.primary, _text(wrapped), ciphertext))

    def _data_key(self, sealed: str, bound_to: str) -> tuple[bytes, str]:
        """The key of this one secret, and what it opens. Raises InvalidTag, KeyError, ValueError."""
        version, kid, wrapped, ciphertext = sealed.split(".")
        if version != "v1":
            raise ValueError(version)
        if kid not in self._keys.by_id:
            self._follow()
        return _decrypt(self._keys.by_id[kid], _bytes(wrapped), f"{bound_to}|{kid}"), ciphertext

    def _follow(self) -> None:
        """Read the ring again when its file is another one. One that is broken, or not this ring, is not taken."""
        found = _identity(self._path)
        if self._path is None or found is None or found == self._file:
            return
        with contextlib.suppress(StartRefused):
            ring = load_ring(self._path)
            if ring is not None and base64.urlsafe_b64decode(ring.pepper) == self._pepper:
                self._keys, self._file = _Keys.of(ring), found

    def token_hash(self, token: str) -> str:
        """What is stored of a token: HMAC-SHA256 under the pepper, hex."""
        return hmac.new(self._pepper, token.encode(), hashlib.sha256).hexdigest()

    def derive(self, purpose: str, *parts: object) -> bytes:
        """32 bytes that only this ring can make again: HMAC over the purpose and its parts."""
        message = "|".join((purpose, *map(str, parts))).encode()
        return hmac.new(self._pepper, message, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    primary: str
    by_id: dict[str, bytes]

    @classmethod
    def of(cls, ring: KeyRing) -> "_Keys":
        return cls(ring.primary, {kid: base64.urlsafe_b64decode(key) for kid, key in ring.keys.items()})


def _identity(path: Path | None) -> tuple[int, int, int] | None:
    """What differs when a file was replaced; 2 µs."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


@contextlib.contextmanager
def _undecryptable(bound_to: str) -> Iterator[None]:
    try:
        yield
    except (InvalidTag, KeyError, ValueError):
        raise KeyUndecryptable(
            f"The secret of {bound_to.split('|')[0]} does not open with this key ring. "
            "Start Lineup with the ring it was sealed with, or enter the key again."
        ) from None


def key_id(sealed: str) -> str:
    """The id of the ring's key under which a secret is sealed; empty for what `seal` never returned."""
    parts = sealed.split(".")
    return parts[1] if len(parts) == 4 else ""


def new_ring() -> KeyRing:
    kid, key = new_key()
    return KeyRing(primary=kid, keys={kid: key}, pepper=_text(secrets.token_bytes(KEY_BYTES)))


def new_key() -> tuple[str, str]:
    """A key for a ring, and its id."""
    return secrets.token_hex(4), _text(secrets.token_bytes(KEY_BYTES))


def load_ring(path: Path) -> KeyRing | None:
    """The ring in the file, or None where there is no file. Raises StartRefused for one that is unsafe or broken."""
    if not path.exists():
        return None
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and os.name == "posix":
        raise StartRefused(f"The key ring {path} can be read by others. Run: chmod 600 {path}")
    try:
        ring = msgspec.json.decode(path.read_bytes(), type=KeyRing)
        keys = [base64.urlsafe_b64decode(key) for key in (*ring.keys.values(), ring.pepper)]
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise StartRefused(f"The key ring {path} cannot be read ({error}). Restore it from your backup.") from None
    if not {ring.primary, ring.prepared or ring.primary} <= set(ring.keys) or not all(_is_key(key) for key in keys):
        raise StartRefused(f"The key ring {path} holds a weak, short or missing key. Restore it from your backup.")
    return ring


def store_ring(ring: KeyRing, path: Path, *, replace: bool = False) -> None:
    """Write a ring, readable by its owner alone. It replaces one only if told so: else FileExistsError.

    It appears under its name whole or not at all: another process may be waiting to read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with durable.written(path, replace=replace) as file:
        file.write(msgspec.json.format(msgspec.json.encode(ring)))


def _is_key(key: bytes) -> bool:
    """All zeros and the like were never drawn at random."""
    return len(key) == KEY_BYTES and len(set(key)) > KEY_BYTES // 4


def _encrypt(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text)
