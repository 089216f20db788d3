"""What is sent: the body in each format, and the headers that sign it. Pure.

The signature is that of Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec

from model_lineup.notices.shapes import StoredNotice
from model_lineup.webhooks.shapes import Format

PREFIX = "whsec_"
_SECRET_BYTES = 24


def body_of(notice: StoredNotice, form: Format) -> bytes:
    """JSON: `{id, event, at, subject, state, text, details}`; for Slack, and whatever speaks like it, `{text}`."""
    if form == "slack":
        text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return msgspec.json.encode({"text": f"Lineup: {text}"})
    return msgspec.json.encode(
        {
            "id": message_id(notice.id),
            "event": notice.kind,
            "at": notice.at,
            "subject": notice.subject,
            "state": notice.state,
            "text": notice.text,
            "details": notice.details,
        }
    )


def message_id(notice_id: int) -> str:
    """The same for each try, so that a receiver can tell a repetition."""
    return f"notice-{notice_id}"


def headers_of(notice: StoredNotice, body: bytes, secret: str | None, sent_at: int) -> tuple[tuple[str, str], ...]:
    """`sent_at`: seconds since 1970."""
    named = (
        ("content-type", "application/json"),
        ("user-agent", "lineup"),
        ("webhook-id", message_id(notice.id)),
        ("webhook-timestamp", str(sent_at)),
    )
    if secret is None:
        return named
    return (*named, ("webhook-signature", signature(secret, message_id(notice.id), sent_at, body)))


def signature(secret: str, message: str, sent_at: int, body: bytes) -> str:
    signed = hmac.new(key_of(secret), f"{message}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def key_of(secret: str) -> bytes:
    """`whsec_` and base64 stand for the bytes; any other text for itself."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return secret.encode()
    return secret.encode()


def new_secret() -> str:
    """One that nobody has, as Standard Webhooks writes them: 24 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
