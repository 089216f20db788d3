"""The reference page of `/v1`, from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_lineup.gateway import openapi
from tools.docs_markdown import code, joined, prose, table
from tools.docs_markdown import page as whole_page
from tools.docs_schemas import Schemas

_INTRODUCTION = """
The same as `GET /v1/openapi.json` on a running server, which needs no key and no internet. [Call
models](../howto/call-models.md) shows how to use it. Of the bodies only the fields that Lineup itself reads or writes
are told here: the rest belongs to OpenAI's and Anthropic's formats, and passes.
"""
Json = dict[str, Any]


def page() -> str:
    document = openapi.document()
    schemas = Schemas(document)
    operations = [
        _operation(path, method.upper(), operation, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return whole_page(
        "User surface",
        "src/model_lineup/gateway/openapi.py",
        prose(_INTRODUCTION),
        prose(document["info"]["description"]),
        *operations,
        "## Headers of answers",
        table(("Header", "What"), _headers(document["components"]["headers"])),
        "## Shapes",
        *schemas.sections(),
    )


def _operation(path: str, method: str, operation: Json, schemas: Schemas) -> str:
    blocks = [
        f"## {method} {path}",
        prose(operation["description"]),
        table(("Name", "Where", "Type", "What"), _fields(operation, schemas)),
        table(("Status", "Answer", "When"), _answers(operation["responses"], schemas)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _fields(operation: Json, schemas: Schemas) -> Iterator[list[str]]:
    for parameter in operation.get("parameters", []):
        kind = schemas.kind(parameter["schema"])
        where = f"{parameter['in']}, required" if parameter.get("required") else parameter["in"]
        yield [code(parameter["name"]), where, kind, joined(parameter["description"])]
    for name, required, schema in schemas.fields(_shape(operation.get("requestBody", {}))):
        yield [code(name), "body, required" if required else "body", schemas.kind(schema), schemas.words(schema)]


def _answers(responses: Mapping[str, Json], schemas: Schemas) -> Iterator[list[str]]:
    for status, response in responses.items():
        media = [code(name) for name in response["content"] if name != "application/json"]
        shape = " or ".join([schemas.kind(_shape(response)), *media])
        yield [code(status), shape, joined(response["description"])]


def _headers(headers: Mapping[str, Json]) -> Iterator[list[str]]:
    for name, header in headers.items():
        yield [code(name), joined(header["description"])]


def _shape(holder: Json) -> Json:
    found: Json = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found
