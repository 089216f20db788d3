"""Refusals: a status that is no success, with what providers put beside it."""

from collections.abc import Iterable
from typing import ClassVar

from model_lineup.demo.faults.case import SECRET, Asked, Case, Step
from model_lineup.demo.faults.saying import head, reply


class _Refuses(Case, abstract=True):
    """Says this status with an error in the format's own shape."""

    status: ClassVar[int]
    says: ClassVar[str] = "this is a drill"
    headers: ClassVar[tuple[str, ...]] = ()

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(self.status, asked.wire.error_body(self.says), *self.headers)


class Unauthorized(_Refuses):
    """401: the key is wrong, revoked, or missing."""

    status, says = 401, "Incorrect API key provided"
    lists = test = "auth/auth"


class BadKeyAsBadRequest(_Refuses):
    """400 that means a bad key, as Google and xAI answer."""

    status, says = 400, "API key not valid. Please pass a valid API key."
    lists = test = "auth/auth"


class PaymentRequired(_Refuses):
    """402: the account has no credit left."""

    status = 402
    lists = test = "quota/quota"


class Forbidden(_Refuses):
    """403: the key is good, but not for this."""

    status = 403
    lists = test = "auth/auth"


class NotFound(_Refuses):
    """404: for a question, the model is not there; for a list, the base URL is wrong."""

    status, says = 404, "not found"
    lists = "protocol/upstream_error"
    test = "model/model"


class MethodNotAllowed(_Refuses):
    """405: mostly a base URL that lacks its path."""

    status = 405
    lists = test = "protocol/upstream_error"


class RequestTimeout(_Refuses):
    """408: the provider gave up waiting."""

    status = 408
    lists = test = "timeout/timeout"


class TooLarge(_Refuses):
    """413: the question is too large for a proxy in between."""

    status = 413
    lists = test = "protocol/upstream_error"


class Unprocessable(_Refuses):
    """422 in the shape of FastAPI's `detail`."""

    status = 422
    lists = test = "protocol/upstream_error"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(422, '{"detail": "field required"}')


class _TooMany(_Refuses, abstract=True):
    """429. What Retry-After says must neither be believed beyond an hour nor break anything (LiteLLM #34399, #7669)."""

    status = 429
    says = "Rate limit reached"
    lists = test = "quota/quota"


class TooManyRequests(_TooMany):
    """429 without a word about when to come again."""


class RetryAfterSeconds(_TooMany):
    """429 with `Retry-After: 7`."""

    headers = ("retry-after: 7",)


class RetryAfterFraction(_TooMany):
    """429 with a fraction of a second, as some gateways send."""

    headers = ("retry-after: 0.5",)


class RetryAfterDate(_TooMany):
    """429 with a date far in the future."""

    headers = ("retry-after: Fri, 31 Dec 2100 23:59:59 GMT",)


class RetryAfterPast(_TooMany):
    """429 with a date that is long past."""

    headers = ("retry-after: Mon, 01 Jan 2001 00:00:00 GMT",)


class RetryAfterNegative(_TooMany):
    """429 with a negative number."""

    headers = ("retry-after: -1",)


class RetryAfterForever(_TooMany):
    """429 with a thousand million seconds."""

    headers = ("retry-after: 1000000000",)


class RetryAfterDigits(_TooMany):
    """429 with a number of 5 000 digits."""

    headers = ("retry-after: " + "9" * 5000,)


class RetryAfterGarbage(_TooMany):
    """429 with a word instead of a time."""

    headers = ("retry-after: soon, \xe9",)


class ServerError(_Refuses):
    """500 with an error in JSON."""

    status = 500
    lists = test = "protocol/server_error"


class ServerErrorPage(_Refuses):
    """500 with a web page: a traceback that holds what nobody may see."""

    status = 500
    lists = test = "protocol/html"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(500, f"<html><pre>Traceback: password={SECRET}</pre></html>", content_type="text/html")


class NotImplementedThere(_Refuses):
    """501: this server cannot do that."""

    status = 501
    lists = test = "protocol/upstream_error"


class BadGateway(_Refuses):
    """502 with a proxy's web page."""

    status = 502
    lists = test = "protocol/html"

    def answer(self, asked: Asked) -> Iterable[Step]:
        page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
        yield reply(502, page, content_type="text/html")


class ServiceUnavailable(_Refuses):
    """503: overloaded, or just starting."""

    status = 503
    lists = test = "protocol/overloaded"
    headers = ("retry-after: 30",)


class GatewayTimeout(_Refuses):
    """504: a proxy in between gave up waiting."""

    status = 504
    lists = test = "timeout/timeout"


class Overloaded(_Refuses):
    """529, as Anthropic says that it is out of capacity."""

    status, says = 529, "Overloaded"
    lists = test = "quota/overloaded"


class ErrorWithoutBody(_Refuses):
    """500 with nothing behind it."""

    status = 500
    lists = test = "protocol/server_error"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(500, b"")


class ErrorBodyNeverEnds(_Refuses):
    """500 whose explanation drips and never ends. The status is known, so nobody has to wait for the rest."""

    status = 500
    lists = test = "protocol/server_error"
    slow = True

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield head(500, "application/json", "transfer-encoding: chunked")
        while True:
            yield b"1\r\n \r\n"
            yield 0.05


class ErrorBodyHuge(_Refuses):
    """500 with an explanation of 8 MiB, valid JSON."""

    status = 500
    lists = test = "protocol/server_error"

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(500, asked.wire.error_body("x" * 2**23))


class ErrorEchoesKey(_Refuses):
    """400 that quotes the request's headers, the key among them."""

    status = 400
    lists = test = "protocol/upstream_error"

    def answer(self, asked: Asked) -> Iterable[Step]:
        names = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
        said = " ".join(f"{name}: {asked.headers[name]}" for name in names if name in asked.headers)
        yield reply(400, asked.wire.error_body(f"cannot read the request with {said}"))
