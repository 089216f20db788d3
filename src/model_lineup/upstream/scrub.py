"""What a provider said about a failure, made safe to show and store. Pure."""

import re
from base64 import b64encode
from urllib.parse import quote

from model_lineup.upstream.contract import Endpoint

MAX_MESSAGE = 200
_LOOKS_SECRET = re.compile(r"(?i)\b(bearer\s+|sk-|gsk_|hf_|xai-|aiza)[\w.~+/*-]{8,}")
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LEAST_SECRET = 6


def scrub(text: str, endpoint: Endpoint) -> str:
    """One line of at most 200 characters, without the endpoint's key and header values in any usual encoding.

    Scrubbed before it is cut, so that no half of a key remains at the end.
    """
    for secret in _secrets(endpoint):
        text = text.replace(secret, "***")
    text = _LOOKS_SECRET.sub("***", text)
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _secrets(endpoint: Endpoint) -> list[str]:
    plain = [endpoint.api_key or "", *(value for _, value in endpoint.headers)]
    forms = {form for secret in plain if len(secret) >= _LEAST_SECRET for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> set[str]:
    octets = secret.encode("utf-8", "replace")
    return {secret, quote(secret, safe=""), b64encode(octets).decode().rstrip("="), octets.hex()}
