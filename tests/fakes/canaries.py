"""Secrets that are looked for everywhere, in every form in which they could hide.

canaries = Canaries({"provider key": "sk-canary-…"})
canaries.in_bytes(log) == []
"""

import base64
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

LEAST = 12
"""A secret shorter than this would be found by chance."""


class Canaries:
    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        self._forms: dict[str, dict[str, bytes]] = {}
        for name, secret in (secrets or {}).items():
            self.add(name, secret)

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= LEAST
        self._forms[name] = dict(forms(secret))
        return secret

    def __len__(self) -> int:
        return len(self._forms)

    def in_bytes(self, text: bytes, *, but: frozenset[str] = frozenset()) -> list[str]:
        """Which secrets are in it, in which form."""
        return [
            f"{name}, {how}"
            for name, found in self._forms.items()
            if name not in but
            for how, form in found.items()
            if form in text
        ]

    def in_folder(self, folder: Path, *, but: frozenset[str] = frozenset()) -> list[str]:
        """In every file, what archives hold among them; `but` names files that may hold secrets."""
        found = []
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.name not in but:
                found += [f"{file.name}: {what}" for what in self.in_bytes(_content(file))]
        return found


def forms(secret: str) -> Iterator[tuple[str, bytes]]:
    raw = secret.encode()
    yield "as it is", raw
    yield "reversed", raw[::-1]
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "percent-encoded", quote(secret, safe="").encode()
    yield "every character percent-encoded", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "JSON", json.dumps(secret)[1:-1].encode()
    yield "JSON escapes", "".join(f"\\u{ord(character):04x}" for character in secret).encode()
    yield "UTF-16 little-endian", secret.encode("utf-16-le")
    yield "UTF-16 big-endian", secret.encode("utf-16-be")
    for shift in range(3):  # base64 looks different, depending on what stands before
        inner = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
        yield f"base64, {shift} bytes behind the beat", inner
        yield f"base64url, {shift} bytes behind the beat", inner.replace(b"+", b"-").replace(b"/", b"_")


def _content(file: Path) -> bytes:
    if not tarfile.is_tarfile(file):
        return file.read_bytes()
    with tarfile.open(file) as archive:
        members = [archive.extractfile(member) for member in archive if member.isfile()]
        return b"\n".join(member.read() for member in members if member is not None)
