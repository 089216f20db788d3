"""Notices: what they are about and what they say."""

from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

NoticeKind = Literal[
    "model_vanished",
    "model_retiring",
    "model_failing",
    "provider_failing",
    "credential_failing",
    "key_expiring",
    "staged_done",
    "staged_refused",
]
KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """`subject`: what it is about, like `model 12`, `provider 3`, `key 7`. `state`: a short word or date; of one kind
    and subject a second notice is made only when this differs. `text`: one sentence for people, without secrets;
    `details`: JSON for programs."""

    kind: NoticeKind
    subject: str
    state: str
    text: str
    details: dict[str, Any] = {}


class StoredNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it was made."""

    id: int
    at: datetime
    kind: str
    subject: str
    state: str
    text: str
    details: dict[str, Any]


class NoticePage(msgspec.Struct, frozen=True):
    """Newest first."""

    notices: list[StoredNotice]
    total: int
    limit: int
    offset: int
