"""Which stage failed, and what an admin can do about it: one rule for connection tests, benchmarks and lists. Pure.

Statuses: 401, 403 auth, and 400 that speaks of a bad key (Gemini, xAI) · 402, 429, 529 quota · 404 and errors that
name the model: model · 408, 504, 524 timeout · everything else protocol, with a finer `code`. A message is the
provider's own `error.message`, scrubbed, or ours.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from model_lineup.upstream import registry
from model_lineup.upstream.contract import Endpoint, Failure, MalformedError, NetworkScope, ProviderError, Stage
from model_lineup.upstream.parsing import json_of
from model_lineup.upstream.scrub import scrub
from model_lineup.upstream.wire import AddressRefused, BodyTooLarge, DeadlinePassed, HeadTooLarge, Truncated, WireError

_HINTS: dict[str, str] = {
    "dns": "Check the host in the base URL, and that this machine can resolve it.",
    "connect": "Check host and port of the base URL, and that the server is running and reachable from here.",
    "refused": "Widen the provider's network scope only if this address is meant to be called.",
    "tls": "Check the certificate; give the provider a CA bundle if a private authority signed it.",
    "auth": "Check the provider's API key and what it is allowed to do.",
    "quota": "The provider limits this account: wait, or raise its quota there.",
    "overloaded": "The provider is out of capacity; try again later.",
    "model": "The provider does not serve this model to this key: fetch its list again, or check the id.",
    "timeout": "The provider was too slow; try again, or raise the provider's timeouts.",
    "server_error": "The provider failed on its side; try again later.",
    "upstream_redirect": "Lineup never follows redirects, because keys would travel along. Enter the final base URL.",
    "truncated": "The connection ended in the middle of the answer; look at proxies between here and the provider.",
    "html": "This address answers with a web page. Check the base URL.",
    "malformed": "This does not look like an API of the provider's kind. Check the kind and the base URL.",
    "too_large": "The answer exceeds what Lineup reads.",
    "empty": "There was an answer, and nothing in it: look at what the provider serves to this key.",
}


def hint_for(code: str, endpoint: Endpoint, *, path_in_doubt: bool = False) -> str:
    """What to do next; when the path may be wrong, what of it the base URL may lack or have too much."""
    hint = _HINTS.get(code, "")
    return f"{hint} {_about_the_path(endpoint)}".strip() if path_in_doubt else hint


def _about_the_path(endpoint: Endpoint) -> str:
    """Judged by the base URL that the kind proposes: with OpenAI's API `/v1` belongs to it, with others it does not."""
    kind = registry.offered().get(endpoint.kind)
    if kind is None:
        return ""
    usual = urlsplit(kind.default_base_url or "").path
    given = urlsplit(endpoint.base_url).path.rstrip("/")
    if usual and not given.endswith(usual):
        return f"The base URL may lack {usual}."
    return f"The base URL may have to end before {given}." if given and not usual else ""


def of_wire(error: WireError, endpoint: Endpoint, status: int | None = None) -> Failure:
    """The client could not complete the request; `status` if a head had come."""
    stage = _wire_stage(error)
    code: str = stage
    needed: NetworkScope | None = None
    if isinstance(error, AddressRefused):
        code, needed = "refused", error.needed.value if error.needed else None
    elif isinstance(error, Truncated):
        code = "truncated"
    elif isinstance(error, BodyTooLarge | HeadTooLarge):
        code = "too_large"
    return Failure(stage, code, scrub(error.message, endpoint), hint_for(code, endpoint), status, needed_scope=needed)


def _wire_stage(error: WireError) -> Stage:
    """A connect deadline belongs to what it ran out in: a silent handshake is a TLS problem, not a slow provider."""
    if isinstance(error, DeadlinePassed) and error.which == "connect":
        return {"dns": "dns", "tls": "tls"}.get(error.phase, "connect")  # type: ignore[return-value]
    return error.stage


def of_status(status: int, content_type: str, body: bytes, endpoint: Endpoint, model_id: str | None) -> Failure:
    """A status that is no success; `body` may be cut. `model_id` is None when no model was asked for."""
    said = error_message(body)
    html = looks_like_html(content_type, body)
    stage, code = _stage_of_status(status, said, html, model_id)
    message = scrub(said, endpoint) or f"The provider answered {status}."
    if code == "upstream_redirect":
        message = f"The provider answered {status}, a redirect (upstream_redirect)."
    hint = hint_for(code, endpoint, path_in_doubt=html or status in (404, 405) or code == "upstream_redirect")
    return Failure(stage, code, message, hint, status)


def _stage_of_status(status: int, said: str, html: bool, model_id: str | None) -> tuple[Stage, str]:
    if status in _REDIRECTS:
        return "protocol", "upstream_redirect"
    by_number: Stage | None = _STATUS_STAGES.get(status)
    if by_number is not None:
        return by_number, "overloaded" if status == 529 else by_number
    if status in (400, 422) and _BAD_KEY.search(said):
        return "auth", "auth"
    if model_id is not None and not html and (status == 404 or names_model(said, model_id)):
        return "model", "model"
    if html:
        return "protocol", "html"
    if status >= 500 and status != 501:  # 501 is an answer: this server cannot do that
        return "protocol", "overloaded" if status == 503 else "server_error"
    return "protocol", "upstream_error" if said else "malformed"


_BAD_KEY = re.compile(
    r"(?i)\bapi[ _-]?key\b.{0,20}\b(?:not valid|invalid|incorrect|expired|not found)"
    r"|\b(?:invalid|incorrect)\b.{0,20}\bapi[ _-]?key"
)
_REDIRECTS = (300, 301, 302, 303, 305, 307, 308)
_STATUS_STAGES: dict[int, Stage] = {
    401: "auth",
    402: "quota",
    403: "auth",
    408: "timeout",
    429: "quota",
    504: "timeout",
    524: "timeout",
    529: "quota",
}


def of_provider_error(error: ProviderError, endpoint: Endpoint, model_id: str | None) -> Failure:
    """An error inside a 200 or inside a stream. Its code may be an HTTP status (OpenRouter) or a word (OpenAI)."""
    message = scrub(error.message, endpoint) or "The provider reported an error without a message."
    stage, code = _stage_of_code(error, model_id)
    return Failure(stage, code, message, hint_for(code, endpoint), 200)


def _stage_of_code(error: ProviderError, model_id: str | None) -> tuple[Stage, str]:
    if isinstance(error.code, int) and 400 <= error.code < 600:
        return _stage_of_status(error.code, error.message, False, model_id)
    word = str(error.code or "").lower()
    if "quota" in word or "rate_limit" in word or "billing" in word:
        return "quota", "quota"
    if "api_key" in word or "authentication" in word or "permission" in word:
        return "auth", "auth"
    if "overloaded" in word:
        return "quota", "overloaded"
    if "timeout" in word:
        return "timeout", "timeout"
    if word in _SERVER_ERRORS:
        return "protocol", "server_error"
    if word in ("model_not_found", "not_found_error") or (
        model_id is not None and names_model(error.message, model_id)
    ):
        return "model", "model"
    return "protocol", "upstream_error"


_SERVER_ERRORS = ("api_error", "server_error", "internal_error", "internal_server_error")


def of_malformed(reason: str, endpoint: Endpoint, status: int | None) -> Failure:
    """A 2xx whose body is not what its format says. `reason` is ours and quotes nothing."""
    return Failure(
        "protocol", "malformed", f"{reason[:1].upper()}{reason[1:]}.", hint_for("malformed", endpoint), status
    )


def of_html(endpoint: Endpoint, status: int) -> Failure:
    message = "The provider answered with a web page instead of JSON."
    return Failure("protocol", "html", message, hint_for("html", endpoint, path_in_doubt=True), status)


def simple(stage: Stage, code: str, message: str, endpoint: Endpoint, status: int | None = None) -> Failure:
    """A failure in our own words."""
    return Failure(stage, code, message, hint_for(code, endpoint), status)


def names_model(said: str, model_id: str) -> bool:
    """Whether an error is about the model: it quotes the id, and says that there is none."""
    lowered = said.lower()
    return "model" in lowered and (model_id.lower() in lowered or "model_not_found" in lowered) and "not" in lowered


def looks_like_html(content_type: str, body: bytes) -> bool:
    return "html" in content_type.lower() or body.lstrip()[:1] == b"<"


def error_message(body: bytes) -> str:
    """The `error.message` of a JSON body in one of the usual shapes; empty when there is none.

    Gemini puts the error into a list when a stream was asked for.
    """
    try:
        value = json_of(body)
    except MalformedError:
        return ""
    found = find_error(value[0] if isinstance(value, list) and value else value)
    return found.message if found else ""


def refuse_error(value: Any, *, failed: bool = False) -> None:
    """Raises ProviderError for an error in a JSON value; `failed`: it is one, whatever stands in it."""
    error = find_error(value)
    try:
        if error is not None or failed:
            raise error or ProviderError("")
    finally:
        del error  # or it and this frame, which it remembers, would hold each other


def find_error(value: Any) -> ProviderError | None:
    """The error in a JSON value: `{"error": {"message", "code", "type"}}` (OpenAI), `{"error": "…"}` (Ollama),
    `{"object": "error", "message", "code"}` (older vLLM), `{"detail": "…"}` (FastAPI); `None` when there is none."""
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if isinstance(error, dict) and error:
        return ProviderError(_text(error.get("message")), _code(error))
    if isinstance(error, str) and error:
        return ProviderError(error)
    if value.get("object") == "error" or value.get("type") == "error":
        return ProviderError(_text(value.get("message")), _code(value))
    detail = value.get("detail")
    return ProviderError(detail) if isinstance(detail, str) and "choices" not in value else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _code(error: dict[str, Any]) -> str | int | None:
    """`code` where there is one, else `type`; both, when both are words, because OpenAI puts the clue in either."""
    code, kind = error.get("code"), error.get("type")
    if isinstance(code, int):
        return code
    words = [word for word in (code, kind) if isinstance(word, str) and word]
    return " ".join(words) or None
