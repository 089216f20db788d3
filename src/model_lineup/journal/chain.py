"""The journal as a chain: what the digest of a change set covers, so that none of it can change unseen.

    contents = SHA-256 of the JSON [[position, entity, entity_id, label, before, after], …], `before`, `after` as text
    digest   = SHA-256 of the JSON [digest before, id, revision, at, actor, operation, request_id, touched, contents]

JSON without spaces, in UTF-8, digests in hexadecimal, and "" before the first: whoever has the rows can do the sum
again, without a key and without us. Contents have a digest of their own so that they may go one day while the chain
stays (docs/decisions/0024). That nobody wrote the chain anew shows by a head that was kept elsewhere: in the logs.
"""

import hashlib
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select

from model_lineup.journal.tables import change_digests

HEADER = ("id", "revision", "at", "actor", "operation", "request_id", "touched")
_values_of_header = itemgetter(*HEADER)
COMPACTION = "journal.compact"
"""The operation whose entry says through which change set contents may be missing: ("journal", that id)."""


class Head(NamedTuple):
    """The end of the chain after a change."""

    change_id: int
    digest: str


def contents_digest(parts: Iterable[str]) -> str:
    """Of all entries of a change set: the parts of its contents in their order, each the JSON of a list, as stored."""
    digest, before = hashlib.sha256(b"["), b""
    for part in parts:
        digest.update(before + part[1:-1].encode())
        before = b","
    digest.update(b"]")
    return digest.hexdigest()


def digest(before: str, header: Mapping[Any, Any], contents: str) -> str:
    """Of a change set: `header` is its row as it is stored, `before` the digest of the one before it."""
    return _sha256([before, *_values_of_header(header), contents])


def extend(connection: Connection, header: Mapping[Any, Any], parts: Iterable[str]) -> Head:
    """Store the digests of a new change set; nobody else may be writing one."""
    newest = select(change_digests.c.digest).order_by(change_digests.c.change_id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none() or ""
    contents = contents_digest(parts)
    head = Head(header["id"], digest(before, header, contents))
    values = {"change_id": head.change_id, "contents": contents, "digest": head.digest}
    connection.execute(insert(change_digests).values(values))
    return head


def _sha256(value: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()
