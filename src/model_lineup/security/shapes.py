"""What the security log says."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class SecurityEvent(StrEnum):
    """What can happen at the doors."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_THROTTLED = "sign_in_throttled"
    SIGN_ON_FAILED = "sign_on_failed"
    SIGN_ON_ADJUSTED = "sign_on_adjusted"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105  # nosec B105
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # nosec B105
    REFRESH_REUSED = "refresh_reused"
    SIGNED_OUT = "signed_out"
    SETUP_REFUSED = "setup_refused"
    SETUP_DONE = "setup_done"
    PERSON_MADE = "person_made"
    PERSON_CHANGED = "person_changed"
    PERSON_DELETED = "person_deleted"
    KEY_MADE = "key_made"
    KEY_CHANGED = "key_changed"
    KEY_REVOKED = "key_revoked"
    KEY_REFUSED = "key_refused"


class SecurityEntry(msgspec.Struct, frozen=True, kw_only=True):
    """`actor`: who did it, or whose account or key it was; null for a stranger, whose typed address is not kept.

    Refusals of one sort from one address within an hour are one entry, with their number in `count` and the moment of
    the last one in `last_at`.
    """

    id: int
    at: datetime
    last_at: datetime
    count: int
    event: SecurityEvent
    actor: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]


class SecurityPage(msgspec.Struct, frozen=True):
    entries: list[SecurityEntry]
    total: int
    limit: int
    offset: int
