"""The OpenAPI 3.1 document of the admin API: FastAPI's, made to say what really goes in and comes out."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from model_lineup.api import answers, problems
from model_lineup.api.dependencies import open_to_all, policy_of
from model_lineup.api.strict import takes_idempotency_key

_REPEATABLE = (
    "It can be repeated: sent again with the same `Idempotency-Key` header (1 to 255 visible ASCII characters), it is "
    "answered again and not carried out again."
)
_PROBLEM = {
    "description": "What is wrong, and what to do.",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def document(app: FastAPI) -> dict[str, Any]:
    """The document, with the answers' schemas and the one shape of errors."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(answers.schemas())
    schemas.update(msgspec.json.schema_components([problems.Problem], ref_template=answers.REF)[1])
    found["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"bearer": []}]
    open_operations = {
        (route.path_format, method.lower())
        for route in app.routes
        if isinstance(route, APIRoute) and policy_of(route.dependant) is open_to_all
        for method in route.methods or ()
    }
    repeatable = {
        route.path_format for route in app.routes if isinstance(route, APIRoute) and takes_idempotency_key(route)
    }
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            if method == "post" and path in repeatable:
                operation["description"] = " ".join([operation.get("description", ""), _REPEATABLE]).strip()
            _finish(operation, app.state.rooms.settings.page_limit)
            if (path, method) in open_operations:
                operation["security"] = []
    return found


def _finish(operation: dict[str, Any], page_limit: int) -> None:
    """FastAPI documents a plain 200 and its own 422, null where only absence can be sent, and no setting."""
    responses = operation["responses"]
    responses.pop("422", None)
    described = [status for status in responses if status != "default" and "content" in responses[status]]
    if described and "200" in responses and "200" not in described:
        del responses["200"]
    for response in responses.values():
        _without_plain_json(response.get("content", {}))
    responses["default"] = _PROBLEM
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
        if parameter["name"] == "limit":
            parameter["schema"]["maximum"] = page_limit


def _without_plain_json(content: dict[str, Any]) -> None:
    """An answer of another type is not JSON without a schema as well."""
    if len(content) > 1 and content.get("application/json") == {"schema": {}}:
        del content["application/json"]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not sent as null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{name: value for name, value in schema.items() if name != "anyOf"}, **options[0]}
