"""From frozen values to JSON responses, and their schemas for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from model_lineup.journal.shapes import Receipt

REF = "#/components/schemas/{name}"
_documented: list[type] = []


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, dict(headers or {}), "application/json")


def written(value: Any, receipt: Receipt, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A changed row together with the revision and the change set of the change."""
    body = {**{name: getattr(value, name) for name in value.__struct_fields__}, **_receipt(receipt)}
    return answer(body, status=status, headers={**receipt_headers(receipt), **(headers or {})})


def done(receipt: Receipt) -> Response:
    """204 for a removal; the receipt is in the headers."""
    return Response(status_code=204, headers=receipt_headers(receipt))


def receipt_headers(receipt: Receipt) -> dict[str, str]:
    change = {} if receipt.change_id is None else {"x-lineup-change": str(receipt.change_id)}
    return {"x-lineup-revision": str(receipt.revision), **change}


def etag(row_id: int, version: int) -> dict[str, str]:
    """A strong tag made of the id and the version of its configuration."""
    return {"etag": f'"{row_id}-{version}"'}


def documented(
    shape: type, *, status: int = 200, with_receipt: bool = False, description: str = ""
) -> dict[int | str, Any]:
    """`responses=` of a route that answers with this struct."""
    _documented.append(shape)
    schema: dict[str, Any] = {"$ref": REF.format(name=shape.__name__)}
    if with_receipt:
        _documented.append(Receipt)
        schema = {"allOf": [schema, {"$ref": REF.format(name="Receipt")}]}
    content = {"application/json": {"schema": schema}}
    return {status: {"description": description or "As asked.", "content": content}}


def schemas() -> dict[str, Any]:
    """The component schemas of every struct that a route answers with."""
    _, components = msgspec.json.schema_components(_documented, ref_template=REF)
    return components


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {"revision": receipt.revision, "change_id": receipt.change_id}
