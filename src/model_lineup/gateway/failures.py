"""What callers are told when a request is not answered: one body that the OpenAI and the Anthropic SDK both parse."""

import math
from typing import Any

import msgspec

from model_lineup.errors import LineupError, problem_headers
from model_lineup.upstream.contract import Failure
from model_lineup.upstream.wire import AddressRefused, ClientClosed, DeadlinePassed, PoolFull, WireError

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "invalid_request_error",
    413: "request_too_large",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_CALLERS_FAULT = (400, 404, 409, 413, 415, 422)


class Refused(Exception):
    """The caller gets this status and code instead of an answer. `param` names the field that is wrong, if one is.

    `another_may_do`: the failure is this target's; a fallback that the admin declared may be tried. `headers`: more of
    them for the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        another_may_do: bool = False,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s
        self.another_may_do = another_may_do
        self.headers = headers

    @classmethod
    def of(cls, error: LineupError) -> "Refused":
        seconds = problem_headers(error).get("retry-after", "")
        return cls(error.status, error.code, error.detail, retry_after_s=int(seconds) if seconds.isdigit() else None)

    def body(self, request_id: str) -> bytes:
        return msgspec.json.encode({"type": "error", "error": self.told(), "request_id": request_id})

    def told(self) -> dict[str, Any]:
        kind = _TYPES.get(self.status, "api_error")
        details = {"error_code": self.code}  # where the Anthropic SDK looks for it
        return {"type": kind, "code": self.code, "message": self.message, "param": self.param, "details": details}


def not_found(name: str) -> Refused:
    """The same for hidden, disabled, deleted and unknown names."""
    shown = name if len(name) <= 200 else name[:199] + "…"
    return Refused(
        404, "model_not_found", f"The model {shown!r} does not exist, or this key has no access to it.", param="model"
    )


def not_for_agents(name: str) -> Refused:
    message = f"The model {name!r} is not enabled for agents. Ask your administrator, or choose one of GET /v1/models."
    return Refused(403, "model_not_enabled_for_agents", message, param="model")


def of_wire(error: WireError) -> Refused:
    """The provider could not be talked to."""
    if isinstance(error, DeadlinePassed):
        code = "upstream_connect_timeout" if error.which == "connect" else "upstream_timeout"
        return Refused(504, code, "The provider did not answer in time.", another_may_do=True)
    if isinstance(error, PoolFull):
        message = "All connections to this provider are in use. Try again in a second."
        return Refused(503, "upstream_busy", message, retry_after_s=1, another_may_do=True)
    code = "upstream_tls_error" if error.stage == "tls" else "upstream_unreachable"
    if not error.before_first_byte or error.stage == "protocol":
        code = "upstream_broken"
    return Refused(502, code, "The provider could not be reached, or broke off.", another_may_do=True)


def is_outage(error: WireError) -> bool:
    """Whether the provider is to blame, and not this Lineup's own bounds or end."""
    return not isinstance(error, AddressRefused | ClientClosed | PoolFull)


def of_failure(failure: Failure) -> Refused:
    """The provider answered with an error. Its own fault and Lineup's credential are never put on the caller."""
    status = failure.http_status
    if status == 429:
        return _to_try_later(429, "upstream_rate_limited", failure)
    if status == 508:
        message = "The request went in a circle: this model's provider leads back to a Lineup that it had come through."
        return Refused(508, "loop_detected", message, another_may_do=True)
    if failure.stage == "auth":
        message = "The provider refused the credential that Lineup has for it. Tell your administrator."
        return Refused(502, "upstream_auth_error", message)
    if failure.code == "overloaded":
        return _to_try_later(503, "upstream_overloaded", failure)
    if failure.stage == "quota":
        return Refused(502, "upstream_quota_exhausted", failure.message)
    if failure.stage == "timeout":
        return Refused(504, "upstream_timeout", failure.message, another_may_do=True)
    if failure.stage == "model":
        message = f"The provider does not serve this model: {failure.message}"
        return Refused(502, "upstream_model_not_found", message)
    if failure.code == "upstream_error" and status in _CALLERS_FAULT:
        return Refused(status, "upstream_rejected_request", failure.message)
    code = failure.code if failure.code.startswith("upstream_") else f"upstream_{failure.code}"
    by_status = status is not None and status >= 500 and status != 501
    return Refused(502, code, failure.message, another_may_do=by_status or failure.code == "server_error")


def _to_try_later(status: int, code: str, failure: Failure) -> Refused:
    wait_s = None if failure.retry_after_s is None else math.ceil(failure.retry_after_s)
    return Refused(status, code, failure.message, retry_after_s=wait_s, another_may_do=True)
