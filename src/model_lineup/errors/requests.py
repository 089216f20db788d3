"""What can be wrong with a request as such, and with one that comes too often or twice."""

from model_lineup.errors.tree import BadRequest, Conflict, InvalidInput, TooManyRequests, Unavailable


class MalformedJson(BadRequest):
    code = "malformed_json"
    title = "The body is not valid JSON"


class ConflictingCredentials(BadRequest):
    code = "conflicting_credentials"
    title = "Two different credentials in one request"


class BadIdempotencyKey(BadRequest):
    code = "bad_idempotency_key"
    title = "This is no Idempotency-Key"


class IdempotencyKeyReused(InvalidInput):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"


class IdempotencyInProgress(Conflict):
    code = "idempotency_in_progress"
    title = "The first request with this Idempotency-Key is still being carried out"


class IdempotencyAnswerLost(Conflict):
    code = "idempotency_answer_lost"
    title = "The request was carried out, but its answer is gone"


class RateExceeded(TooManyRequests):
    code = "rate_exceeded"
    title = "This was done too often"


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too many requests are being answered"
