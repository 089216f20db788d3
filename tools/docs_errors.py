"""The reference page of the errors, from the tree in `errors/`."""

from collections.abc import Iterable

from model_lineup.errors import LineupError, OperationRefused, StartRefused, error_classes
from tools.docs_markdown import code, joined, own_docstring, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
Every error under `/api` is one JSON object of the type `application/problem+json` (RFC 9457):

    {
      "type": "/api/docs#error-model_not_found",
      "title": "There is no such model",
      "status": 404,
      "code": "model_not_found",
      "detail": "No model has the id 7. GET /api/admin/models lists the models.",
      "request_id": "6f1e0c3b9a72d4458e10cc21",
      "id": 7
    }

Programs should look at `code`, which stays; `title` says what sort of thing happened, `detail` what happened this
time and what to do next, and both may be worded better one day. `request_id` is also the header `x-request-id` of the
answer, and a field of the server's log line. What else stands in the object depends on the code: the ids that were
unknown, the candidates that a name could mean, the row as it is now.

`invalid_input` and those below it carry `errors`, a list of `{"pointer", "message"}`: the pointer is a JSON pointer
into the body (`/context_length`) or the name of a query parameter.

A 401 says in `www-authenticate` how to sign in, a 429 or 503 in `retry-after` when to come again, a 405 in `allow`
what the address takes.
"""


def page() -> str:
    classes = [error for error in error_classes() if error not in (StartRefused, OperationRefused)]
    return whole_page(
        "Errors",
        "src/model_lineup/errors/",
        prose(_INTRODUCTION),
        "## Codes",
        table(("Code", "Status", "Title", "A case of", "More"), map(_row, in_order(classes))),
        "## A start that is refused",
        prose(own_docstring(StartRefused)),
        "## A backup, restore or rotation that is refused",
        prose(own_docstring(OperationRefused)),
    )


def in_order(classes: Iterable[type[LineupError]]) -> list[type[LineupError]]:
    """By status, then as they stand in the tree."""
    return sorted(classes, key=lambda error: error.status)


def _row(error: type[LineupError]) -> list[str]:
    parent = error.__mro__[1]
    above = code(parent.code) if issubclass(parent, LineupError) and parent is not LineupError else ""
    more = "" if error is LineupError else joined(own_docstring(error))
    return [f'<a id="{error.code}"></a>{code(error.code)}', str(error.status), error.title, above, more]
