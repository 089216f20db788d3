"""What every error is, and a class for each status that the API answers with; the others say more of what happened."""

from typing import Any, ClassVar


class LineupError(Exception):
    """The root. `facts` go into the answer beside the message, so they must be JSON and hold no secret."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something failed inside Lineup"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class BadRequest(LineupError):
    status = 400
    code = "bad_request"
    title = "The request cannot be read"


class NotSignedIn(LineupError):
    status = 401
    code = "not_signed_in"
    title = "A valid credential is needed"


class NotAllowed(LineupError):
    status = 403
    code = "not_allowed"
    title = "This credential does not reach that far"


class NotFound(LineupError):
    status = 404
    code = "not_found"
    title = "There is no such thing"


class MethodNotAllowed(LineupError):
    status = 405
    code = "method_not_allowed"
    title = "This address does not take that method"


class RequestTimeout(LineupError):
    status = 408
    code = "request_timeout"
    title = "The request did not arrive in time"


class Conflict(LineupError):
    status = 409
    code = "conflict"
    title = "What is stored stands against this change"


class PreconditionFailed(LineupError):
    status = 412
    code = "version_mismatch"
    title = "Somebody changed this in the meantime"


class TooLarge(LineupError):
    status = 413
    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaType(LineupError):
    status = 415
    code = "unsupported_media_type"
    title = "This body cannot be read"


class InvalidInput(LineupError):
    """`errors` in the facts is a list of `{pointer, message}`; the pointer is a JSON pointer or a query name."""

    status = 422
    code = "invalid_input"
    title = "A field is not as it should be"

    @classmethod
    def at(cls, pointer: str, message: str, **facts: Any) -> "InvalidInput":
        """One field is wrong: `pointer` says which, `message` what would be right."""
        return cls(f"{pointer}: {message}", errors=[{"pointer": pointer, "message": message}], **facts)


class TooManyRequests(LineupError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class HeadTooLarge(LineupError):
    status = 431
    code = "head_too_large"
    title = "The request head is too large"


class UpstreamFailed(LineupError):
    """A provider failed; `stage` in the facts says where: dns, connect, tls, auth, quota, model, timeout, protocol."""

    status = 502
    code = "upstream_failed"
    title = "The provider did not answer as it should"


class Unavailable(LineupError):
    status = 503
    code = "unavailable"
    title = "Lineup cannot do this at the moment"


class GatewayTimeout(LineupError):
    status = 504
    code = "wait_timeout"
    title = "It did not happen in time"


class StorageFull(LineupError):
    status = 507
    code = "storage_full"
    title = "There is no room left to write"
