"""From frozen values to JSON responses, and their schemas for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from model_lineup.journal.shapes import Receipt

REF = "#/components/schemas/{name}"
ALREADY_SHOWN = "secret_already_shown"
_documented: list[type] = []


class _ShownOnce(Response):
    """An answer that must not be kept as it is."""

    def __init__(self, shown: Response, without_secret: bytes) -> None:
        super().__init__(bytes(shown.body), shown.status_code, dict(shown.headers))
        self.without_secret = without_secret


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, dict(headers or {}), "application/json")


def written(value: Any, receipt: Receipt, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A changed row together with the revision and the change set of the change."""
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    body = {name: field for name, field in {**fields, **_receipt(receipt)}.items() if field is not msgspec.UNSET}
    return answer(body, status=status, headers={**receipt_headers(receipt), **(headers or {})})


def shown_once(value: Any, receipt: Receipt, secret: str, *, headers: Mapping[str, str]) -> Response:
    """A new row, 201, with a field that is a secret: a replay of this answer has null there, and says why."""
    response = written(value, receipt, status=201, headers=headers)
    body = msgspec.json.decode(bytes(response.body))
    hidden = {secret: None, ALREADY_SHOWN: True}
    return _ShownOnce(response, msgspec.json.encode({**body, **hidden}))


def for_replay(response: Response) -> bytes:
    """The body as it is kept for a repeated request."""
    return response.without_secret if isinstance(response, _ShownOnce) else bytes(response.body)


def done(receipt: Receipt) -> Response:
    """204 for a removal, with the receipt in the headers; of a dry run 200, with whom it would meet."""
    if receipt.dry_run is True:
        return answer(receipt, headers=receipt_headers(receipt))
    return Response(status_code=204, headers=receipt_headers(receipt))


def receipt_headers(receipt: Receipt) -> dict[str, str]:
    change = {} if receipt.change_id is None else {"x-lineup-change": str(receipt.change_id)}
    return {"x-lineup-revision": str(receipt.revision), **change}


def etag(row_id: int, version: int) -> dict[str, str]:
    """A strong tag made of the id and the version of its configuration."""
    return {"etag": f'"{row_id}-{version}"'}


def documented(
    shape: type, *, status: int = 200, with_receipt: bool = False, description: str = "", or_else: type | None = None
) -> dict[int | str, Any]:
    """`responses=` of a route that answers with this struct; with `or_else` where nothing is done."""
    _documented.append(shape)
    schema: dict[str, Any] = {"$ref": REF.format(name=shape.__name__)}
    if with_receipt:
        _documented.append(Receipt)
        schema = {"allOf": [schema, {"$ref": REF.format(name="Receipt")}]}
    if or_else is not None:
        _documented.append(or_else)
        schema = {"anyOf": [schema, {"$ref": REF.format(name=or_else.__name__)}]}
    content = {"application/json": {"schema": schema}}
    return {status: {"description": description or "As asked.", "content": content}}


def rehearsed() -> dict[int | str, Any]:
    """`responses=` of a removal that takes `?dry_run=true`."""
    return documented(Receipt, description="Of a dry run: whom it would meet.")


def schemas() -> dict[str, Any]:
    """The component schemas of every struct that a route answers with."""
    _, components = msgspec.json.schema_components(_documented, ref_template=REF)
    return components


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {name: getattr(receipt, name) for name in receipt.__struct_fields__}
