"""Seals and opens provider credentials at rest, and makes the hashes under which tokens are stored.

Envelope: each secret has its own data key (AES-256-GCM), wrapped by a key of the ring. Row, field and origin are bound
as associated data, so a ciphertext moved to another row or provider does not open. The ring is a 0600 file beside
the databases; it is made at the first start and never made again where sealed secrets exist.
"""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from model_lineup import durable
from model_lineup.errors import KeyUndecryptable, StartRefused

NONCE_BYTES = 12
KEY_BYTES = 32


class KeyRing(msgspec.Struct, frozen=True):
    """Keys by id, base64; `primary` seals, all of them open. `pepper` keys the token hashes."""

    primary: str
    keys: dict[str, str]
    pepper: str


class Vault:
    """Everything that is done with the key ring. `repr` shows nothing of it."""

    def __init__(self, ring: KeyRing) -> None:
        self._primary = ring.primary
        self._keys = {kid: base64.urlsafe_b64decode(key) for kid, key in ring.keys.items()}
        self._pepper = base64.urlsafe_b64decode(ring.pepper)

    def seal(self, secret: str, bound_to: str) -> str:
        """`bound_to` names row, field and origin. Returns text: `v1.<kid>.<wrapped key>.<ciphertext>`."""
        data_key = AESGCM.generate_key(256)
        wrapped = _encrypt(self._keys[self._primary], data_key, f"{bound_to}|{self._primary}")
        sealed = _encrypt(data_key, secret.encode(), bound_to)
        return ".".join(("v1", self._primary, _text(wrapped), _text(sealed)))

    def open(self, sealed: str, bound_to: str) -> str:
        """The secret again. Raises KeyUndecryptable when ring, row or origin is not the one it was sealed for."""
        try:
            version, kid, wrapped, ciphertext = sealed.split(".")
            if version != "v1":
                raise ValueError(version)
            data_key = _decrypt(self._keys[kid], _bytes(wrapped), f"{bound_to}|{kid}")
            return _decrypt(data_key, _bytes(ciphertext), bound_to).decode()
        except (InvalidTag, KeyError, ValueError):
            raise KeyUndecryptable(
                f"The secret of {bound_to.split('|')[0]} does not open with this key ring. "
                "Start Lineup with the ring it was sealed with, or enter the key again."
            ) from None

    def token_hash(self, token: str) -> str:
        """What is stored of a token: HMAC-SHA256 under the pepper, hex."""
        return hmac.new(self._pepper, token.encode(), hashlib.sha256).hexdigest()

    def derive(self, purpose: str, *parts: object) -> bytes:
        """32 bytes that only this ring can make again: HMAC over the purpose and its parts."""
        message = "|".join((purpose, *map(str, parts))).encode()
        return hmac.new(self._pepper, message, hashlib.sha256).digest()


def key_id(sealed: str) -> str:
    """The id of the ring's key under which a secret is sealed; empty for what `seal` never returned."""
    parts = sealed.split(".")
    return parts[1] if len(parts) == 4 else ""


def new_ring() -> KeyRing:
    kid = secrets.token_hex(4)
    return KeyRing(
        primary=kid, keys={kid: _text(secrets.token_bytes(KEY_BYTES))}, pepper=_text(secrets.token_bytes(KEY_BYTES))
    )


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
    if ring.primary not in ring.keys or not all(_is_key(key) for key in keys):
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
