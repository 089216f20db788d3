"""The reference page of the admin API, from its OpenAPI document and from the policies of its routes."""

import tempfile
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from model_lineup.access.actor import Role
from model_lineup.api import application, openapi
from model_lineup.api.dependencies import Needs, policy_of
from model_lineup.app import open_instance
from model_lineup.settings import load
from tools.docs_markdown import code, joined, prose, table
from tools.docs_markdown import page as whole_page
from tools.docs_schemas import Schemas

_INTRODUCTION = """
The same as `GET /api/docs` and, for programs, `GET /api/openapi.json` on a running server. Every request but those
marked *anybody* needs `Authorization: Bearer` with an access token (`POST /api/auth/login`) or an admin key.

A role reaches what the roles after it reach: `admin`, `viewer`, `user`. Bodies are JSON and read strictly: a field
that is not listed here is refused, `"1"` is not 1, and `1` is not true. Every failure has [one shape](errors.md).
Lists are paged by `limit` and `offset`.

Writes answer with `x-lineup-revision`, the number of the configuration after them, and with `x-lineup-change`, the
number of their change set, where they changed anything; most say both in the body too, as `revision` and `change_id`.
Every answer carries `x-request-id`; a caller may choose it by sending that header (letters, digits, `.`, `_` and `-`,
64 at most).
"""
Operation = dict[str, Any]


def page() -> str:
    with tempfile.TemporaryDirectory() as folder, open_instance(load({}, data_dir=folder).settings) as rooms:
        app = application.build(rooms)
        document = openapi.document(app)
    who, schemas = _policies(app), Schemas(document)
    by_noun: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = _operation(path, method.upper(), operation, who, schemas)
            by_noun.setdefault(operation["tags"][-1], []).append(section)  # a route's own tag comes last
    sections = [block for noun, operations in by_noun.items() for block in (f"## {noun}", *operations)]
    return whole_page(
        "Admin API",
        "the routes in src/model_lineup/api/",
        prose(_INTRODUCTION),
        _contents([*by_noun, "Shapes"]),
        *sections,
        "## Shapes",
        *schemas.sections(),
    )


def _contents(titles: list[str]) -> str:
    return "\n".join(f"- [{title}](#{title.lower().replace(' ', '-')})" for title in titles)


def _policies(app: FastAPI) -> dict[tuple[str, str], str]:
    """(method, path) → who may call it. The application has refused to be built with a route that does not say it."""
    found = {}
    for route in app.routes:
        assert isinstance(route, APIRoute)
        policy = policy_of(route.dependant)
        for method in route.methods or ():
            found[method, route.path_format] = _who(policy.role) if isinstance(policy, Needs) else "anybody"
    return found


def _who(role: Role) -> str:
    names = [code(one.value) for one in Role if one.reaches(role)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _operation(path: str, method: str, operation: Operation, who: dict[tuple[str, str], str], schemas: Schemas) -> str:
    rows = [*_parameters(operation, schemas), *_body(operation, schemas)]
    blocks = [
        f"### {method} {path}",
        prose(operation.get("description", "")),
        f"Who: {who[method, path]}. Answers: {_answers(operation, schemas)}.",
        table(("Name", "Where", "Type", "Default", "What"), rows),
    ]
    return "\n\n".join(block for block in blocks if block)


def _parameters(operation: Operation, schemas: Schemas) -> Iterator[list[str]]:
    for parameter in operation.get("parameters", []):
        where = f"{parameter['in']}, required" if parameter.get("required") else parameter["in"]
        schema = parameter["schema"]
        words = joined(parameter.get("description")) or schemas.words(schema)
        yield [code(parameter["name"]), where, schemas.kind(schema), schemas.default(schema), words]


def _body(operation: Operation, schemas: Schemas) -> Iterator[list[str]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        for name, required, schema in schemas.fields(content["schema"]):
            where = "body, required" if required else "body"
            yield [code(name), where, schemas.kind(schema), schemas.default(schema), schemas.words(schema)]


def _answers(operation: Operation, schemas: Schemas) -> str:
    return ", ".join(
        _answer(status, response, schemas) for status, response in operation["responses"].items() if status != "default"
    )


def _answer(status: str, response: Operation, schemas: Schemas) -> str:
    """`200` with a link to its shape, or with its media type where it is no JSON (FastAPI adds an empty one)."""
    content: dict[str, Any] = response.get("content", {})
    shape = content.get("application/json", {}).get("schema")
    said = schemas.kind(shape) if shape else ", ".join(code(media) for media in content if "/json" not in media)
    return f"{code(status)} {said}".strip()
