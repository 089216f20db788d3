"""Everything that can go wrong, one class each; every class knows its HTTP status and its stable code.

    LineupError
    ├── BadRequest 400           malformed_json, conflicting_credentials
    ├── NotSignedIn 401          credential missing, unknown, expired or revoked
    ├── NotAllowed 403           signed in, but the role does not reach
    ├── NotFound 404             no such row, alias, run, page
    ├── MethodNotAllowed 405 · RequestTimeout 408
    ├── Conflict 409             what is stored stands against it
    │   ├── AmbiguousModel, DuplicateModel, DeletedModel
    │   ├── AliasTaken, AliasShadowsModel, NameWouldMove
    │   ├── CredentialRebindRequired, ProviderHasModels
    │   ├── IdempotencyInProgress, IdempotencyAnswerLost
    │   └── RunInProgress, LastAdmin, SetupDone
    ├── PreconditionFailed 412   If-Match names an older version
    ├── TooLarge 413 · UnsupportedMediaType 415
    ├── InvalidInput 422         a field is missing, unknown, of the wrong type or out of range
    │   └── EgressRefused        a base URL that the network scope does not allow
    ├── TooManyRequests 429      sign_in_throttled, rate_exceeded
    ├── HeadTooLarge 431
    ├── UpstreamFailed 502       a provider did not do what it was asked
    ├── Unavailable 503          the database is busy, a key cannot be opened, set-up is not done
    ├── GatewayTimeout 504       it did not happen in time
    ├── StorageFull 507          nothing more can be written; reading goes on
    ├── StartRefused             not over HTTP: exit code 78
    └── OperationRefused         not over HTTP: backup, restore, rotate-keys; exit code 1

Raised where the fact is known; turned into `application/problem+json` once, in `shell/` and `api/problems.py`.
A message names the thing, what was expected and what to do next, and holds no secret.
"""

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


class MalformedJson(BadRequest):
    code = "malformed_json"
    title = "The body is not valid JSON"


class ConflictingCredentials(BadRequest):
    code = "conflicting_credentials"
    title = "Two different credentials in one request"


class BadIdempotencyKey(BadRequest):
    code = "bad_idempotency_key"
    title = "This is no Idempotency-Key"


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


class ModelNotFound(NotFound):
    code = "model_not_found"
    title = "There is no such model"


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


class AmbiguousModel(Conflict):
    code = "ambiguous_model"
    title = "Several providers have a model of this id"


class DuplicateModel(Conflict):
    code = "duplicate_model"
    title = "This provider already has a model of this id"


class DeletedModel(Conflict):
    code = "deleted_model"
    title = "A deleted model holds this id"


class DuplicateProvider(Conflict):
    code = "duplicate_provider"
    title = "Another provider has this slug"


class DuplicatePerson(Conflict):
    code = "duplicate_person"
    title = "Another person has this e-mail address"


class AliasTaken(Conflict):
    code = "alias_taken"
    title = "This alias is already in use"


class AliasShadowsModel(Conflict):
    code = "alias_shadows_model"
    title = "A visible model is called by this name"


class ImportConflict(Conflict):
    code = "import_conflict"
    title = "The import was not stored"


class NameWouldMove(Conflict):
    code = "name_would_move"
    title = "A name in use would mean another model"


class CredentialRebindRequired(Conflict):
    code = "credential_rebind_required"
    title = "The stored key belongs to another origin"


class ProviderHasModels(Conflict):
    code = "provider_has_models"
    title = "The provider still has models"


class RunInProgress(Conflict):
    code = "run_in_progress"
    title = "This model is being benchmarked already"


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    title = "The first request with this Idempotency-Key is still being carried out"


class IdempotencyAnswerLost(Conflict):
    code = "idempotency_answer_lost"
    title = "The request was carried out, but its answer is gone"


class LastAdmin(Conflict):
    code = "last_admin"
    title = "The last administrator cannot go"


class SetupDone(Conflict):
    code = "setup_done"
    title = "Lineup is set up already"


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


class IdempotencyKeyReused(InvalidInput):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"


class UnknownProvider(InvalidInput):
    code = "unknown_provider"
    title = "There is no such provider"


class EgressRefused(InvalidInput):
    code = "egress_refused"
    title = "Lineup may not talk to this address"


class TooManyRequests(LineupError):
    status = 429
    code = "too_many_requests"
    title = "Too many requests"


class SignInThrottled(TooManyRequests):
    code = "sign_in_throttled"
    title = "Too many sign-ins"


class RateExceeded(TooManyRequests):
    code = "rate_exceeded"
    title = "This was done too often"


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


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too many requests are being answered"


class DatabaseBusy(Unavailable):
    code = "database_busy"
    title = "The database is busy"


class DatabaseUnreadable(Unavailable):
    code = "database_unreadable"
    title = "The database could not be read"


class KeyUndecryptable(Unavailable):
    code = "key_undecryptable"
    title = "The stored key cannot be opened"


class PasswordsBusy(Unavailable):
    code = "passwords_busy"
    title = "Too many passwords are being checked"


class SetupPending(Unavailable):
    code = "setup_pending"
    title = "Lineup has no administrator yet"


class GatewayTimeout(LineupError):
    status = 504
    code = "wait_timeout"
    title = "It did not happen in time"


class StorageFull(LineupError):
    status = 507
    code = "storage_full"
    title = "There is no room left to write"


class StartRefused(LineupError):
    """Lineup does not start like this; the command line prints the message and exits with 78 (`EX_CONFIG`)."""

    code = "start_refused"
    title = "Lineup refuses to start"


class OperationRefused(LineupError):
    """A backup, a restore or a rotation cannot be done like this, and changed nothing; exit code 1."""

    code = "operation_refused"
    title = "Lineup refuses to do this"


def error_classes() -> list[type[LineupError]]:
    """Every class of the tree, parents first; the reference page and the contract tests are made from it."""
    found: list[type[LineupError]] = []
    waiting: list[type[LineupError]] = [LineupError]
    while waiting:
        here = waiting.pop(0)
        found.append(here)
        waiting.extend(here.__subclasses__())
    return found


def problem_body(error: LineupError, request_id: str) -> dict[str, Any]:
    """The members of the problem (RFC 9457) that callers get."""
    return {
        **error.facts,
        "type": f"/api/docs#error-{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }


def problem_headers(error: LineupError) -> dict[str, str]:
    """The headers that go with it: how to sign in, when to come again, what is allowed."""
    headers = {}
    if error.status == 401:
        headers["www-authenticate"] = 'Bearer realm="lineup"'
    if error.status in (408, 413):
        headers["connection"] = "close"
    if "retry_after" in error.facts:
        headers["retry-after"] = str(error.facts["retry_after"])
    if "allow" in error.facts:
        headers["allow"] = ", ".join(error.facts["allow"])
    return headers
